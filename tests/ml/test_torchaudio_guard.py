"""torchaudio's transforms work beside any torch; what cannot work says why."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from ml.frontend import SAMPLE_RATE
from ml.torchaudio_guard import MISSING, TorchaudioUnavailable, torchaudio


def test_transforms_work() -> None:
    tone = torch.sin(2 * torch.pi * 440 * torch.arange(SAMPLE_RATE) / SAMPLE_RATE)
    slower = torchaudio.transforms.Resample(SAMPLE_RATE, 8_000)(tone)
    spectrum = np.abs(np.fft.rfft(slower.numpy()))
    assert len(slower) == 8_000
    assert spectrum.argmax() == 440


def test_what_is_missing_says_so() -> None:
    if not MISSING:
        assert torchaudio._extension._IS_TORCHAUDIO_EXT_AVAILABLE
        return
    scores, targets = torch.zeros(1, 5, 3), torch.ones(1, 2, dtype=torch.int32)
    with pytest.raises(TorchaudioUnavailable, match="compiled part"):
        torchaudio.functional.forced_align(scores, targets)


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


def test_after_the_guard_a_plain_import_finds_it() -> None:
    done = run("import ml.torchaudio_guard, torchaudio; torchaudio.transforms.MelSpectrogram()")
    assert done.returncode == 0, done.stderr


def test_without_torchaudio_one_plain_reason() -> None:
    done = run("import sys; sys.modules['torchaudio'] = None; import ml.torchaudio_guard")
    assert done.stderr.splitlines()[-1].endswith("torchaudio is not installed: pip install torchaudio")
