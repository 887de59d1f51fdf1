"""The same numbers from ONNX Runtime and from torch, or as near as the card says; memory that stays flat."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ml.frontend import log_mel, plane
from ml.registry import ModelCard, load_card
from ml.runtime import Floats, OnnxRuntime, TorchRuntime, open_runtime, softmax
from tests import voices


def planes_of(card: ModelCard, seconds: float, windows: int) -> Floats:
    """Real sentences, (windows, 1, rows, frames)."""
    cfg = card.config.features
    heard = [plane(log_mel(voices.speech(seconds, clip=clip), cfg), cfg) for clip in range(windows)]
    return np.stack(heard)[:, None]


@pytest.mark.parametrize("seconds", [1.0, 3.0, 7.5])
@pytest.mark.parametrize("windows", [1, 3])
@pytest.mark.parametrize("name", ["parallel", "flagship-full", "flagship-free"])
def test_onnx_and_torch_agree(name: str, seconds: float, windows: int) -> None:
    card = load_card(name)
    planes = planes_of(card, seconds, windows)

    fast, exact = open_runtime(card), open_runtime(card, device="cpu:0")

    assert isinstance(fast, OnnxRuntime)
    assert isinstance(exact, TorchRuntime)
    np.testing.assert_allclose(fast.scores(planes), exact.scores(planes), atol=1e-4)
    answer, expected = (softmax(one.logits(planes), card.temperature) for one in (fast, exact))
    # Where the graph rounds, the card tells by how much on clips; shorter and longer ones may lie beyond.
    rounding = 2 * card.contents["eight_bits"]["largest"] if card.config.eight_bits else 1e-4
    np.testing.assert_allclose(answer, expected, atol=rounding)
    assert rounding < 0.05


def test_softmax_is_calibrated() -> None:
    logits = np.array([[1.0, 2.0, 3.0], [1e4, 0.0, -1e4]], np.float32)
    np.testing.assert_allclose(softmax(logits).sum(axis=1), 1.0, atol=1e-6)
    warm, cold = softmax(logits, 4.0)[0], softmax(logits, 0.25)[0]
    assert warm.max() < softmax(logits)[0].max() < cold.max()
    assert softmax(np.empty((0, 8), np.float32)).shape == (0, 8)


def peak_mb(path: Path) -> float:
    script = (
        "import re, sys; from ml.recogniser import EmotionRecogniser\n"
        "estimate = EmotionRecogniser.load().analyse(sys.argv[1])\n"
        "assert estimate.speech_s > 0.9 * estimate.duration_s\n"
        # getrusage would tell the peak of the parent, if that was higher.
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) / 1024)"
    )
    command = [sys.executable, "-c", script, str(path)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_four_times_the_length_takes_no_more_memory(tmp_path: Path) -> None:
    peaks = []
    for minutes in (3, 12):
        path = tmp_path / f"{minutes}.wav"
        soundfile.write(path, voices.speech(60.0 * minutes), voices.RATE, subtype="PCM_16")
        peaks.append(peak_mb(path))
    assert peaks[1] < 1.05 * peaks[0]
    assert peaks[1] < 200
