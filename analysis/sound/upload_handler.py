"""How an upload reaches the disk: that it is full is said in a sentence, not by a broken page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from analysis.sound.audio_store import is_no_room


class ArrivingFile(TemporaryUploadedFile):
    """An upload on its way; ``no_room`` says that only a part of it could be written."""

    no_room = False


class RoomyUploadHandler(TemporaryFileUploadHandler):
    """Django's own, but a full disk is noted on the file, for intake to find; the rest is dropped.

    Django reads the body before it asks any view: an error raised here would have nobody to explain it.
    """

    file: ArrivingFile

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file.close()
        self.file = ArrivingFile(str(self.file_name), str(self.content_type), 0, self.charset)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        with self._noting_no_room():
            if not self.file.no_room:
                self.file.write(raw_data)
        return None

    def file_complete(self, file_size: int) -> ArrivingFile:
        with self._noting_no_room():
            self.file.flush()
        super().file_complete(file_size)
        return self.file

    @contextmanager
    def _noting_no_room(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if not is_no_room(error):
                raise
            self.file.no_room = True
            # Give the room back at once: the database needs it to write down what happened.
            self.file.truncate(0)
