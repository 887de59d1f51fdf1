"""The front end as torch modules, built from the constants of `ml.frontend` and equal to it to 1e-3."""

import torch
from torch import Tensor, nn

from ml import frontend
from ml.config import FeatureConfig


class LogMel(nn.Module):
    """Waveform (B, samples) in [-1, 1] → log-mel energies in dB (B, n_mels, frames)."""

    window: Tensor
    filters: Tensor

    def __init__(self, cfg: FeatureConfig, sample_rate: int = frontend.SAMPLE_RATE) -> None:
        super().__init__()
        self.cfg = cfg
        self.register_buffer("window", torch.from_numpy(frontend.window(cfg)))
        self.register_buffer("filters", torch.from_numpy(frontend.mel_filterbank(cfg, sample_rate)))

    def forward(self, waveform: Tensor) -> Tensor:
        """Return (B, n_mels, 1 + samples // hop_length)."""
        spectrum = torch.stft(
            waveform,
            n_fft=self.cfg.n_fft,
            hop_length=self.cfg.hop_length,
            win_length=self.cfg.win_length,
            window=self.window,
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        power = spectrum.real.square() + spectrum.imag.square()
        return 10.0 * torch.log10(torch.clamp(self.filters @ power, min=self.cfg.amin))


class Cepstrum(nn.Module):
    """Log-mel energies (B, n_mels, frames) → MFCCs (B, n_mfcc, frames)."""

    dct: Tensor

    def __init__(self, cfg: FeatureConfig) -> None:
        super().__init__()
        self.register_buffer("dct", torch.from_numpy(frontend.dct_matrix(cfg)))

    def forward(self, log_mel: Tensor) -> Tensor:
        """Return (B, n_mfcc, frames)."""
        return self.dct @ log_mel


class Mfcc(nn.Sequential):
    """Waveform (B, samples) → MFCCs (B, n_mfcc, frames)."""

    def __init__(self, cfg: FeatureConfig, sample_rate: int = frontend.SAMPLE_RATE) -> None:
        super().__init__(LogMel(cfg, sample_rate), Cepstrum(cfg))
