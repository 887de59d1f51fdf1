"""What must not stay, goes: sound that no patient agreed to keep, and what killed processes left behind.

A day passes first, so that a consent withdrawn by mistake can be given again, and so that nothing is taken
from under an upload or an analysis that is still at work.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from analysis.models import Analysis, Explanation, Recording
from analysis.sound import audio_store
from patients.audit import Action, record
from patients.models import Consent

log = logging.getLogger(__name__)

GRACE = timedelta(days=1)
# Within a day of a withdrawal the sound is gone: the clock comes every hour, and this leaves it some.
REGRET = timedelta(hours=20)
# What could not be heard stays for trying again, but not for ever when nobody agreed to its being kept.
FAILED_STAYS = timedelta(days=7)


def tidy() -> None:
    """Everything below, one after the other; each leaves the database and the storage whole at any moment."""
    forget_sound()
    clear_uploads()
    clear_orphans()


def forget_sound() -> int:
    """Remove the sound of analysed recordings whose patient has not agreed to its being kept."""
    forgotten = 0
    for recording in _not_to_be_kept().select_related("session__patient").defer(*Recording.DRAWN):
        _forget(recording)
        forgotten += 1
    return forgotten


def _not_to_be_kept() -> QuerySet[Recording]:
    """Without consent for nearly a day, and of no more use: heard, failed long ago, or never to be heard."""
    since = timezone.now() - REGRET
    of_patient = Consent.objects.filter(
        patient=OuterRef("session__patient"), purpose=Consent.Purpose.KEEP_AUDIO
    )
    agreed = of_patient.filter(Q(withdrawn_at=None) | Q(withdrawn_at__gt=since))
    work = Analysis.objects.filter(recording=OuterRef("pk"))
    waiting = Q(state__in=(Analysis.State.QUEUED, Analysis.State.RUNNING)) | Q(
        state=Analysis.State.FAILED, finished_at__gte=timezone.now() - FAILED_STAYS
    )
    lately = Q(state=Analysis.State.DONE, finished_at__gte=since)
    # Who withdrew both will have nothing heard again, so nothing waits for it.
    to_be_heard = Consent.objects.filter(
        Q(withdrawn_at=None) | Q(withdrawn_at__gt=since),
        patient=OuterRef("session__patient"),
        purpose=Consent.Purpose.ANALYSE,
    )
    needed = (Exists(work.filter(waiting)) & Exists(to_be_heard)) | Exists(work.filter(lately))
    return Recording.objects.exclude(audio="").filter(~Exists(agreed), ~Q(needed))


def _forget(recording: Recording) -> None:
    """The row lets go first: a file without a row is found again as an orphan, the reverse is not."""
    files = [(field.storage, field.name) for field in (recording.audio, recording.canonical) if field]
    recording.audio = recording.canonical = ""
    with transaction.atomic():
        recording.save(update_fields=["audio", "canonical"])
        # A spectrogram is close to the sound itself: speech can be made of it again.
        Explanation.objects.filter(analysis__recording=recording).delete()
        record(
            actor=None,
            action=Action.RECORDING_SOUND_REMOVED,
            patient=recording.session.patient,
            subject=recording,
        )
    for storage, name in files:
        audio_store.discard(storage, name)


def clear_uploads() -> None:
    """Remove what uploads and analyses that were killed left in the folder for work in progress."""
    before = time.time() - GRACE.total_seconds()
    for path in Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir():
        if path.stat().st_mtime < before:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def clear_orphans() -> None:
    """Remove stored sound that no row speaks of: its process was killed before the row was written."""
    for column in ("audio", "canonical"):
        field = Recording._meta.get_field(column)
        storage: Storage = field.storage  # type: ignore[union-attr]
        folder = {"audio": "recordings", "canonical": "canonical"}[column]
        known = set(Recording.objects.exclude(**{column: ""}).values_list(column, flat=True))
        before = timezone.now() - GRACE
        for name in _stored(storage, folder):
            if name not in known and storage.get_modified_time(name) < before:
                log.warning("Removing %s, which no recording speaks of.", name)
                audio_store.discard(storage, name)


def _stored(storage: Storage, folder: str) -> Iterator[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{file}" for file in files)
    for inner in folders:
        yield from _stored(storage, f"{folder}/{inner}")
