"""A training that a test kills or `torchrun` starts: python -m tests.ml.long_run CORPUS WEIGHTS [STATE]."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

from ml.config import AugmentConfig, ExperimentConfig, ModelConfig, TrainConfig
from ml.corpora.catalogue import scan_folder
from ml.dataset import prepare_all
from ml.distributed import from_each, joined
from ml.fitting import fit

SMALL = ExperimentConfig(
    model=ModelConfig("cnn1d", {"channels": [8, 8, 8], "dense": 8, "dropout": 0.3}),
    train=TrainConfig(
        epochs=8, batch_size=4, crop_seconds=1.0, validation_share=0.25,
        augment=AugmentConfig(noisy_copies=1, speeds=()),
    ),
)  # fmt: skip


def main(corpus: Path, weights: Path, checkpoint: Path | None) -> None:
    """Train, slowly enough to be killed if there is a checkpoint, and write each process's weights."""
    clips = scan_folder(corpus, ["ravdess"])["ravdess"].utterances
    pause = 0.4 if checkpoint else 0.0
    with joined() as world:
        network = fit(
            prepare_all(clips, SMALL, 0, augmented=True), SMALL, 7,
            lambda *_: time.sleep(pause), checkpoint=checkpoint,
        )  # fmt: skip
        each = from_each({name: tensor.cpu() for name, tensor in network.state_dict().items()})
        if world.rank == 0:
            torch.save(each, weights)


def schedule(name: str) -> ExperimentConfig:
    """The same experiment under another schedule."""
    return replace(SMALL, train=replace(SMALL.train, schedule=name))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
