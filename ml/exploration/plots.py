"""What a scan found, as pictures: counts, durations, speakers, and how each emotion looks as sound."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ml import frontend
from ml.config import FeatureConfig
from ml.corpora.manifest import Utterance
from ml.dataset import load_clip

Floats = NDArray[np.float32]

COLOURS = {"female": "#BD800E", "male": "#185DB9"}
OTHER = "#717175"


def counts_by_emotion(utterances: Sequence[Utterance]) -> Figure:
    """Clips of each label, women's and men's apart."""
    labels = sorted({u.label for u in utterances})
    figure = Figure(figsize=(7, 1 + 0.35 * len(labels)), layout="constrained")
    axes = figure.subplots()
    so_far = np.zeros(len(labels))
    for sex in sorted({u.sex for u in utterances}):
        found = Counter(u.label for u in utterances if u.sex == sex)
        widths = np.array([found[label] for label in labels])
        axes.barh(labels, widths, left=so_far, color=COLOURS.get(sex, OTHER), label=sex)
        so_far += widths
    axes.invert_yaxis()
    axes.set_xlabel("clips")
    axes.legend(frameon=False)
    return figure


def durations_by_emotion(utterances: Sequence[Utterance]) -> Figure:
    """Seconds of the clips of each label: median, quartiles, and what lies beyond."""
    labels = sorted({u.label for u in utterances})
    figure = Figure(figsize=(7, 1 + 0.35 * len(labels)), layout="constrained")
    axes = figure.subplots()
    seconds = [[u.duration_s for u in utterances if u.label == label] for label in labels]
    axes.boxplot(seconds, orientation="horizontal", tick_labels=labels, flierprops={"markersize": 2})
    axes.invert_yaxis()
    axes.set_xlabel("seconds")
    return figure


def clips_by_speaker(utterances: Sequence[Utterance]) -> Figure:
    """Clips of each speaker."""
    sexes = {u.speaker: u.sex for u in utterances}
    speakers = sorted(sexes)
    found = Counter(u.speaker for u in utterances)
    figure = Figure(figsize=(7, 2.5), layout="constrained")
    axes = figure.subplots()
    colours = [COLOURS.get(sexes[speaker], OTHER) for speaker in speakers]
    axes.bar(range(len(speakers)), [found[speaker] for speaker in speakers], color=colours)
    axes.set_xlabel(f"{len(speakers)} speakers, {speakers[0]} to {speakers[-1]}")
    axes.set_xticks([])
    axes.set_ylabel("clips")
    return figure


def samples(utterances: Sequence[Utterance]) -> list[Utterance]:
    """Return one clip of each label, all by the speaker who has most labels."""
    repertoire = {
        speaker: len({u.label for u in utterances if u.speaker == speaker})
        for speaker in _speakers(utterances)
    }
    speaker = max(repertoire, key=lambda name: repertoire[name])
    first: dict[str, Utterance] = {}
    for utterance in utterances:
        if utterance.speaker == speaker:
            first.setdefault(utterance.label, utterance)
    return [first[label] for label in sorted(first)]


def _speakers(utterances: Sequence[Utterance]) -> list[str]:
    return sorted({u.speaker for u in utterances})


def sounds_of_emotions(utterances: Sequence[Utterance], cfg: FeatureConfig | None = None) -> Figure:
    """Waveform, log-mel spectrogram and MFCCs of one clip of each label."""
    cfg = cfg or FeatureConfig()
    chosen = samples(utterances)
    figure = Figure(figsize=(11, 0.5 + 1.4 * len(chosen)), layout="constrained")
    grid = figure.subplots(len(chosen), 3, squeeze=False)
    for axes, utterance in zip(grid, chosen, strict=True):
        _draw_sound(axes, utterance, cfg)
    for axes, title in zip(grid[0], ("waveform", "log-mel, dB by band", "MFCC by coefficient"), strict=True):
        axes.set_title(title)
    for axes in grid[-1]:
        axes.set_xlabel("seconds")
    return figure


def _draw_sound(row: Sequence[Axes], utterance: Utterance, cfg: FeatureConfig) -> None:
    waveform = load_clip(utterance.path, frontend.SAMPLE_RATE)
    seconds = len(waveform) / frontend.SAMPLE_RATE
    log_mel = frontend.log_mel(waveform, cfg).T
    mfcc = frontend.mfcc(waveform, cfg)
    row[0].plot(np.linspace(0, seconds, len(waveform)), waveform, linewidth=0.3, color=COLOURS["male"])
    row[0].set_ylabel(utterance.label)
    row[0].set_xlim(0, seconds)
    # The loudest 80 dB; without the first coefficient, loudness, which would drown the others' colours.
    quietest, limit = float(log_mel.max()) - 80, float(np.quantile(np.abs(mfcc[1:]), 0.98))
    _draw_plane(row[1], log_mel, (0, seconds, 0, cfg.n_mels), vmin=quietest)
    _draw_plane(row[2], mfcc[1:], (0, seconds, 1, cfg.n_mfcc), vmin=-limit, vmax=limit, cmap="PuOr")


def _draw_plane(axes: Axes, plane: Floats, extent: tuple[float, float, float, float], **colours: Any) -> None:
    axes.imshow(plane, aspect="auto", origin="lower", extent=extent, **colours)
