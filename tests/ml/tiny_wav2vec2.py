"""A wav2vec2 of a few thousand random weights, in the folder form that pretrained ones have."""

from importlib import import_module
from pathlib import Path

import torch


def write_checkpoint(folder: Path) -> Path:
    """Write it into `folder`, and return that."""
    import_module("ml.torchaudio_guard")  # first: transformers imports torchaudio, which may not load
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    torch.manual_seed(0)
    config = Wav2Vec2Config(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        conv_dim=(8, 8), conv_stride=(20, 16), conv_kernel=(40, 16),
        num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2,
    )  # fmt: skip
    Wav2Vec2Model(config).save_pretrained(folder)
    return folder
