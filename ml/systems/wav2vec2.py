"""wav2vec2, fine-tuned: the third system of the report on RAVDESS, SAVEE and CREMA-D (Boston), there 47 %.

The checkpoint is a local folder in the form of `transformers`; none is downloaded, and none is shipped. Needs
the extra "wav2vec2".
"""

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from torch import Tensor, nn

from ml.systems.interface import Shape


@dataclass(frozen=True)
class Wav2Vec2Options:
    """Where the checkpoint lies, and whether its encoder learns, too, or but the new head."""

    checkpoint: str = ""
    frozen_encoder: bool = False
    dense: int = 256
    dropout: float = 0.1


class NoCheckpoint(ValueError):
    """There is no pretrained checkpoint to start from."""


class Wav2Vec2(nn.Module):
    """Waveform (N, 1, 1, samples) at 16 kHz → logits (N, classes)."""

    leaves_out = True
    """Some parameters have no part in a step: the vector of its own masks, and layers dropped by chance."""

    def __init__(self, shape: Shape, options: Wav2Vec2Options, classes: int) -> None:
        super().__init__()
        folder = Path(options.checkpoint)
        if not options.checkpoint or not (folder / "config.json").is_file():
            raise NoCheckpoint(
                "wav2vec2 starts from a pretrained checkpoint: name the folder of its config.json and "
                "weights as model.options.checkpoint"
            )
        import_module("ml.torchaudio_guard")  # first: transformers imports torchaudio, which may not load
        from transformers import AutoModel  # late: an optional extra

        # Its own masks in time are drawn by numpy's global generator, which no seed of ours decides and no
        # checkpoint keeps; what hides parts of a clip here is [train.augment].
        self.encoder = AutoModel.from_pretrained(folder, local_files_only=True, apply_spec_augment=False)
        self.encoder.freeze_feature_encoder()
        self.frozen = options.frozen_encoder
        width = json.loads((folder / "config.json").read_text(encoding="utf-8"))["hidden_size"]
        self.head = nn.Sequential(
            nn.Linear(width, options.dense), nn.Tanh(), nn.Dropout(options.dropout),
            nn.Linear(options.dense, classes),
        )  # fmt: skip
        if self.frozen:
            self.encoder.requires_grad_(False)

    def train(self, mode: bool = True) -> "Wav2Vec2":
        """Switch dropout, save in an encoder that does not learn: its states are the same each epoch."""
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    def forward(self, waveform: Tensor) -> Tensor:
        """Return logits of the mean over time of the last hidden states."""
        samples = waveform.flatten(1)
        centred = samples - samples.mean(dim=1, keepdim=True)
        scaled = centred / (centred.square().mean(dim=1, keepdim=True) + 1e-7).sqrt()  # as it was pretrained
        states = self.encoder(scaled).last_hidden_state  # (N, samples / 320, width)
        logits: Tensor = self.head(states.mean(dim=1))
        return logits
