"""An experiment: held-out speaker folds, then a final network on all speakers, published with its card.

Each finished fold is one line in the folds file, so that an interrupted experiment goes on where it stopped.
"""

import time
from collections.abc import Sequence
from concurrent.futures import Future, as_completed
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ml import calibration
from ml.cards import Provenance, RecipeFigures, card_of
from ml.config import PreprocessConfig
from ml.corpora.manifest import Utterance
from ml.corpora.splits import Fold
from ml.dataset import prepare_all
from ml.distributed import part, world
from ml.eight_bits import change, check_rounds, published_graph
from ml.experiment import NO_MEANS, Experiment, Means, processes, shifted_by
from ml.fitting import OnEpoch, fit, logits_of, no_report
from ml.folds import FoldOutcome, append_line, pooled, read_outcomes
from ml.gate_folds import gate_file_of
from ml.gate_training import Gated, gate_phases, train_gate
from ml.lab import Split, answer, without_speakers
from ml.registry import GATE_GRAPH, GATE_WEIGHTS, GRAPH, WEIGHTS, publish
from ml.storage import gate_graph_of, weights_of

Logits = NDArray[np.float64]
"""Raw, (clips, 8)."""


def _fit(
    experiment: Experiment, utterances: Sequence[Utterance], phase: str, on_epoch: OnEpoch, means: Means
) -> nn.Module:
    cfg, seed = experiment.config, experiment.seed
    state = means.state(experiment, phase)
    told = means.told(experiment, phase, on_epoch)
    clips = prepare_all(utterances, cfg, seed, augmented=True)
    return fit(clips, cfg, seed, told, devices={**cfg.placement.devices, **means.devices}, checkpoint=state)


def run_fold(
    experiment: Experiment, fold: Fold, on_epoch: OnEpoch = no_report, means: Means = NO_MEANS
) -> FoldOutcome:
    """Train on the fold's training speakers and return the logits for its test speakers."""
    started = time.monotonic()
    heard = _fold_of_any_length if experiment.config.inputs is None else _fold_of_one_length
    return FoldOutcome.of(
        recipe=experiment.recipe,
        index=fold.index,
        test=fold.test,
        logits=heard(experiment, fold, on_epoch, means),
        seconds=time.monotonic() - started,
    )


def _fold_of_any_length(experiment: Experiment, fold: Fold, on_epoch: OnEpoch, means: Means) -> Logits:
    cfg, seed = experiment.config, experiment.seed
    network = _fit(experiment, fold.train, f"fold-{fold.index}", on_epoch, means)
    return logits_of(network, prepare_all(fold.test, cfg, seed, augmented=False), cfg)


def _fold_of_one_length(experiment: Experiment, fold: Fold, on_epoch: OnEpoch, means: Means) -> Logits:
    """Inputs are computed of all clips together, so that each fold finds them where the first left them."""
    cfg, seed, clips = experiment.config, experiment.seed, experiment.usable
    phase = f"fold-{fold.index}"
    tested = {utterance.speaker for utterance in fold.test}
    unheard = np.array([utterance.speaker in tested for utterance in clips], bool)
    learnt = without_speakers(clips, np.flatnonzero(~unheard), cfg.train.validation_share, seed)
    return answer(
        clips, cfg, Split(learnt[0], np.flatnonzero(unheard), learnt[1]),
        seed=seed, cache=means.inputs, devices=means.devices,
        checkpoint=means.state(experiment, phase), on_epoch=means.told(experiment, phase, on_epoch),
    ).logits  # fmt: skip


def missing_folds(experiment: Experiment, folds_file: Path) -> list[Fold]:
    """Return the folds that `folds_file` does not hold yet."""
    finished = {outcome.index for outcome in read_outcomes(folds_file, experiment.recipe)}
    return [fold for fold in experiment.folds if fold.index not in finished]


def cross_validate(
    experiment: Experiment,
    folds_file: Path,
    on_epoch: OnEpoch = no_report,
    jobs: int = 1,
    means: Means = NO_MEANS,
) -> list[FoldOutcome]:
    """Run the folds that `folds_file` does not hold yet, and return all of them.

    With `jobs` > 1, folds run in processes of one thread each; `on_epoch` must then be picklable, and is
    called there.
    """
    missing = missing_folds(experiment, folds_file)
    if jobs == 1:
        for position, fold in enumerate(missing):
            report = shifted_by(on_epoch, position, len(missing))
            _append(folds_file, run_fold(experiment, fold, report, means))
    else:
        with processes(jobs) as pool:
            running = [pool.submit(run_fold, experiment, fold, on_epoch, means) for fold in missing]
            _append_each(folds_file, running)
    return read_outcomes(folds_file, experiment.recipe)


def _append_each(folds_file: Path, running: Sequence[Future[FoldOutcome]]) -> None:
    for done in as_completed(running):
        _append(folds_file, done.result())


