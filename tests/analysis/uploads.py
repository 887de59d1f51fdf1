"""Recordings handed in the way a browser does it, for tests of what becomes of them."""

from __future__ import annotations

import numpy as np
from django.core.files.uploadedfile import TemporaryUploadedFile

from analysis.intake import Receipt, accept_recording
from analysis.models import Recording
from patients.models import Clinician, Session
from tests.voices import encode, speech


def uploaded(name: str, contents: bytes) -> TemporaryUploadedFile:
    """A file as the upload handler of the settings leaves it: on disk, read from its beginning."""
    upload = TemporaryUploadedFile(name, "application/octet-stream", len(contents), None)
    upload.write(contents)
    upload.seek(0)
    return upload


def hand_in(
    by: Clinician,
    session: Session,
    contents: bytes | None = None,
    *,
    name: str = "talk.wav",
    channel: str = Recording.Channel.MIX,
) -> Receipt:
    """By default twelve seconds of real speech."""
    contents = encode(speech(12), "wav") if contents is None else contents
    upload = uploaded(name, contents)
    try:
        return accept_recording(by=by, session=session, upload=upload, channel=channel)
    finally:
        upload.close()  # as Django does at the end of a request


def two_voices(seconds: float = 12) -> bytes:
    """A stereo WAV: one actor on the left, another on the right."""
    return encode(np.stack([speech(seconds, clip=1), speech(seconds, clip=4)], axis=1), "wav")


def half_a_copy() -> bytes:
    """An M4A whose index, which stands at its end, never arrived."""
    whole = encode(speech(5), "m4a")
    return whole[: len(whole) // 2]


def wav_header_only() -> bytes:
    """What a copy leaves that broke off at once: a WAV that promises sound and holds none."""
    return encode(speech(5), "wav")[:44]


def unreadable(kind: str) -> bytes:
    return {"random": np.random.default_rng(0).bytes(50_000), "text": b"Dear colleague,\n" * 200}[kind]
