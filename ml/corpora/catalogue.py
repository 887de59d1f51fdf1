"""The corpora by name: a new one is a file beside this one and a line here."""

from collections.abc import Iterable
from pathlib import Path

from ml.corpora import emodb, nemo, ravdess
from ml.corpora.manifest import Corpus, Scan

CORPORA: dict[str, Corpus] = {corpus.name: corpus for corpus in (ravdess.CORPUS, emodb.CORPUS, nemo.CORPUS)}


def corpus_named(name: str) -> Corpus:
    """Return the corpus, or raise `ValueError` that lists the known ones."""
    if name not in CORPORA:
        raise ValueError(f"unknown corpus {name!r}; known: {', '.join(CORPORA)}")
    return CORPORA[name]


def scan_folder(folder: Path, names: Iterable[str] = tuple(CORPORA)) -> dict[str, Scan]:
    """Find each named corpus in `folder/<name>`, or in `folder` itself where there is no such subfolder.

    Raises:
        FileNotFoundError: `folder` is no folder, or holds not one clip of a named corpus.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder")
    scans: dict[str, Scan] = {}
    for name in names:
        inner = folder / name
        scans[name] = corpus_named(name).scan(inner if inner.is_dir() else folder)
    empty = [name for name, scan in scans.items() if not scan.utterances]
    if empty:
        raise FileNotFoundError(f"{folder} holds no clip of {', '.join(empty)}")
    return scans
