"""Power spectrum, mel bands, decibels and cepstrum, built from the constants of `ml.frontend`."""

import torch
from torch import Tensor, nn

from ml import frontend
from ml.config import FeatureConfig


class PowerSpectrum(nn.Module):
    """Waveform (B, samples) in [-1, 1] → power (B, n_fft // 2 + 1, frames); frames centred, edges zero.

    Transformed in double precision: the rounding of a loud vowel's low frequencies would else be louder than
    the quiet upper bands, whose valleys spectral contrast looks for.
    """

    window: Tensor

    def __init__(self, cfg: FeatureConfig, sample_rate: int = frontend.SAMPLE_RATE) -> None:
        super().__init__()
        self.cfg = cfg
        self.rows = cfg.n_fft // 2 + 1
        self.register_buffer("window", torch.hann_window(cfg.win_length, dtype=torch.float64))

    def forward(self, waveform: Tensor) -> Tensor:
        """Return (B, n_fft // 2 + 1, 1 + samples // hop_length)."""
        spectrum = torch.stft(
            waveform.double(),
            n_fft=self.cfg.n_fft,
            hop_length=self.cfg.hop_length,
            win_length=self.cfg.win_length,
            window=self.window.double(),
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        return (spectrum.real.square() + spectrum.imag.square()).to(waveform.dtype)


class MelBands(nn.Module):
    """Power (B, n_fft // 2 + 1, frames) → mel energies (B, n_mels, frames), Slaney's scale and area."""

    filters: Tensor

    def __init__(self, cfg: FeatureConfig, sample_rate: int = frontend.SAMPLE_RATE) -> None:
        super().__init__()
        self.rows = cfg.n_mels
        self.register_buffer("filters", torch.from_numpy(frontend.mel_filterbank(cfg, sample_rate)))

    def forward(self, power: Tensor) -> Tensor:
        """Return (B, n_mels, frames)."""
        return self.filters @ power


class Decibels(nn.Module):
    """Mel energies → the same in dB, no lower than `amin` allows; no `top_db`, for `ml.frontend`'s reason."""

    def __init__(self, cfg: FeatureConfig, sample_rate: int = frontend.SAMPLE_RATE) -> None:
        super().__init__()
        self.rows = cfg.n_mels
        self.amin = cfg.amin

    def forward(self, energy: Tensor) -> Tensor:
        """Return the shape of `energy`."""
        return 10.0 * torch.log10(torch.clamp(energy, min=self.amin))


class Cepstrum(nn.Module):
    """Log-mel energies (B, n_mels, frames) → MFCCs (B, n_mfcc, frames)."""

    dct: Tensor

    def __init__(self, cfg: FeatureConfig, sample_rate: int = frontend.SAMPLE_RATE) -> None:
        super().__init__()
        self.rows = cfg.n_mfcc
        self.register_buffer("dct", torch.from_numpy(frontend.dct_matrix(cfg)))

    def forward(self, log_mel: Tensor) -> Tensor:
        """Return (B, n_mfcc, frames)."""
        return self.dct @ log_mel


class LogMel(nn.Sequential):
    """Waveform (B, samples) in [-1, 1] → log-mel energies in dB (B, n_mels, frames)."""

    def __init__(self, cfg: FeatureConfig, sample_rate: int = frontend.SAMPLE_RATE) -> None:
        super().__init__(PowerSpectrum(cfg, sample_rate), MelBands(cfg, sample_rate), Decibels(cfg))


class Mfcc(nn.Sequential):
    """Waveform (B, samples) → MFCCs (B, n_mfcc, frames)."""

    def __init__(self, cfg: FeatureConfig, sample_rate: int = frontend.SAMPLE_RATE) -> None:
        super().__init__(LogMel(cfg, sample_rate), Cepstrum(cfg))
