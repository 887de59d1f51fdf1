"""Corpora as they are downloaded: folders, zips, and folders of zips."""

import errno
import lzma
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from ml.corpora.manifest import SUFFIXES, UNREAD, OddFile

_KEPT = SUFFIXES | UNREAD | {".csv", ".tsv", ".txt"}
_BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    NotImplementedError, RuntimeError, EOFError, ValueError, OverflowError,
)  # fmt: skip
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


class BrokenZip(ValueError):
    """A zip that cannot be read; the message is the reason."""


def default_cache() -> Path:
    """Return the folder for what is unpacked: `ser-clinic/corpora` in `XDG_CACHE_HOME`, or in `~/.cache`.

    Raises:
        FileNotFoundError: neither is there, as for a user without a home.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        base = named if named.is_absolute() else Path.home() / ".cache"
    except RuntimeError as fault:
        raise FileNotFoundError("no folder to unpack zips in: set XDG_CACHE_HOME") from fault
    return base / "ser-clinic" / "corpora"


def open_folders(path: Path, cache: Path | None = None) -> tuple[tuple[Path, ...], tuple[OddFile, ...]]:
    """Return the folders to read for `path`: itself and the zips in it (or that it is), unpacked in `cache`.

    A zip is unpacked once; later calls find it. One that cannot be read is returned as odd. Without a `cache`
    it is `default_cache`, which is made only when there is a zip to unpack.

    Raises:
        OSError: the cache cannot be written, or is full.
    """
    archives = [path] if path.is_file() else sorted(path.rglob("*.zip"))
    folders, odd = [] if path.is_file() else [path], []
    for archive in archives:
        try:
            folders.append(unpack(archive, cache or default_cache()))
        except BrokenZip as fault:
            odd.append(OddFile(archive, f"not a readable zip: {fault}", lost=True))
    return tuple(folders), tuple(odd)


def unpack(archive: Path, cache: Path) -> Path:
    """Unpack the audio and label files of `archive` into a folder of its own in `cache`; return it.

    The folder is named after the zip, its size and when it was last changed: another zip is unpacked anew.

    Raises:
        BrokenZip: it cannot be read.
        OSError: the cache cannot be written, or is full.
    """
    try:
        state = archive.stat()
        folder = cache / f"{archive.stem}-{state.st_size:x}-{state.st_mtime_ns:x}"
        if folder.is_dir():
            return folder
        opened = zipfile.ZipFile(archive)
    except (*_BROKEN, OSError) as fault:
        raise BrokenZip(str(fault)) from fault
    with opened:
        cache.mkdir(parents=True, exist_ok=True)
        # Renamed only when complete, so that an interrupted run leaves nothing that looks like a corpus.
        partial = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=cache))
        try:
            _extract(opened, partial)
            return _settled(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _extract(opened: zipfile.ZipFile, folder: Path) -> None:
    """Extract what is wanted; `zipfile` itself keeps every member inside `folder`, whatever its name says."""
    try:
        opened.extractall(folder, [name for name in opened.namelist() if _is_wanted(name)])
    except _BROKEN as fault:
        raise BrokenZip(str(fault)) from fault
    except OSError as fault:
        # A name that no file can have, a file in a folder's place: the zip's fault, which a full disk is not.
        if fault.errno in _NO_ROOM:
            raise
        raise BrokenZip(str(fault)) from fault


def _settled(partial: Path, folder: Path) -> Path:
    try:
        return partial.rename(folder)
    except OSError:
        if folder.is_dir():  # another process was faster, as under torchrun
            return folder
        raise


def _is_wanted(member: str) -> bool:
    path = PurePosixPath(member)
    foreign = "__MACOSX" in path.parts or path.name.startswith("._")
    return path.suffix.lower() in _KEPT and not foreign