def _append(folds_file: Path, outcome: FoldOutcome) -> None:
    if world().rank == 0:  # of processes that train together, one writes
        append_line(folds_file, outcome)


def fit_final(experiment: Experiment, on_epoch: OnEpoch = no_report, means: Means = NO_MEANS) -> nn.Module:
    """Train on all speakers."""
    return _fit(experiment, experiment.usable, "final", on_epoch, means)


def publish_network(
    experiment: Experiment,
    network: nn.Module,
    outcomes: Sequence[FoldOutcome],
    root: Path,
    provenance: Provenance,
    recipe_figures: RecipeFigures = (),
    gate: Gated | None = None,
) -> Path:
    """Calibrate the final network by the folds' outputs and publish it; return the model's folder."""
    cfg = experiment.config
    fitted = calibration.fit(*pooled(outcomes))
    clips = prepare_all(experiment.usable, cfg, experiment.seed, augmented=False) if cfg.eight_bits else []
    graph = published_graph(network, clips, cfg)
    card = card_of(
        name=experiment.name,
        config=cfg,
        seed=experiment.seed,
        utterances=experiment.usable,
        outcomes=outcomes,
        calibration=fitted,
        eight_bits=change(network, graph, clips, cfg, fitted.temperature) if cfg.eight_bits else None,
        gate=(gate.floor, gate.passes) if gate else None,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        provenance=provenance,
        recipe_figures=recipe_figures,
    )
    files = {WEIGHTS: weights_of(network), GRAPH: graph}
    if gate:
        files |= {
            GATE_WEIGHTS: weights_of(gate.network),
            GATE_GRAPH: gate_graph_of(gate.network, cfg),
        }
    return publish(slug=experiment.name, files=files, card=card, root=root)


def check_publishable(experiment: Experiment) -> None:
    """See that a recording in the clinic would be heard as the folds' clips are.

    Raises:
        ValueError: it would not. Such an experiment has folds alone.
    """
    if experiment.config.inputs is not None:
        raise ValueError(
            f"{experiment.name} has [inputs] of its own, which the clinic does not compute: nothing can be "
            "published of it. Its folds can be run: --only-folds"
        )
    if experiment.config.preprocess != PreprocessConfig():
        raise ValueError(
            f"{experiment.name} has [preprocess], which the clinic does to no recording: its model would "
            "hear there what it never learnt. Its folds can be run: --only-folds"
        )


def train_and_publish(
    experiment: Experiment,
    *,
    folds_file: Path,
    root: Path,
    provenance: Provenance,
    on_epoch: OnEpoch = no_report,
    jobs: int = 1,
    means: Means = NO_MEANS,
    recipe_figures: RecipeFigures = (),
    trained: nn.Module | None = None,
) -> Path:
    """The whole experiment in one call: folds, final network, gate, publication; return the model's folder.

    With one job, `on_epoch` hears of one long run over all folds, the final network and the gate's (which has
    figures of its own names), and may raise `Cancelled`; with more, folds and final networks run in processes
    of one thread each. A `trained` final network is not trained again.

    Of the processes that `torchrun` starts, the first trains the gate, writes and publishes. All part before
    that, since it takes longer than processes wait for each other.

    Raises:
        ValueError: see `check_publishable`; or rounding that its network does not know.
        Parted: in the other processes, whose work is done.
    """
    check_publishable(experiment)
    check_rounds(experiment.config)
    gate_file = gate_file_of(folds_file)
    own = len(missing_folds(experiment, folds_file)) + (trained is None)
    gates = gate_phases(experiment, gate_file)
    told = shifted_by(on_epoch, 0, own + gates, own) if jobs == 1 else on_epoch
    network = _learn(experiment, folds_file, told, jobs, means, trained)
    part()
    gate = None
    if gates:
        told = shifted_by(on_epoch, own, own + gates, gates) if jobs == 1 else on_epoch
        gate = train_gate(experiment, gate_file, told, jobs, means)
    outcomes = read_outcomes(folds_file, experiment.recipe)
    return publish_network(experiment, network, outcomes, root, provenance, recipe_figures, gate)


def _learn(
    experiment: Experiment,
    folds_file: Path,
    on_epoch: OnEpoch,
    jobs: int,
    means: Means,
    trained: nn.Module | None,
) -> nn.Module:
    """Run the folds that are missing, and return the network that all speakers taught."""
    missing = missing_folds(experiment, folds_file)
    if jobs == 1:
        phases = len(missing) + (trained is None)
        for position, fold in enumerate(missing):
            report = shifted_by(on_epoch, position, phases)
            _append(folds_file, run_fold(experiment, fold, report, means))
        return trained or fit_final(experiment, shifted_by(on_epoch, phases - 1, phases), means)
    with processes(jobs) as pool:
        folds = [pool.submit(run_fold, experiment, fold, on_epoch, means) for fold in missing]
        final = [] if trained else [pool.submit(fit_final, experiment, on_epoch, means)]
        _append_each(folds_file, folds)
        return trained or final[0].result()
