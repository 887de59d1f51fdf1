"""Where sound is kept: a folder or an object store, as the settings say, always under random names."""

from __future__ import annotations

import errno
import hashlib
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage
from django.db.models.fields.files import FieldFile

log = logging.getLogger(__name__)

NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class StorageFull(Exception):
    """Nothing was kept: the storage has no room for it."""


class FileMissing(Exception):
    """The storage does not have what a row says it keeps."""


def is_no_room(error: BaseException) -> bool:
    return isinstance(error, StorageFull) or (isinstance(error, OSError) and error.errno in NO_ROOM)


def digest(upload: File[bytes]) -> tuple[str, int]:
    """SHA-256 and true size in bytes, in one flat-memory pass."""
    sha256, size = hashlib.sha256(), 0
    for chunk in upload.chunks():
        sha256.update(chunk)
        size += len(chunk)
    return sha256.hexdigest(), size


def keep(field: FieldFile, content: File[bytes]) -> None:
    """Store ``content`` under the field's own new name; the row is not saved. All of it is kept, or nothing.

    Raises:
        StorageFull: there was no room.
    """
    name = field.field.generate_filename(field.instance, "")
    field.storage.delete(name)
    try:
        field.name = field.storage.save(name, content)
    except BaseException as error:
        field.name = ""
        discard(field.storage, name)
        if is_no_room(error):
            raise StorageFull from error
        raise


def discard(storage: Storage, name: str | None) -> None:
    """Remove what no row speaks of. That it could not be removed must not hide why it should have been."""
    try:
        if name:
            storage.delete(name)
    except OSError:
        log.exception("The stored file %s is no longer needed but could not be removed.", name)


@contextmanager
def as_local_file(field: FieldFile) -> Iterator[Path]:
    """A path that decoders can open: the file itself, or a copy of it where the storage is not a folder.

    Raises:
        FileMissing: the storage no longer has it.
    """
    if not (field and field.storage.exists(str(field.name))):
        raise FileMissing(field.name)
    try:
        path = Path(field.path)
    except NotImplementedError:
        with tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as copy, field.open("rb") as kept:
            shutil.copyfileobj(kept, copy)
            copy.flush()
            yield Path(copy.name)
    else:
        yield path
