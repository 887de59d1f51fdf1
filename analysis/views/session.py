"""One session: a recording to hear and to look at, with the summary of the whole session beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from analysis.access import note_once, open_results
from analysis.charts import drawings
from analysis.charts.palette import LIGHT, greyed
from analysis.decimals import decimal
from analysis.forms import UploadForm
from analysis.session.evidence import Evidence, evidence_of, sound_removed_at
from analysis.session.hearings import Hearing, hearing_of, hearings_in
from analysis.session.moments import Moment
from analysis.session.stretches import Stretch
from analysis.trends.trend import combine
from analysis.views.judgements import review_context
from analysis.views.voice import voice_of_session
from analysis.wording import phrases
from analysis.wording.said import SessionReview
from analysis.wording.validity import not_validated
from ml.labels import EMOTIONS, Emotion
from patients.access import NotVisible, SignedInRequest, open_session
from patients.audit import Action, record

SHORTEST_S = 1.0  # of what can be looked at


@require_GET
def session_page(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    session = open_session(request.user, session_id)
    hearings = hearings_in(session, with_results=request.user.sees_results)
    chosen = _chosen(hearings, request.GET.get("recording"))
    record(
        actor=request.user,
        action=Action.SESSION_VIEWED,
        patient=session.patient,
        subject=session,
        detail={"recording": str(chosen.recording.pk)} if chosen else {},
    )
    standing = [hearing for hearing in hearings if not hearing.recording.is_voided]
    heard = combine(
        [(h.finished.model_version.number, h.summary) for h in standing if h.finished and h.summary]
    )
    bars, scale_end = drawings.interval_bars(heard) if heard else ([], "")
    prefetch_related_objects([session.patient], "consents")  # whose page it is, and the upload, ask for them
    review = review_context(request, session)
    context = {
        "patient": session.patient,
        "session": session,
        "not_validated": not_validated(request.user, session.patient),
        "hearings": hearings,
        "pending": [hearing for hearing in standing if not hearing.is_final],
        "standing": standing,
        "chosen": chosen,
        "heard": heard,
        "sentence": phrases.session_sentence(heard),
        "bars": bars,
        "scale_end": scale_end,
        "emotions": [(emotion, phrases.SOUNDS[emotion]) for emotion in EMOTIONS],
        "form": UploadForm(),
        **review,
        **voice_of_session(request.user, session),
        **(_player(chosen, review.get("review"), request.GET.get("at")) if chosen else {}),
    }
    return render(request, "analysis/session.html", context)


def _chosen(hearings: list[Hearing], wanted: str | None) -> Hearing | None:
    """The recording to open: the one asked for, or the first with a result."""
    readable = [h for h in hearings if h.summary and not h.recording.is_voided]
    return next((h for h in readable if str(h.recording.pk) == wanted), next(iter(readable), None))


def _player(hearing: Hearing, review: SessionReview | None, at: str | None) -> dict[str, Any]:
    """What the page shows of the chosen recording, drawn already, so that it needs no script to be seen."""
    evidence = evidence_of(hearing, review.judgements if review else None)
    if evidence is None:
        return {}
    return {
        "evidence": evidence,
        "drawn": evidence.drawn(evidence.whole),
        "begin_at": min(_seconds(at, 0.0), evidence.duration_s),
        "sound_removed_at": sound_removed_at(hearing.recording),
        "moments": [ShownMoment(moment) for moment in evidence.moments],
        "talk": _talk(evidence),
    }


@dataclass(frozen=True)
class ShownMoment:
    """A moment in words."""

    moment: Moment

    @property
    def sounds(self) -> str:
        return str(phrases.SOUNDS[self.moment.emotion])

    @property
    def moves(self) -> str:
        """The emotion that it moved most, and by how many points, with their sign."""
        points = decimal(abs(self.moment.by) * 100, 1)
        return _("moves %(emotion)s by %(sign)s%(points)s points") % {
            "emotion": phrases.SOUNDS[self.moment.moved],
            "sign": "+" if self.moment.by > 0 else "−",
            "points": points,
        }


@dataclass(frozen=True)
class TalkPart:
    """One line of who spoke for how long, and its bar in per cent of the width."""

    key: str
    words: str
    seconds: float
    share: float
    begins: float

    @property
    def width(self) -> float:
        return self.share * 100


def _talk(evidence: Evidence) -> list[TalkPart]:
    """In the order in which the bars are painted: where both speak, that lies over the two."""
    talk = evidence.talk

    def part(key: str, words: str, seconds: float, begins: float) -> TalkPart:
        return TalkPart(key, words, seconds, talk.share(seconds), talk.share(begins) * 100)

    alone = talk.patient - talk.both
    pause = part("pause", _("Nobody speaks"), talk.pause, talk.duration - talk.pause)
    if talk.other is None:
        return [part("patient", _("Speech"), talk.patient, 0), pause]
    return [
        part("patient", _("The patient speaks"), talk.patient, 0),
        part("other", _("The other voice speaks"), talk.other, alone),
        part("both", _("Both at once"), talk.both, alone),
        pause,
    ]


def _seconds(text: str | None, default: float) -> float:
    """A place in a recording out of an address; ``default`` for what is not one."""
    try:
        seconds = float(text or "")
    except ValueError:
        return default
    return max(0.0, seconds) if math.isfinite(seconds) else default


def _opened(request: SignedInRequest, recording_id: UUID) -> tuple[Evidence, Stretch]:
    """What there is to see of a recording, and the part of it that the address asks for."""
    recording = open_results(request.user, recording_id)
    evidence = evidence_of(hearing_of(recording, with_results=True))
    if evidence is None or recording.is_voided:
        raise NotVisible
    longest = max(evidence.duration_s, SHORTEST_S)
    begin = min(_seconds(request.GET.get("from"), 0.0), longest - SHORTEST_S)
    end = min(max(_seconds(request.GET.get("to"), longest), begin + SHORTEST_S), longest)
    return evidence, (begin, end)


@require_GET
def recording_stretch(request: SignedInRequest, recording_id: UUID) -> HttpResponse:
    """The tracks between two places, for a player that looks closer."""
    evidence, view = _opened(request, recording_id)
    note_once(
        request.user,
        Action.ANALYSIS_VIEWED,
        patient=evidence.recording.session.patient,
        subject=evidence.analysis,
    )
    response = JsonResponse(evidence.drawn(view))
    response["Cache-Control"] = "private, no-store"
    return response


def _legend(colours: Mapping[Emotion, str]) -> list[tuple[int, str, str]]:
    """In the picture, one beside the other: how far across, in which colour, which words."""
    keys = [(colours[emotion], str(phrases.SOUNDS[emotion])) for emotion in EMOTIONS]
    keys.append(("url(#unsure)", _("not sure")))
    return [(60 + 125 * place, colour, words) for place, (colour, words) in enumerate(keys)]


@require_GET
def timeline_picture(request: SignedInRequest, recording_id: UUID) -> HttpResponse:
    """The timeline as a drawing that stands alone, to keep or to put into a letter."""
    evidence, view = _opened(request, recording_id)
    session = evidence.recording.session
    record(
        actor=request.user,
        action=Action.ANALYSIS_VIEWED,
        patient=session.patient,
        subject=evidence.analysis,
        detail={"as": "picture"},
    )
    drawn = evidence.drawn(view)
    unlike = not_validated(request.user, session.patient)
    colours = {emotion: greyed(hue) if unlike else hue for emotion, hue in LIGHT.emotions.items()}
    context = {
        "evidence": evidence,
        "not_validated": unlike,
        "session": session,
        "patient": session.patient,
        "drawn": drawn,
        "layers": [(colours[emotion], path) for emotion, path in reversed(drawn["layers"].items())],
        "legend": _legend(colours),
        "palette": LIGHT,
    }
    response = render(request, "analysis/timeline.svg", context, content_type="image/svg+xml")
    day = f"{localtime(session.held_at):%Y-%m-%d}"
    name = f"{slugify(session.patient.reference)}-{day}-timeline.svg"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response
