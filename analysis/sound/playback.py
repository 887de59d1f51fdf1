"""Sound for the player: one byte range at a time, streamed in blocks, noted once per playing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.core.files.base import File
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import quote_etag

from analysis.access import note_once
from analysis.models import Recording
from patients.audit import Action
from patients.models import Clinician

BLOCK = 256 * 1024
ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Unsatisfiable(Exception):
    """The range lies outside the file."""


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a single range; None where the whole file is to be sent (RFC 9110, 14.2).

    Raises:
        Unsatisfiable: no byte of the file lies within the range.
    """
    match = ONE_RANGE.fullmatch(header.strip())
    if match is None or match[1] == match[2] == "":
        return None  # several ranges, or another unit: a server may answer with the whole
    if match[1] == "":
        length = int(match[2])
        if length == 0 or size == 0:
            raise Unsatisfiable
        return max(0, size - length), size - 1
    first = int(match[1])
    last = min(int(match[2]) if match[2] else size - 1, size - 1)
    if match[2] and int(match[2]) < first:
        return None  # not a valid range: ignored
    if first >= size:
        raise Unsatisfiable
    return first, last


def note_playing(by: Clinician, recording: Recording) -> None:
    """However many ranges the browser fetches, listening is one act."""
    note_once(by, Action.RECORDING_PLAYED, patient=recording.session.patient, subject=recording)


def sound_response(request: HttpRequest, recording: Recording) -> HttpResponseBase:
    """The canonical sound, or the part of it that was asked for."""
    size, etag = recording.canonical.size, quote_etag(recording.canonical.name or "")
    wanted = request.headers.get("Range", "")
    if request.headers.get("If-Range", etag) != etag:
        wanted = ""  # the sound has changed since: a part of it would not fit
    response: HttpResponseBase
    try:
        part = parse_range(wanted, size)
    except Unsatisfiable:
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        first, last = part or (0, size - 1)
        response = StreamingHttpResponse(
            _blocks(recording.canonical.open("rb"), first, last), status=206 if part else 200
        )
        response["Content-Length"] = str(last - first + 1)
        if part:
            response["Content-Range"] = f"bytes {first}-{last}/{size}"
    response["Content-Type"] = "audio/flac"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    # A patient's voice does not stay in the browser's cache after the page is closed.
    response["Cache-Control"] = "private, no-store"
    return response


async def _blocks(file: File[bytes], first: int, last: int) -> AsyncIterator[bytes]:
    """Bytes ``first`` to ``last`` without ever holding more than one block, nor the event loop."""
    try:
        await sync_to_async(file.seek)(first)
        left = last - first + 1
        while left > 0:
            block = await sync_to_async(file.read)(min(BLOCK, left))
            if not block:
                break
            left -= len(block)
            yield block
    finally:
        file.close()
