"""The sound of a recording, for the player."""

from __future__ import annotations

from uuid import UUID

from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from analysis.access import open_results
from analysis.sound.playback import note_playing, sound_response
from analysis.sound.withdrawals import may_be_listened_to
from patients.access import NotVisible, SignedInRequest


@require_GET
def recording_audio(request: SignedInRequest, recording_id: UUID) -> HttpResponseBase:
    recording = open_results(request.user, recording_id)
    if not recording.canonical or recording.is_voided or not may_be_listened_to(recording):
        raise NotVisible
    note_playing(request.user, recording)
    return sound_response(request, recording)
