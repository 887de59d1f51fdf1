"""``features.max_rel_error``: the largest difference from librosa, in parts of a plane's largest value.

Every feature, on the six real clips, with our settings and with librosa's own (which the papers use); ours as
it runs, in single precision.
"""

from __future__ import annotations

import torch

from benches.figures import record
from ml.config import FeatureConfig
from ml.features import build_feature
from tests import voices
from tests.ml.librosa_oracle import ORACLES, relative_error

CONFIGS = (
    FeatureConfig(),
    FeatureConfig(n_fft=2048, win_length=2048, hop_length=512, n_mels=128, f_min=0.0, n_mfcc=20),
)


def error(name: str, cfg: FeatureConfig, clip: int) -> float:
    waveform = voices.speech(clip=clip)
    ours = build_feature(name, cfg)(torch.from_numpy(waveform)[None])[0].numpy()
    return relative_error(ours, ORACLES[name](waveform, cfg, voices.RATE))


def main() -> None:
    clips = range(len(voices.clip_paths()))
    worst = {name: max(error(name, cfg, clip) for cfg in CONFIGS for clip in clips) for name in ORACLES}
    for name, value in sorted(worst.items(), key=lambda pair: -pair[1]):
        print(f"{name:16} {value:.1e}")
    record("features.max_rel_error", max(worst.values()), "", n=len(worst) * len(clips) * len(CONFIGS))


if __name__ == "__main__":
    main()
