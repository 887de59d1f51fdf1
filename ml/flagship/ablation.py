"""What each part of the flagship's recipe is worth: the recipe with one part changed.

Tried out on nEMO in three folds by speaker, of which the flagship has no goal; and inside the training
speakers of each of RAVDESS's folds. Differences are paired: the same clips, folds and seed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import metrics
from ml.benchmark.record import FinishedFold
from ml.config import ChannelConfig, ExperimentConfig, load_config
from ml.corpora.manifest import Utterance
from ml.flagship.hearing import ALTERED
from ml.flagship.judge import NEVER, heard_by, seeds_of
from ml.flagship.protocols import INNER, TRIAL
from ml.flagship.run import Piece, pieces
from ml.labels import EMOTIONS
from ml.markdown import table
from ml.metrics import Floats, Interval, Ints

Change = Callable[[ExperimentConfig], ExperimentConfig]
FLAGSHIP = "flagship"


def _training(**changes: Any) -> Change:
    return lambda cfg: replace(cfg, train=replace(cfg.train, **changes))


def _augment(**changes: Any) -> Change:
    return lambda cfg: _training(augment=replace(cfg.train.augment, **changes))(cfg)


def _channel(**changes: Any) -> Change:
    return lambda cfg: _augment(channel=replace(cfg.train.augment.channel, **changes))(cfg)


def _model(**changes: Any) -> Change:
    """Other options; None takes one back to its default."""

    def changed(cfg: ExperimentConfig) -> ExperimentConfig:
        options = dict(cfg.model.options) | changes
        kept = {name: value for name, value in options.items() if value is not None}
        return replace(cfg, model=replace(cfg.model, options=kept))

    return changed


def _without_floor(cfg: ExperimentConfig) -> ExperimentConfig:
    return replace(cfg, features=replace(cfg.features, kind="mfcc"), gate=None)


def _all(*changes: Change) -> Change:
    def changed(cfg: ExperimentConfig) -> ExperimentConfig:
        for change in changes:
            cfg = change(cfg)
        return cfg

    return changed


_SECOND = _all(
    _training(epochs=40, most_batches=0, learning_rate=2e-3, precision="float32"),
    _augment(
        noisy_copies=2, snr_low_db=15.0, snr_high_db=30.0, clean_share=0.5, strangers=0.06, two_voices=0.2
    ),
    _channel(share=0.25, each=1.0, telephone_share=0.25),
)
"""The recipe before this one, and how its first trials differed from it."""

_FIRST = _all(_SECOND, _channel(share=0.5), _model(first_stride=None), _without_floor)

CHANGES: Mapping[str, tuple[str, Change]] = MappingProxyType(
    {
        FLAGSHIP: ("the recipe as it is", lambda cfg: cfg),
        "no_channel": ("no rooms, lines, noise and vocal tracts", _augment(channel=ChannelConfig())),
        "no_warp": ("no vocal tracts", _channel(warp=0.0)),
        "no_strangers": ("no sounds that are no voice", _augment(strangers=0.0)),
        "few_strangers": (
            "half as many of these, and a fifth of them two voices",
            _augment(strangers=0.06, two_voices=0.2),
        ),
        "no_speeds": ("no other speeds", _augment(speeds=())),
        "white_noise": (
            "white noise on half of the altered clips, too",
            _augment(noisy_copies=2, snr_low_db=15.0, snr_high_db=30.0, clean_share=0.5),
        ),
        "no_floor": ("no floor under the plane", _without_floor),
        "fine": ("frames of 10 ms instead of 20", _model(frame_step=None, first_stride=None)),
        "no_average": ("the last weights instead of their average", _training(average=0.0)),
        "no_residual": ("no residual convolution", _model(broad_residuals=0)),
        "narrow_local": (
            "8, 16 and 32 channels in the local block instead of 16, 32 and 64",
            _model(local_channels=[8, 16, 32]),
        ),
        "shorter": ("60 epochs instead of 100", _training(epochs=60)),
        "faster": ("twice the learning rate", _training(learning_rate=2e-3)),
        "gentle": (
            "dropout 0.1 and 0.05 instead of 0.3 and 0.1",
            _model(dropout=0.1, conv_dropout=0.05),
        ),
        "copy_paste": ("clips joined to neutral ones", _augment(copy_paste="neutral")),
        "mixup": (
            "clips mixed in pairs, and no sounds that are no voice",
            _all(_augment(strangers=0.0), _training(label_sets=False), _augment(mixup=0.4)),
        ),
        "parallel": ("the shipped recipe", lambda _: load_config("parallel")),
        "second": (
            "before: white noise, all of room, line, noise and vocal tract on every fourth clip, 40 epochs",
            _SECOND,
        ),
        "second_narrow_local": (
            "before, with 8, 16 and 32 channels in the local block",
            _all(_SECOND, _model(local_channels=[8, 16, 32])),
        ),
        "second_wide_channel": (
            "before, with rooms and lines on every second clip",
            _all(_SECOND, _channel(share=0.5)),
        ),
        "second_small_batches": (
            "before, in batches of 16: twice as many steps",
            _all(_SECOND, _training(batch_size=16)),
        ),
        "first": (
            "before that: rooms and lines on every second clip, no floor, and steps of 160 ms",
            _FIRST,
        ),
        "first_no_channel": (
            "that without rooms, lines, noise and vocal tracts",
            _all(_FIRST, _augment(channel=ChannelConfig())),
        ),
    }
)
"""By name: in words, and what it changes."""


def trials(
    utterances: Sequence[Utterance],
    cfg: ExperimentConfig,
    names: Sequence[str],
    seeds: Sequence[int],
    grounds: Sequence[str] = (TRIAL, INNER),
) -> Iterator[Piece]:
    """Yield the folds of the recipe with each change, change by change."""
    for name in names:
        _, change = CHANGES[name]
        yield from pieces(utterances, change(cfg), name=name, protocols=grounds, seeds=seeds)


def as_table(folds: Sequence[FinishedFold], ground: str = TRIAL) -> str:
    """Return a Markdown table: UAR of each finished trial, what it gains on the recipe, and what it loses."""
    taught = [_as_taught(fold) for fold in folds]
    runs = {name: seeds_of([fold for fold in taught if fold.task.system == name], ground) for name in CHANGES}
    head = ["changed", "UAR", "against the recipe, 95 %", *(f"lost: {way}" for way in ALTERED), "seeds"]
    done = ((words, runs[name]) for name, (words, _) in CHANGES.items() if runs[name])
    return table(head, [[words, *_cells(own, runs[FLAGSHIP])] for words, own in done])


def _as_taught(fold: FinishedFold) -> FinishedFold:
    """Without answers that no clip taught: the first trials' networks could still give them."""
    untaught = np.setdiff1d(np.arange(len(EMOTIONS)), fold.targets)

    def silenced(logits: Floats) -> Floats:
        kept = logits.copy()
        kept[:, untaught] = NEVER
        return kept

    altered = {way: silenced(logits) for way, logits in fold.altered.items()}
    return replace(fold, logits=silenced(fold.logits), altered=altered)


