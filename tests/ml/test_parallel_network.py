"""The network hears any length from one second on, whatever the level, and its graph says the same."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor

from ml import frontend
from ml.config import ExperimentConfig, FeatureConfig, load_config
from ml.storage import graph_of, load_network, weights_of
from ml.systems.catalogue import build
from ml.systems.layers import LevelFreeMfcc, sinusoids
from ml.systems.parallel import Parallel
from tests import voices

FEATURES = FeatureConfig()


@pytest.fixture(scope="module")
def network() -> Parallel:
    """The shipped shape with weights as if trained: batch norms that have seen something."""
    torch.manual_seed(3)
    config = load_config("parallel")
    network = build(config.model, config.features)
    assert isinstance(network, Parallel)
    with torch.no_grad():
        network(torch.stack([mfcc_of(voices.speech(2.0, clip=clip))[0] for clip in range(2)] * 4))
    return network.eval()


def mfcc_of(waveform: np.ndarray) -> Tensor:
    return torch.from_numpy(frontend.mfcc(waveform, FEATURES))[None, None]


@torch.no_grad()
def heard(network: torch.nn.Module, mfcc: Tensor) -> Tensor:
    logits: Tensor = network(mfcc)
    return logits


@pytest.mark.parametrize("seconds", [1.0, 1.37, 3.0, 7.5])
def test_torch_and_its_graph_agree_at_any_length(network: Parallel, seconds: float) -> None:
    session = onnxruntime.InferenceSession(graph_of(network, ExperimentConfig()))
    mfcc = torch.cat([mfcc_of(voices.speech(seconds, clip=clip)) for clip in (0, 1, 0)])

    logits = heard(network, mfcc)
    graph = session.run(["logits"], {"mfcc": mfcc.numpy()})[0]

    assert logits.shape == graph.shape == (3, 8)
    assert np.abs(graph - logits.numpy()).max() < 1e-4
    assert (logits[0] - logits[1]).abs().max() > 1e-3  # it does listen


@pytest.mark.parametrize("gain", [0.03, 0.3, 3.0])
def test_loudness_changes_nothing(network: Parallel, gain: float) -> None:
    waveform = 0.3 * voices.speech(2.0)

    assert torch.allclose(
        heard(network, mfcc_of(waveform)), heard(network, mfcc_of(gain * waveform)), atol=1e-2
    )


def test_silence_behind_the_speech_changes_next_to_nothing(network: Parallel) -> None:
    waveform = voices.speech(1.6)
    padded = np.concatenate([waveform, voices.silence(1.4)])

    assert torch.allclose(heard(network, mfcc_of(waveform)), heard(network, mfcc_of(padded)), atol=0.05)


def test_digital_silence_gives_numbers(network: Parallel) -> None:
    assert heard(network, mfcc_of(voices.silence(3.0))).isfinite().all()


def test_scaling_the_cepstrum_is_scaling_the_log_mel_plane() -> None:
    """On frames that all hold sound, and with every coefficient kept."""
    everything = FeatureConfig(n_mfcc=64)
    plane = frontend.log_mel(voices.noise(2.0), everything).T
    cepstrum = torch.from_numpy(frontend.dct_matrix(everything) @ plane)[None, None]

    scaled, active = LevelFreeMfcc(n_mels=64)(cepstrum)
    expected = (plane - plane.mean()) / np.sqrt(plane.var() + 1e-3)

    assert active.min() == 1
    assert np.abs(frontend.dct_matrix(everything).T @ scaled[0, 0].numpy() - expected).max() < 1e-3


def test_positions_differ_and_take_any_length() -> None:
    places = sinusoids(torch.zeros(1, 90, 64))

    assert places.shape == (90, 64)
    assert len(torch.unique(places, dim=0)) == 90


def test_weights_come_back_without_pickles(network: Parallel, tmp_path: Path) -> None:
    file = tmp_path / "weights.pt"
    file.write_bytes(weights_of(network))

    again = load_network(file, load_config("parallel"))

    mfcc = mfcc_of(voices.speech(2.0))
    assert torch.equal(heard(again, mfcc), heard(network, mfcc))
    assert file.stat().st_size <= 5_000_000


def test_the_papers_parts_are_there(network: Parallel) -> None:
    """Two blocks of three 2-D convolutions and four encoder layers stand side by side."""
    for block in (network.local, network.broad):
        assert sum(isinstance(part, torch.nn.Conv2d) for part in block.modules()) == 3
        assert sum(isinstance(part, torch.nn.MaxPool2d) for part in block.modules()) == 3
    assert len(network.encoder.layers) == 4
    assert [part.out_features for part in network.head if isinstance(part, torch.nn.Linear)] == [8]
