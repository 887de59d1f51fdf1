"""The same numbers from ONNX Runtime and from torch; memory that a long session does not raise."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ml.registry import load_card
from ml.runtime import OnnxRuntime, TorchRuntime, open_runtime, softmax
from tests import voices


@pytest.mark.parametrize("seconds", [1.0, 3.0, 7.5])
@pytest.mark.parametrize("windows", [1, 3])
def test_onnx_and_torch_agree(seconds: float, windows: int) -> None:
    card = load_card()
    frames = round(100 * seconds) + 1
    rng = np.random.default_rng(0)
    planes = rng.normal(0.0, 20.0, (windows, 1, card.config.features.rows, frames)).astype(np.float32)
    planes[:, :, 0] -= 300.0

    fast, exact = open_runtime(card), open_runtime(card, device="cpu:0")

    assert isinstance(fast, OnnxRuntime)
    assert isinstance(exact, TorchRuntime)
    np.testing.assert_allclose(fast.logits(planes), exact.logits(planes), atol=1e-4)


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
