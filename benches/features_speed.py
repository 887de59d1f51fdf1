"""``features.speed_ratio``: librosa's time over ours for the papers' features of 100 clips, one thread.

The set is 40 MFCCs, chroma, mel spectrogram, spectral contrast, tonnetz and zero-crossing rate, at librosa's
own frame sizes, of real speech, 3 s at 16 kHz; the two take turns, and processor time is counted.
librosa's functions are called as its documentation shows, each on the waveform; for
``features.speed_ratio_shared`` its caller is clever and computes the spectrum once. Ours come in batches of
five. Tuning is 0 on both sides, tonnetz is made of the same chroma.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything that counts processors

import statistics
import time
from collections.abc import Callable

import librosa
import numpy as np
import torch

from benches.figures import record
from ml.config import FeatureConfig
from ml.features import Features
from tests import voices

CFG = FeatureConfig(n_fft=2048, win_length=2048, hop_length=512, n_mels=128, f_min=0.0, n_mfcc=40)
NAMES = ("mfcc", "chroma", "mel", "contrast", "tonnetz", "zcr")
RATE = voices.RATE
CLIPS, BATCH, ROUNDS = 100, 5, 15

Clips = list[voices.Waveform]


def ours(clips: Clips) -> None:
    stack = Features(NAMES, CFG)
    with torch.inference_mode():
        for batch in np.split(np.stack(clips), len(clips) // BATCH):
            stack(torch.from_numpy(batch))


def librosa_as_documented(clips: Clips) -> None:
    for y in clips:
        librosa.feature.mfcc(y=y, sr=RATE, n_mfcc=CFG.n_mfcc)
        librosa.feature.melspectrogram(y=y, sr=RATE)
        librosa.feature.spectral_contrast(y=y, sr=RATE)
        chroma = librosa.feature.chroma_stft(y=y, sr=RATE, tuning=0.0)
        librosa.feature.tonnetz(chroma=chroma, sr=RATE)
        librosa.feature.zero_crossing_rate(y)


def librosa_sharing_the_spectrum(clips: Clips) -> None:
    for y in clips:
        magnitude = np.abs(librosa.stft(y))
        power = magnitude**2
        mel = librosa.feature.melspectrogram(S=power, sr=RATE)
        librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=CFG.n_mfcc)
        librosa.feature.spectral_contrast(S=magnitude, sr=RATE)
        chroma = librosa.feature.chroma_stft(S=power, sr=RATE, tuning=0.0)
        librosa.feature.tonnetz(chroma=chroma, sr=RATE)
        librosa.feature.zero_crossing_rate(y)


def seconds(work: Callable[[Clips], None], clips: Clips) -> float:
    began = time.process_time()
    work(clips)
    return time.process_time() - began


def main() -> None:
    torch.set_num_threads(1)
    kinds = len(voices.clip_paths())
    clips = [voices.speech(3.0, clip=place % kinds) for place in range(CLIPS)]
    rivals = {"": librosa_as_documented, "_shared": librosa_sharing_the_spectrum}
    for work in (ours, *rivals.values()):
        work(clips[:BATCH])
    ratios: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(ROUNDS):
        mine = seconds(ours, clips)
        for name, rival in rivals.items():
            ratios[name].append(seconds(rival, clips) / mine)
    for name, found in ratios.items():
        middle, spread = statistics.median(found), (min(found), max(found))
        record(f"features.speed_ratio{name}", middle, "times", n=ROUNDS, interval=spread)


if __name__ == "__main__":
    main()
