"""Corpora as they are downloaded: folders, zips, and folders of zips."""

import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from ml.corpora.manifest import SUFFIXES, OddFile

_KEPT = SUFFIXES | {".csv", ".txt"}
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)


def open_folders(path: Path, cache: Path | None = None) -> tuple[tuple[Path, ...], tuple[OddFile, ...]]:
    """Return the folders to read for `path`: itself and the zips in it (or that it is), unpacked in `cache`.

    A zip is unpacked once; later calls find it. One that cannot be read is returned as odd.
    """
    archives = [path] if path.is_file() else sorted(path.rglob("*.zip"))
    folders, odd = [] if path.is_file() else [path], []
    for archive in archives:
        if cache is None:
            odd.append(OddFile(archive, "a zip, and no cache folder was named to unpack it in"))
            continue
        try:
            folders.append(unpack(archive, cache))
        except _BROKEN as fault:
            odd.append(OddFile(archive, f"not a readable zip: {fault}"))
    return tuple(folders), tuple(odd)


def unpack(archive: Path, cache: Path) -> Path:
    """Unpack the audio and label files of `archive` into a folder of its own in `cache`; return it."""
    state = archive.stat()
    folder = cache / f"{archive.stem}-{state.st_size:x}-{state.st_mtime_ns:x}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    # Renamed only when complete, so that an interrupted run leaves nothing that looks like a corpus.
    partial = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=cache))
    try:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(partial, [name for name in opened.namelist() if _is_wanted(name)])
        return partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial)
        raise


def _is_wanted(member: str) -> bool:
    path = PurePosixPath(member)
    foreign = "__MACOSX" in path.parts or path.name.startswith("._")
    return path.suffix.lower() in _KEPT and not foreign