Runs = Mapping[int, Sequence[FinishedFold]]


def _cells(runs: Runs, recipe: Runs) -> list[str]:
    uar = _mean_uar(runs)
    heard_all = [fold.altered.keys() for folds in runs.values() for fold in folds]
    lost = [
        f"{100 * (uar - _mean_uar(runs, way)):.1f}" if all(way in own for own in heard_all) else "–"
        for way in ALTERED
    ]
    return [f"{100 * uar:.1f}", _gain(runs, recipe), *lost, str(len(runs))]


def _mean_uar(runs: Runs, way: str = "") -> float:
    heard = [heard_by(folds, altered=way) for folds in runs.values()]
    return float(np.mean([metrics.uar(one.targets, one.answers) for one in heard]))


def _gain(runs: Runs, recipe: Runs) -> str:
    shared = sorted(runs.keys() & recipe.keys())
    if runs is recipe or not shared:
        return ""
    gain = paired([runs[seed] for seed in shared], [recipe[seed] for seed in shared])
    return f"{100 * gain.value:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"


def paired(ours: Sequence[Sequence[FinishedFold]], theirs: Sequence[Sequence[FinishedFold]]) -> Interval:
    """Return by how much the UAR of `ours` is higher, with the 95 % bootstrap interval over speakers."""
    speakers = ours[0], theirs[0]
    names = np.unique([who for fold in speakers[0] for who in fold.speakers])
    counts = [np.mean([_by_speaker(folds, names) for folds in runs], axis=0) for runs in (ours, theirs)]
    drawn = np.random.default_rng(0).multinomial(
        len(names), np.full(len(names), 1 / len(names)), metrics.RESAMPLES
    )
    once = np.ones((1, len(names)), np.int64)
    spread, value = (np.subtract(*(_uars(weights, one) for one in counts)) for weights in (drawn, once))
    low, high = np.percentile(spread, [2.5, 97.5])
    return Interval(float(value[0]), float(low), float(high), f"{len(names)} speakers")


def _by_speaker(folds: Sequence[FinishedFold], names: NDArray[np.str_]) -> Floats:
    """Confusion counts (speakers, 8, 8)."""
    heard = heard_by(folds)
    counts = np.zeros((len(names), len(EMOTIONS), len(EMOTIONS)))
    np.add.at(counts, (np.searchsorted(names, heard.speakers), heard.targets, heard.answers), 1)
    return counts


def _uars(weights: Ints, counts: Floats) -> Floats:
    uars: Floats = np.nanmean(metrics.recalls(np.einsum("rs,scd->rcd", weights, counts)), axis=1)
    return uars
