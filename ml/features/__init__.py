"""The features of the papers as torch modules: waveforms (B, samples) → planes (B, rows, frames).

Conventions are librosa's, against which each is tested; the mel front end is built from the constants of
`ml.frontend`, the CPU runtime's, and equal to it. They are asked for by name: see `ml.features.registry`.
"""

from ml.features.registry import FEATURES, Features, build_feature
from ml.features.spectral import Cepstrum, LogMel, Mfcc
from ml.features.summaries import Summary

__all__ = ["FEATURES", "Cepstrum", "Features", "LogMel", "Mfcc", "Summary", "build_feature"]
