"""Folds that the shipped recogniser's training finished are the benchmark's, too: none is trained twice."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ml.benchmark.record import FinishedFold
from ml.benchmark.run import Material, Piece
from ml.experiment import Experiment
from ml.folds import FoldOutcome, read_outcomes
from ml.systems.catalogue import build


def adopted(material: Material, wanted: Sequence[Piece], folder: Path) -> Iterator[FinishedFold]:
    """Yield the folds in `folder`/NAME.jsonl of the same recipe, the same clips and the same test clips."""
    for piece in wanted:
        if piece.cfg.inputs is None and piece.task.protocol == "speaker":
            experiment = Experiment(
                name=piece.task.system,
                config=piece.cfg,
                utterances=tuple(u for u in material.utterances if u.corpus == piece.task.corpus),
                seed=piece.task.seed,
            )
            tested = {material.utterances[place].key for place in piece.split.test}
            for outcome in read_outcomes(folder / f"{piece.task.system}.jsonl", experiment.recipe):
                if set(outcome.keys) == tested:
                    yield _as_finished(piece, outcome)


def _as_finished(piece: Piece, outcome: FoldOutcome) -> FinishedFold:
    network = build(piece.cfg.model, piece.cfg.features)
    return FinishedFold(
        task=piece.task,
        recipe=piece.recipe,
        epochs=piece.cfg.train.epochs,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        seconds=outcome.seconds,
        speakers=outcome.speakers,
        targets=outcome.targets,
        logits=outcome.logits,
    )
