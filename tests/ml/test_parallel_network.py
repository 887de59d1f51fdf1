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


@pytest.fixture(scope="module", params=["parallel", "flagship"])
def config(request: pytest.FixtureRequest) -> ExperimentConfig:
    return load_config(request.param)


@pytest.fixture(scope="module")
def network(config: ExperimentConfig) -> Parallel:
    """A shipped shape with weights as if trained: batch norms that have seen something."""
    torch.manual_seed(3)
    network = build(config.model, config.features)
    assert isinstance(network, Parallel)
    with torch.no_grad():
        network(torch.cat([plane_of(voices.speech(2.0, clip=clip), config) for clip in range(2)] * 4))
    return network.eval()


def plane_of(waveform: np.ndarray, config: ExperimentConfig) -> Tensor:
    """MFCCs or log-mel planes, (1, 1, rows, frames)."""
    log_mel = frontend.log_mel(waveform, config.features)
    return torch.from_numpy(frontend.plane(log_mel, config.features).copy())[None, None]


@torch.no_grad()
def heard(network: torch.nn.Module, plane: Tensor) -> Tensor:
    logits: Tensor = network(plane)
    return logits


@pytest.mark.parametrize("seconds", [1.0, 1.37, 3.0, 7.5])
def test_torch_and_its_graph_agree_at_any_length(
    network: Parallel, config: ExperimentConfig, seconds: float
) -> None:
    session = onnxruntime.InferenceSession(graph_of(network, config))
    planes = torch.cat([plane_of(voices.speech(seconds, clip=clip), config) for clip in (0, 1, 0)])

    logits = heard(network, planes)
    graph = session.run(["logits"], {session.get_inputs()[0].name: planes.numpy()})[0]

    assert logits.shape == graph.shape == (3, 8)
    assert np.abs(graph - logits.numpy()).max() < 1e-4
    assert (logits[0] - logits[1]).abs().max() > 1e-3  # it does listen


@pytest.mark.parametrize("gain", [0.03, 0.3, 3.0])
def test_loudness_changes_nothing(network: Parallel, config: ExperimentConfig, gain: float) -> None:
    waveform = 0.3 * voices.speech(2.0)
    usual, changed = (heard(network, plane_of(sound, config)) for sound in (waveform, gain * waveform))

    assert torch.allclose(usual, changed, atol=1e-2)


def test_silence_behind_the_speech_changes_next_to_nothing(
    network: Parallel, config: ExperimentConfig
) -> None:
    waveform = voices.speech(1.6)
    padded = np.concatenate([waveform, voices.silence(1.4)])
    alone, followed = (heard(network, plane_of(sound, config)) for sound in (waveform, padded))

    assert torch.allclose(alone, followed, atol=0.05)


def test_digital_silence_gives_numbers(network: Parallel, config: ExperimentConfig) -> None:
    assert heard(network, plane_of(voices.silence(3.0), config)).isfinite().all()


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


def test_weights_come_back_without_pickles(
    network: Parallel, config: ExperimentConfig, tmp_path: Path
) -> None:
    file = tmp_path / "weights.pt"
    file.write_bytes(weights_of(network))

    again = load_network(file, config)

    plane = plane_of(voices.speech(2.0), config)
    assert torch.equal(heard(again, plane), heard(network, plane))
    assert file.stat().st_size <= 5_000_000


def test_the_papers_parts_are_there(network: Parallel) -> None:
    """Two blocks of three 2-D convolutions and four encoder layers stand side by side."""
    for block in (network.local, network.broad):
        assert sum(isinstance(part, torch.nn.Conv2d) for part in block.layers.modules()) == 3
        assert sum(isinstance(part, torch.nn.MaxPool2d) for part in block.layers.modules()) == 3
    assert len(network.encoder.layers) == 4
    assert [part.out_features for part in network.head if isinstance(part, torch.nn.Linear)] == [8]


def test_every_branch_steps_on_in_the_same_time_whatever_its_frames() -> None:
    """80 ms for the convolutions: of frames of 10 ms and of 20 ms alike."""
    for name, stride in (("parallel", 2), ("flagship", 1)):
        cfg = load_config(name)
        network = build(cfg.model, cfg.features)
        assert isinstance(network, Parallel)
        assert network.local.step == network.broad.step == 4 * stride
        assert network.frame_step * network.local.step * cfg.features.hop_length == 0.08 * 16_000
