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


def scan_folder(
    path: Path, names: Iterable[str] | None = None, cache: Path | None = None, *, others: bool = False
) -> dict[str, Scan]:
    """Find corpora in `path`, a folder or a zip: the named ones, or all that are there, or (`others`) both.

    A corpus is looked for in the folders that bear its name ("CREMA-D"; "RAVDESS_Song" and "RAVDESS_Speech"),
    or in all of `path` where there is no such folder, or none with a clip of it. Zips are unpacked into
    `cache`, or `archives.default_cache`, and found there the next time.

    Raises:
        FileNotFoundError: no `path`, or it holds not one clip of a named corpus, or of any.
        OSError: the cache cannot be written.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} is neither a folder nor a zip")
    named = tuple(names or ())
    anyway = (name for name, corpus in CORPORA.items() if not corpus.by_request)
    wanted = named if named and not others else tuple(dict.fromkeys([*anyway, *named]))
    scans = {name: _scan(corpus_named(name), path, cache) for name in wanted}
    found = {name: scan for name, scan in scans.items() if scan.utterances}
    lacking = [name for name in named or wanted if name not in found]
    if not found or (named and lacking):
        raise FileNotFoundError(f"{path} holds no clip of {', '.join(lacking)}{_left_out(scans.values())}")
    claimed = {utterance.path for scan in found.values() for utterance in scan.utterances}
    return {name: replace(scan, odd=_unclaimed(scan.odd, claimed)) for name, scan in found.items()}


def _scan(corpus: Corpus, path: Path, cache: Path | None) -> Scan:
    own = _own_places(corpus, path)
    scan = _scan_places(corpus, own or (path,), cache)
    return scan if scan.utterances or not own else _scan_places(corpus, (path,), cache)


def _scan_places(corpus: Corpus, places: tuple[Path, ...], cache: Path | None) -> Scan:
    opened = [archives.open_folders(place, cache) for place in places]
    scan = corpus.scan(*(folder for folders, _ in opened for folder in folders))
    return replace(scan, odd=tuple(file for _, odd in opened for file in odd) + scan.odd)


def _own_places(corpus: Corpus, path: Path) -> tuple[Path, ...]:
    own = (corpus.cast or corpus.name).replace("_", "")
    children = sorted(child for child in path.iterdir() if child.is_dir()) if path.is_dir() else []
    return tuple(child for child in children if _plain(child.name).startswith(own))


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _left_out(scans: Iterable[Scan]) -> str:
    """Tell of the first that should have been a clip, for whoever wonders where they are."""
    lost = list(dict.fromkeys(file for scan in scans for file in scan.odd if file.lost))
    more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
    return f"; left out: {lost[0].path}: {lost[0].reason}{more}" if lost else ""


def _unclaimed(odd: Iterable[OddFile], claimed: set[Path]) -> tuple[OddFile, ...]:
    return tuple(file for file in odd if file.path not in claimed)
