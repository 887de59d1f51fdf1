"""The corpora by name: a new one is a file beside this one and a line here."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ml.corpora import archives, cremad, emodb, iemocap, nemo, ravdess, savee, tess
from ml.corpora.manifest import Corpus, OddFile, Scan

CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        ravdess.CORPUS,
        ravdess.SONG,
        tess.CORPUS,
        savee.CORPUS,
        cremad.CORPUS,
        emodb.CORPUS,
        nemo.CORPUS,
        iemocap.CORPUS,
    )
}


def corpus_named(name: str) -> Corpus:
    """Return the corpus, or raise `ValueError` that lists the known ones."""
    if name not in CORPORA:
        raise ValueError(f"unknown corpus {name!r}; known: {', '.join(CORPORA)}")
    return CORPORA[name]


def scan_folder(path: Path, names: Iterable[str] | None = None, cache: Path | None = None) -> dict[str, Scan]:
    """Find corpora in `path`, a folder or a zip: the named ones, or every one that is there.

    A corpus is looked for in the folder that bears its name ("CREMA-D", "TESS Toronto emotional speech set"),
    or in all of `path` where there is no such folder. Zips are unpacked into `cache`.

    Raises:
        FileNotFoundError: no `path`, or it holds not one clip of a named corpus, or of any.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} is neither a folder nor a zip")
    wanted = tuple(names) if names is not None else tuple(n for n, c in CORPORA.items() if not c.by_request)
    scans = {name: _scan(corpus_named(name), path, cache) for name in wanted}
    found = {name: scan for name, scan in scans.items() if scan.utterances}
    lacking = [name for name in wanted if name not in found]
    if not found or (names is not None and lacking):
        raise FileNotFoundError(f"{path} holds no clip of {', '.join(lacking)}")
    claimed = {utterance.path for scan in found.values() for utterance in scan.utterances}
    return {name: replace(scan, odd=_unclaimed(scan.odd, claimed)) for name, scan in found.items()}


def _scan(corpus: Corpus, path: Path, cache: Path | None) -> Scan:
    folders, odd = archives.open_folders(_own_place(corpus, path), cache)
    scan = corpus.scan(*folders)
    return replace(scan, odd=odd + scan.odd)


def _own_place(corpus: Corpus, path: Path) -> Path:
    own = (corpus.cast or corpus.name).replace("_", "")
    children = sorted(child for child in path.iterdir() if child.is_dir()) if path.is_dir() else []
    return next((child for child in children if _plain(child.name).startswith(own)), path)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _unclaimed(odd: Iterable[OddFile], claimed: set[Path]) -> tuple[OddFile, ...]:
    return tuple(file for file in odd if file.path not in claimed)
