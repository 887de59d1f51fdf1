"""Why a window got its label: complete, where it must be, and no picture of the input alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from torch import Tensor, nn

from ml.audio import decode
from ml.config import ExperimentConfig, FeatureConfig
from ml.frontend import log_mel, mel_centres, mel_filterbank, plane
from ml.labels import LABELS
from ml.recogniser import EmotionRecogniser
from ml.registry import ModelCard, load_card
from ml.saliency import Saliency, explain
from ml.storage import load_network
from ml.systems.catalogue import build
from tests.voices import speech

RATE = 16_000
FRAMES = 301
CLIPS = sorted(Path("analysis/demo/clips").glob("*.ogg"))[::40]


@pytest.fixture(scope="module")
def card() -> ModelCard:
    return load_card()


@pytest.fixture(scope="module")
def spoken() -> list[NDArray[np.float32]]:
    """Three seconds each of actors whom the shipped model never heard."""
    heard = [np.concatenate(list(decode(path, channel=None, sample_rate=RATE))) for path in CLIPS]
    return [np.pad(clip, (0, max(0, 3 * RATE - len(clip))))[: 3 * RATE] for clip in heard]


def explained(card: ModelCard, clip: NDArray[np.float32], network: nn.Module | None = None) -> Saliency:
    label = int(EmotionRecogniser.load(card.id, card.folder.parent).probabilities(clip).argmax())
    return explain(card, clip, lead=0, frames=FRAMES, label=label, network=network)


def test_what_was_attributed_adds_up(card: ModelCard, spoken: list[NDArray[np.float32]]) -> None:
    for clip in spoken:
        why = explained(card, clip)
        assert why.saliency.shape == why.levels.shape == (card.config.features.n_mels, FRAMES)
        assert why.completeness_error < 0.02
        assert why.saliency.sum() == pytest.approx(why.gained, abs=0.02 * float(np.abs(why.saliency).sum()))


def test_the_probabilities_are_those_of_the_runtime(
    card: ModelCard, spoken: list[NDArray[np.float32]]
) -> None:
    recogniser = EmotionRecogniser.load(card.id, card.folder.parent)
    rounding = (
        2 * card.contents.get("eight_bits", {"largest": 5e-5})["largest"]
    )  # of the runtime, not of torch
    assert rounding < 0.05
    for clip in spoken:
        heard = recogniser.probabilities(clip)
        assert explained(card, clip).probabilities == pytest.approx(heard, abs=rounding)


def test_taking_away_what_spoke_for_it_takes_the_label_away(
    card: ModelCard, spoken: list[NDArray[np.float32]]
) -> None:
    """The tenth of the cells that spoke most for the label matters more than any other tenth."""
    network, cfg = load_network(card.weights, card.config), card.config.features
    for clip in spoken:
        why = explained(card, clip)
        label = int(why.probabilities.argmax())
        order = np.argsort(-why.saliency, axis=None)
        power = (10 ** (why.levels / 10)).mean(axis=0)
        sounding = power > power.max() * 1e-4  # short clips are followed by silence
        still = np.broadcast_to(why.levels[:, sounding].mean(1, keepdims=True), why.levels.shape)

        def without(
            cells: NDArray[np.intp],
            levels: NDArray[np.float32] = why.levels,
            still: NDArray[np.float32] = still,
            label: int = label,
        ) -> float:
            changed = levels.copy()
            changed.flat[cells] = still.flat[cells]
            heard = torch.from_numpy(plane(changed.T, cfg).astype(np.float32))[None, None]
            with torch.inference_mode():
                return float((network(heard) / card.temperature).softmax(1)[0, label])

        tenth = len(order) // 10
        chance = np.random.default_rng(0).permutation(len(order))[:tenth]
        assert without(order[:tenth]) < without(chance)
        assert without(order[:tenth]) < without(order[-tenth:])


def test_another_networks_saliency_is_another(card: ModelCard, spoken: list[NDArray[np.float32]]) -> None:
    """Adebayo et al. 2018: a saliency that outlives randomised weights shows the input, not the network."""
    torch.manual_seed(1)
    random = build(card.config.model, card.config.features)
    for clip in spoken:
        trained, randomised = explained(card, clip), explained(card, clip, random)
        assert abs(spearmanr(trained.saliency, randomised.saliency, axis=None).statistic) < 0.3
        again = explained(card, clip)
        assert np.array_equal(trained.saliency, again.saliency)


class Listens(nn.Module):
    """Answers "happy" for movement in one band during some frames, and hears nothing else."""

    def __init__(self, rows: slice, frames: slice) -> None:
        super().__init__()
        self.rows, self.frames = rows, frames

    def forward(self, x: Tensor) -> Tensor:
        loud = x[:, 0, self.rows, self.frames].mean(dim=(1, 2)) / 10
        return torch.stack([loud if label == "happy" else 0 * loud for label in LABELS], dim=1)


class ListensBehindAStem(Listens):
    """The same as a branched network whose stem gives a mask, too."""

    @property
    def branches(self) -> Mapping[str, nn.Module]:
        return {"only": _Answer(self)}

    def stem(self, mfcc: Tensor) -> tuple[Tensor, ...]:
        return mfcc, (mfcc.mean(dim=2)[:, 0] > -90).to(mfcc.dtype)

    def join(self, outputs: list[Tensor], shared: tuple[Tensor, ...]) -> Tensor:
        return outputs[0]


class _Answer(nn.Module):
    def __init__(self, ears: Listens) -> None:
        super().__init__()
        self.ears = [ears]

    def forward(self, x: Tensor, active: Tensor) -> Tensor:
        return Listens.forward(self.ears[0], x)


@pytest.mark.parametrize("kind", [Listens, ListensBehindAStem])
def test_a_planted_change_is_found_where_it_was_planted(card: ModelCard, kind: type[Listens]) -> None:
    features = replace(card.config.features, kind="log_mel")
    deaf = replace(card, config=replace(card.config, features=features))
    tone = int(np.abs(mel_centres(features) - 2000).argmin())
    planted = slice(tone - 2, tone + 3), slice(120, 160)
    clip = speech(3).astype(np.float32)
    place = np.arange(120 * 160, 160 * 160)
    clip[place] += 0.5 * np.sin(2 * np.pi * 2000 * place / RATE).astype(np.float32)
    happy = LABELS.index("happy")
    why = explain(deaf, clip, lead=0, frames=FRAMES, label=happy, network=kind(*planted))
    outside = np.ones_like(why.saliency, bool)
    outside[planted] = False
    assert np.abs(why.saliency[outside]).max() < 1e-6
    assert why.saliency[planted].sum() > 0.5
    assert why.gained > 0.5
    without = explain(
        deaf, speech(3).astype(np.float32), lead=0, frames=FRAMES, label=happy, network=kind(*planted)
    )
    assert not np.allclose(without.saliency, why.saliency, atol=1e-3)


def test_its_frames_are_those_of_the_recording(card: ModelCard) -> None:
    """With a little sound around it, a window in the middle is heard as in the whole."""
    whole, cfg = speech(8).astype(np.float32), card.config
    lead = 4
    part = whole[(2 * 100 - lead) * 160 : (5 * 100 + 1 + lead) * 160]
    why = explain(card, part, lead=lead, frames=FRAMES, label=0)
    np.testing.assert_allclose(why.levels.T, log_mel(whole, cfg.features)[200 : 200 + FRAMES], atol=1e-3)


def test_what_is_missing_is_silence(card: ModelCard) -> None:
    why = explain(card, speech(2).astype(np.float32), lead=0, frames=FRAMES, label=3)
    assert why.levels[:, 201:].max() == pytest.approx(-100)
    assert np.abs(why.saliency[:, 201:]).max() == pytest.approx(0, abs=1e-6)


def test_bands_are_centred_where_their_filter_is_highest() -> None:
    cfg: FeatureConfig = ExperimentConfig().features
    highest = mel_filterbank(cfg).argmax(axis=1) * RATE / cfg.n_fft
    assert mel_centres(cfg) == pytest.approx(highest, abs=RATE / cfg.n_fft)
