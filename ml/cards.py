"""What a published model says of itself: `card.json`, and the same as a page for people."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml import metrics
from ml.calibration import COVERAGE, Calibration
from ml.config import ExperimentConfig, TrainConfig
from ml.corpora.catalogue import CORPORA
from ml.corpora.manifest import Utterance
from ml.evaluate import judge_folds
from ml.familiarity import AT_MOST_LOST
from ml.folds import FoldOutcome
from ml.labels import EMOTIONS, LABELS
from ml.markdown import table
from ml.voices import ages_of

INTENDED_USE = (
    "To show a clinician how a consenting patient's speech sounds over weeks, beside the clinician's own "
    "judgement, and to draw attention to change against the patient's own baseline."
)
NOT_FOR = (
    "Diagnosis, triage, prognosis or any automatic decision about a person; employment, education or law "
    "enforcement; recordings of people who did not consent."
)
LIMITS = (
    "It hears how a voice sounds, not what a person feels; in a clinic nobody has yet measured it.",
    "Spontaneous speech, other languages, children, the elderly and disordered speech are harder than what "
    "it was measured on, and the figures do not hold there.",
    "Noise, music, other voices, telephone bands and heavy compression change what it hears.",
)
UNCERTAIN_RULE = (
    "A window whose highest calibrated probability is below the threshold is called uncertain. The threshold "
    f"leaves {COVERAGE:.0%} of the held-out speakers' clips answered."
)
UNFAMILIAR_RULE = (
    "A window that a second, smaller network (the gate) does not take for one voice is not answered either. "
    "Its floor lies above noise, tones, music, two voices at once and scraps of sound, as far as that costs "
    f"at most {AT_MOST_LOST:.0%} of the held-out speakers' clips."
)

RecipeFigures = Sequence[Mapping[str, Any]]
"""What the recipe reads by other protocols: title, value, low and high (or None), and how many seeds."""


@dataclass(frozen=True)
class Provenance:
    """Who would repeat it: the command, when it was run (UTC), and how its recipe was come by."""

    command: str
    created: str
    note: str = ""

    @classmethod
    def now(cls, command: str, note: str = "") -> "Provenance":
        """Return `command` with the present time."""
        return cls(command, datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), note)


def card_of(
    *,
    name: str,
    config: ExperimentConfig,
    seed: int,
    utterances: Sequence[Utterance],
    outcomes: Sequence[FoldOutcome],
    calibration: Calibration,
    gate: tuple[float, Mapping[str, float]] | None,
    eight_bits: Mapping[str, float] | None,
    parameters: int,
    provenance: Provenance,
    recipe_figures: RecipeFigures = (),
) -> dict[str, Any]:
    """Return the contents of `card.json`, but for the id and the size of the weights.

    `gate`: its floor, and the share of each kind of sound that passes it. `eight_bits`: see
    `ml.eight_bits.change`.
    """
    judged = judge_folds(outcomes)
    figures = judged.figures()
    return {
        "name": name,
        "created": provenance.created,
        "labels": list(LABELS),
        "config": config.to_dict(),
        "temperature": calibration.temperature,
        "abstention": _abstention(calibration, gate),
        "licence": _licence({u.corpus for u in utterances}),
        "intended_use": INTENDED_USE,
        "not_for": NOT_FOR,
        "limits": [*_measured_limits(utterances, figures), *LIMITS],
        "protocol": f"{_protocol(outcomes, config.train)} {provenance.note}".strip(),
        "training": {
            "clips": len(utterances),
            "speakers": sorted({u.speaker for u in utterances}),
            "hours": round(sum(u.duration_s for u in utterances) / 3600, 2),
            "languages": sorted({u.language for u in utterances if u.language}),
            "ages": ages_of(CORPORA.get(name) for name in sorted({u.corpus for u in utterances})),
        },
        "metrics": figures,
        "reliability": metrics.reliability(judged.targets, judged.probabilities),
        "recipe_figures": [dict(figure) for figure in recipe_figures],
        **({"eight_bits": dict(eight_bits)} if eight_bits else {}),
        "folds": [_fold(outcome) for outcome in outcomes],
        "recipe": outcomes[0].recipe,
        "seed": seed,
        "command": provenance.command,
        "parameters": parameters,
    }


def _abstention(calibration: Calibration, gate: tuple[float, Mapping[str, float]] | None) -> dict[str, Any]:
    uncertain = {"threshold": calibration.threshold, "rule": UNCERTAIN_RULE, "target": COVERAGE}
    if gate is None:
        return uncertain
    floor, passes = gate
    return {**uncertain, "voice_floor": floor, "unfamiliar_rule": UNFAMILIAR_RULE, "passes": dict(passes)}


def _fold(outcome: FoldOutcome) -> dict[str, Any]:
    predictions = outcome.logits.argmax(axis=1)
    return {
        "fold": outcome.index,
        "test_speakers": sorted(set(outcome.speakers)),
        "clips": len(outcome.keys),
        "uar": metrics.uar(outcome.targets, predictions),
        "accuracy": metrics.accuracy(outcome.targets, predictions),
    }


def _measured_limits(utterances: Sequence[Utterance], figures: dict[str, Any]) -> Iterator[str]:
    """Yield what the data and the figures themselves warn of."""
    acted = sorted({CORPORA[u.corpus].title for u in utterances if u.corpus in CORPORA})
    if acted:
        languages = ", ".join(sorted({u.language for u in utterances}))
        statements = len({(u.corpus, u.statement) for u in utterances})
        yield (
            f"It learnt from {len({u.speaker for u in utterances})} speakers and {statements} different "
            f"sentences (language: {languages}) of {'; '.join(acted)}."
        )
    if untaught := [emotion for emotion in EMOTIONS if emotion not in {u.emotion for u in utterances}]:
        yield f"It never heard these: {', '.join(untaught)}. It never answers so; their share is always 0."
    by_sex = figures["uar_by_sex"]
    if len(by_sex) > 1:
        yield f"UAR differs by sex: {', '.join(f'{sex} {_percent(share)}' for sex, share in by_sex.items())}."
    counts = np.array(figures["confusion"], float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0.0)
    worst = (divmod(place, len(LABELS)) for place in np.argsort(-shares, axis=None)[:3].tolist())
    pairs = (f"{LABELS[i]} heard as {LABELS[j]} ({_percent(shares[i, j])})" for i, j in worst)
    yield f"Most often confused: {', '.join(pairs)}."


def _protocol(outcomes: Sequence[FoldOutcome], train: TrainConfig) -> str:
    several = len(outcomes) > 1
    folds = f"{len(outcomes)} folds by speaker" if several else "One held-out group of speakers"
    weights = (
        "the epoch that speakers kept out of training liked best"
        if train.validation_share
        else "a fixed schedule and its last weights"
    )
    return (
        f"{folds}: no speaker is both in training and in test. Whole, unaltered clips; augmentation on "
        f"training clips only; {weights}, so that no fold's test clips chose its weights. Probabilities of a "
        "fold are calibrated by the other folds' outputs. The published network has the same recipe, trained "
        "on all these speakers; its own accuracy cannot be measured on them. "
        "The interval is a bootstrap over speakers (2,000 resamples, 95 %)."
    )


def _licence(names: set[str]) -> dict[str, Any]:
    corpora = [CORPORA[name] for name in sorted(names) if name in CORPORA]
    listed = [
        {"key": c.name, "name": c.title, "language": c.language, "citation": c.citation, "licence": c.licence}
        for c in corpora
    ]
    own = sorted(names - set(CORPORA))
    if own:
        weights = "Of whoever owns the recordings"
        meaning = f"Trained on the clinic's own material ({', '.join(own)}): they stay inside it."
    elif all(corpus.commercial_use for corpus in corpora):
        weights = "Apache-2.0"
        meaning = "The corpora allow any use, and so do these weights."
    else:
        weights = "CC BY-NC-SA 4.0"
        meaning = (
            "Learnt from a corpus under CC BY-NC-SA 4.0, and given on under the same terms: name the "
            "source, no commercial use, share alike. For research, teaching and trial, not for a paid "
            "service, unless the corpus's owners license it (RAVDESS: ravdess@gmail.com)."
        )
    return {"weights": weights, "meaning": meaning, "corpora": listed}


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def page_of(card: dict[str, Any]) -> str:
    """Return the card as a Markdown page."""
    figures, uar = card["metrics"], card["metrics"]["uar"]
    rows = [
        (f"UAR (mean recall of the {_number(len(figures['recall']))} emotions)", _percent(uar["value"])),
        ("its 95 % interval over speakers", f"{_percent(uar['low'])} to {_percent(uar['high'])}"),
        ("counted on", uar["n"]),
        ("Accuracy", _percent(figures["accuracy"])),
        ("Macro F1", _percent(figures["macro_f1"])),
        ("Accuracy on the most confident 70 %", _percent(figures["accuracy_at_70_percent"])),
        ("Calibration error (15 bins of equal mass)", _percent(figures["ece"])),
        ("what a perfectly calibrated model would show", _percent(figures["ece_floor"])),
        ("Negative log-likelihood", f"{figures['nll']:.3f} nats"),
        *((f"UAR, {sex} speakers", _percent(v)) for sex, v in figures["uar_by_sex"].items()),
        *_by_corpus(figures.get("uar_by_corpus", {})),
    ]
    parts = [
        f"# Model card: {card['id']}\n",
        f"{card['intended_use']}\n\n**Not for:** {card['not_for']}\n",
        "## What it is\n",
        f"{card['parameters']:,} parameters ({card['weights_bytes'] / 1e6:.1f} MB), system "
        f"`{card['config']['model']['system']}`, made {card['created'][:10]} with seed {card['seed']} by\n",
        f"```\n{card['command']}\n```\n",
        "## Data and licence\n",
        f"{card['training']['clips']:,} clips, {card['training']['hours']} h, "
        f"{len(card['training']['speakers'])} speakers.\n",
        *(f"- {c['name']} ({c['licence']}). {c['citation']}\n" for c in card["licence"]["corpora"]),
        f"\n**Weights: {card['licence']['weights']}.** {card['licence']['meaning']}\n",
        *_heard_through(card["config"]),
        "## How well it hears\n",
        f"{card['protocol']}\n",
        table(("figure", "value"), rows),
        table(("emotion", "recall"), [(k, _percent(v)) for k, v in figures["recall"].items()]),
        table(
            ("fold", "test speakers", "UAR"),
            [(str(f["fold"]), ", ".join(f["test_speakers"]), _percent(f["uar"])) for f in card["folds"]],
        ),
        *_reliability(card),
        "Rows are what was acted, columns what was heard:\n",
        table(("", *LABELS), _confusion_rows(figures["confusion"])),
        *_eight_bits(card.get("eight_bits")),
        *_recipe(card.get("recipe_figures", ())),
        "## When it says nothing\n",
        f"{card['abstention']['rule']} Threshold {card['abstention']['threshold']:.3f}, "
        f"temperature {card['temperature']:.3f}.\n",
        *_unfamiliar(card["abstention"]),
        "## Limits\n",
        "\n".join(f"- {limit}" for limit in card["limits"]) + "\n",
    ]
    return "\n".join(parts).replace("\n\n\n", "\n\n")


def _heard_through(config: Mapping[str, Any]) -> Iterator[str]:
    """What is done to clips before any feature, and to those that it learnt from besides."""
    steps = _settings(config.get("preprocess", {}))
    altered = dict(config["train"]["augment"])
    channel = {f"channel.{name}": value for name, value in altered.pop("channel", {}).items()}
    yield "## What clips go through\n"
    yield "Before any feature, and in use as well (names as in `ml/config.py`):\n"
    yield table(("preprocessing", "set to"), steps) if steps else "- preprocessing: none\n"
    yield "Training clips alone:\n"
    yield table(("augmentation", "set to"), _settings(altered | channel))


def _settings(named: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is switched on, in words of its configuration."""
    return [
        (name, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in named.items()
        if value not in (0, [], "", None, "keep")
    ]


def _by_corpus(intervals: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for name, uar in intervals.items():
        title = CORPORA[name].title if name in CORPORA else name
        span = f"{_percent(uar['low'])} to {_percent(uar['high'])}"
        yield f"UAR, unheard speakers of {title}", f"{_percent(uar['value'])} ({span})"


def _unfamiliar(abstention: dict[str, Any]) -> Iterator[str]:
    if "voice_floor" in abstention:
        yield f"{abstention['unfamiliar_rule']} Floor {abstention['voice_floor']:.3f} nats.\n"
        yield "What such gates let pass of unheard speakers, and of sounds made of their voices:\n"
        yield table(("sound", "passes"), [(k, _percent(v)) for k, v in abstention["passes"].items()])


def _number(count: int) -> str:
    return {5: "five", 6: "six", 7: "seven", 8: "eight"}.get(count, str(count))


def picture_of(card: Mapping[str, Any]) -> str:
    """Return the name of the reliability diagram that the page shows."""
    return f"{card['id']}-reliability.svg"


def _reliability(card: Mapping[str, Any]) -> Iterator[str]:
    if bins := card.get("reliability"):
        yield "How often answers of a given sureness were right, in bins of equal mass:\n"
        yield f"![reliability]({picture_of(card)})\n"
        rows = [(_percent(sure), _percent(right), str(count)) for sure, right, count in bins]
        yield table(("mean sureness", "right", "clips"), rows)


def _eight_bits(changed: Mapping[str, float] | None) -> Iterator[str]:
    if changed:
        yield "## In eight bits\n"
        yield (
            "On a CPU the inner convolutions count in eight bits (`ml/quantisation.py`), on a GPU in single "
            f"precision, as in the folds above. Over {changed['clips']} clips that it learnt from, the most "
            f"changed emotion's probability moves by {100 * changed['mean']:.1f} points in the mean, "
            f"{100 * changed['largest']:.1f} at most; "
            f"{_percent(changed['other_answers'])} of the answers become others.\n"
        )


def _recipe(figures: RecipeFigures) -> Iterator[str]:
    if figures:
        yield "## What the recipe reads by other protocols\n"
        yield "Of networks that were trained alike, each on what its protocol allows, not of these weights.\n"
        rows = [
            (f["title"], f"{f['value']:.1f}", _span(f["low"], f["high"]), str(f["seeds"])) for f in figures
        ]
        yield table(("figure", "value", "95 %", "seeds"), rows)


def _span(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.1f} to {high:.1f}"


def _confusion_rows(counts: list[list[int]]) -> list[list[str]]:
    return [[label, *map(str, row)] for label, row in zip(LABELS, counts, strict=True)]
