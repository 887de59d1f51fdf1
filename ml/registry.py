"""Published models: one folder with weights, graphs and card under one id, never overwritten."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.config import ExperimentConfig

DEFAULT_ROOT = Path(__file__).parent / "weights"
DEFAULT_MODEL = "flagship-full"
"""Which of the models that come with the program is meant where none is named."""

WEIGHTS, GRAPH, CARD = "weights.pt", "graph.onnx", "card.json"
GATE_WEIGHTS, GATE_GRAPH = "gate.pt", "gate.onnx"

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class UnknownModel(LookupError):
    """No such model in the folders that were searched."""


class AlreadyPublished(FileExistsError):
    """A model with this id is there already; models are never overwritten."""


@dataclass(frozen=True)
class ModelCard:
    """What `card.json` says, and where it stands. `contents` is all of it, for whoever shows it.

    A window that the gate scores below `voice_floor` is not one voice (`ml.gate`). Older models have no gate.
    """

    id: str
    name: str
    created: str
    labels: tuple[str, ...]
    config: ExperimentConfig
    temperature: float
    abstention_threshold: float
    voice_floor: float | None
    contents: Mapping[str, Any]
    folder: Path

    @property
    def weights(self) -> Path:
        """State dictionary for torch."""
        return self.folder / WEIGHTS

    @property
    def graph(self) -> Path:
        """Graph for ONNX Runtime."""
        return self.folder / GRAPH

    @property
    def gate_weights(self) -> Path:
        """The gate's state dictionary, where there is a `voice_floor`."""
        return self.folder / GATE_WEIGHTS

    @property
    def gate_graph(self) -> Path:
        """The gate's graph, where there is a `voice_floor`."""
        return self.folder / GATE_GRAPH

    @classmethod
    def read(cls, folder: Path) -> "ModelCard":
        """Read the card in `folder`."""
        contents: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
        return cls(
            id=contents["id"],
            name=contents["name"],
            created=contents["created"],
            labels=tuple(contents["labels"]),
            config=ExperimentConfig.from_dict(contents["config"]),
            temperature=contents["temperature"],
            abstention_threshold=contents["abstention"]["threshold"],
            voice_floor=contents["abstention"].get("voice_floor"),
            contents=contents,
            folder=folder,
        )


def list_models(*roots: Path) -> list[ModelCard]:
    """Return the cards of all models under `roots` (by default the shipped ones), oldest first."""
    return sorted(_cards(roots), key=lambda card: (card.created, card.id))


def load_card(model: str | None = None, *roots: Path) -> ModelCard:
    """Return the card with the id `model`, or the newest with that name.

    Without `roots`, the models are those that come with the program, and `DEFAULT_MODEL` where none is named;
    of other `roots` the newest of all.

    Raises:
        UnknownModel: there is none.
    """
    wanted = model or (None if roots else DEFAULT_MODEL)
    for card in reversed(list_models(*roots)):
        if wanted in (None, card.id, card.name):
            return card
    raise UnknownModel(f"no model {wanted or ''} in {', '.join(map(str, roots or (DEFAULT_ROOT,)))}")


def _cards(roots: tuple[Path, ...]) -> Iterator[ModelCard]:
    for root in roots or (DEFAULT_ROOT,):
        for path in root.glob(f"*/{CARD}"):
            if not path.parent.name.startswith("."):  # a publication in progress
                yield ModelCard.read(path.parent)


def publish(
    *, slug: str, files: Mapping[str, bytes], card: Mapping[str, Any], root: Path = DEFAULT_ROOT
) -> Path:
    """Write a model under `<slug>-<8 hex of what decides its answers>` and return its folder.

    What decides are the files and, of the card, temperature and abstention: a network with another
    calibration is another model. The folder appears at once with all `files` (`WEIGHTS` and `GRAPH` at least)
    and the card, or not at all.

    Raises:
        ValueError: `slug` is not a lower-case name such as `parallel` or `parallel-small`.
        AlreadyPublished: the same model is there.
    """
    if not _SLUG.fullmatch(slug):
        raise ValueError(f"{slug!r} is not a lower-case name with hyphens")
    calibration = json.dumps([card.get("temperature"), card.get("abstention")], sort_keys=True)
    digest = hashlib.sha256(b"".join([*files.values(), calibration.encode()])).hexdigest()
    model_id = f"{slug}-{digest[:8]}"
    folder = root / model_id
    root.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".publishing-", dir=root))
    try:
        for name, content in files.items():
            (draft / name).write_bytes(content)
        size = sum(len(content) for name, content in files.items() if name in (WEIGHTS, GATE_WEIGHTS))
        _write_card(draft / CARD, {"id": model_id, **card, "weights_bytes": size})
        draft.chmod(0o755)  # mkdtemp's own mode would hide the model from the other processes' users
        _appear(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def tell_of_recipe(card: ModelCard, figures: Sequence[Mapping[str, Any]]) -> ModelCard:
    """Let a published card tell `figures` of its recipe, which may be measured long after the weights.

    All else that was published stays as it is; the new card takes the old one's place at once.
    """
    draft = card.folder / f".{CARD}"
    _write_card(draft, {**card.contents, "recipe_figures": [dict(figure) for figure in figures]})
    draft.replace(card.folder / CARD)
    return ModelCard.read(card.folder)


def _write_card(file: Path, contents: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(contents, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _appear(draft: Path, folder: Path) -> None:
    # rename() replaces an empty folder silently but refuses a full one, and every published one is full.
    try:
        os.rename(draft, folder)
    except OSError as fault:
        if folder.exists():
            raise AlreadyPublished(f"{folder.name} is published already") from fault
        raise
