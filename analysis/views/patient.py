"""A patient's page: what changed, how it sounded over time, and every session. It says first what changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET

from analysis.charts.over_time import session_addresses
from analysis.forms import UploadToPatientForm
from analysis.judging.reviews import Review, reviewed_sessions, reviews_of
from analysis.jurisdiction import sees_emotion
from analysis.session.hearings import arrivals
from analysis.trends.excerpts import within
from analysis.trends.kept import kept_events, kept_trend
from analysis.trends.selection import Selection, select
from analysis.trends.trend import SessionPoint, Trend
from analysis.views.alerts import beside_trend
from analysis.views.patient_charts import charts
from analysis.views.questionnaires import shown_on_patient
from analysis.views.voice import voice_of_patient
from analysis.voice.kept import kept_voice
from analysis.voice.measures import VoiceTrend
from analysis.wording import captions, phrases
from analysis.wording.validity import not_validated
from patients.access import SignedInRequest, open_patient
from patients.audit import Action, record
from patients.course_pages import shown_beside
from patients.models import Patient
from patients.questionnaires.course import course_of

PAGE_OF_SESSIONS = 30


@require_GET
@gzip_page
def patient_page(request: SignedInRequest, reference: str) -> HttpResponse:
    """The whole page; or, when a view is chosen on the open page, what that changes."""
    patient = open_patient(request.user, reference)
    record(actor=request.user, action=Action.PATIENT_VIEWED, patient=patient, subject=patient)
    overview = _overview(request, patient)
    if request.headers.get("HX-Target") == "overview":
        response = render(request, "analysis/_overview.html", overview)
        response["HX-Push-Url"] = f"{request.path}?{overview['page_query']}".rstrip("?")
    else:
        with_results = request.user.sees_results
        context = {
            **overview,
            "arrivals": arrivals(patient, with_results=with_results) if overview["trend"].pending else [],
            "form": UploadToPatientForm(),
            **shown_beside(request.user, patient, kept_events(patient) if with_results else ()),
            **shown_on_patient(request.user, patient, overview["course"], overview["trend"]),
        }
        response = render(request, "analysis/patient.html", context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


@require_GET
@gzip_page
def patient_overview(request: SignedInRequest, reference: str) -> HttpResponse:
    """The finding, the trend and the sessions alone: what a finished recording changes on the open page."""
    patient = open_patient(request.user, reference)
    return render(request, "analysis/_overview.html", _overview(request, patient))


def _overview(request: SignedInRequest, patient: Patient) -> dict[str, Any]:
    with_results = sees_emotion(request.user)
    trend = kept_trend(patient, with_results=with_results)
    selection, form = select(request.GET)
    listing = _listing(request, patient, trend, selection)
    voice = kept_voice(patient) if request.user.sees_results else VoiceTrend(())
    course = course_of(patient) if request.user.sees_results else []
    return {
        "patient": patient,
        "trend": trend,
        "course": course,
        "not_validated": not_validated(request.user, patient),
        "finding": phrases.finding(trend, with_results=with_results),
        "page_query": listing.this,
        "listing": listing,
        "lines": _lines(listing, with_reviews=with_results, with_results=with_results),
        **voice_of_patient(request.user, patient, voice),
        **beside_trend(request, patient, trend, voice, course),
        **(charts(patient, trend, selection, form) if with_results and trend.points else {}),
    }


@dataclass(frozen=True)
class Listing:
    """A page of the sessions of the range, the latest first, and where the others are."""

    points: tuple[SessionPoint, ...]
    page: int
    selection: Selection
    unreviewed_only: bool

    @property
    def count(self) -> int:
        return len(self.points)

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE_OF_SESSIONS))

    @property
    def shown(self) -> tuple[SessionPoint, ...]:
        end = self.count - (self.page - 1) * PAGE_OF_SESSIONS
        return self.points[max(end - PAGE_OF_SESSIONS, 0) : end][::-1]

    @property
    def this(self) -> str:
        return self._at(self.page)

    @property
    def newer(self) -> str | None:
        return self._at(self.page - 1) if self.page > 1 else None

    @property
    def older(self) -> str | None:
        return self._at(self.page + 1) if self.page < self.pages else None

    @property
    def everything(self) -> str:
        return self.selection.query()

    @property
    def unreviewed(self) -> str:
        return self.selection.query(sessions="unreviewed")

    def _at(self, page: int) -> str:
        which = "unreviewed" if self.unreviewed_only else ""
        return self.selection.query(sessions=which, page="" if page == 1 else page)


def _listing(request: SignedInRequest, patient: Patient, trend: Trend, selection: Selection) -> Listing:
    points = within(trend.all_points, selection.since, selection.until)
    unreviewed_only = request.GET.get("sessions") == "unreviewed" and request.user.sees_results
    if unreviewed_only:
        reviewed = reviewed_sessions(patient)
        points = tuple(point for point in points if point.session_id not in reviewed and not point.is_voided)
    asked = request.GET.get("page", "")
    listing = Listing(points, 1, selection, unreviewed_only)
    page = min(max(int(asked), 1), listing.pages) if asked.isdecimal() and len(asked) < 6 else 1
    return replace(listing, page=page)


@dataclass(frozen=True)
class Line:
    """One session in the list, in words: there are thirty, and a template looks words up far more slowly."""

    point: SessionPoint
    address: str
    review: Review
    with_results: bool

    @property
    def icon(self) -> str:
        """Beside the result: that something failed, or is not sure."""
        if self.point.is_voided:
            return ""
        if self.point.failed and not (self.point.pending and not self.with_results):
            return "alert"
        return "unsure" if self.with_results and not self.point.counts else ""

    @property
    def result(self) -> str:
        if self.point.is_voided:
            return _("voided")
        if self.with_results:
            return phrases.short_result(self.point)
        if self.point.pending:
            return _("analysing")
        if self.point.failed:
            return _("failed")
        return _("analysed") if self.point.recordings else _("no recording")

    @property
    def speech(self) -> str:
        heard = self.point.heard
        return _("%(speech)s of speech") % {"speech": phrases.clock(heard.speech_s)} if heard else ""

    @property
    def sure(self) -> str:
        if not self.point.counts or self.point.heard is None:
            return ""
        return _("clear enough: %(share)s") % {"share": phrases.percent(self.point.heard.sure_share)}

    @property
    def reviewed(self) -> str:
        review = self.review
        if review.signed_at is not None:
            day = captions.day(review.signed_at)
            return _("signed by %(who)s, %(when)s") % {"who": review.signed_by, "when": day}
        if not review.judgements:
            return _("not reviewed")
        words = ngettext("%(n)s judgement, not signed", "%(n)s judgements, not signed", review.judgements)
        return words % {"n": review.judgements}

    @property
    def review_icon(self) -> str:
        return "check" if self.review.is_signed else "edit" if self.review.judgements else ""


def _lines(listing: Listing, *, with_reviews: bool, with_results: bool) -> list[Line]:
    reviews = reviews_of([point.session_id for point in listing.shown]) if with_reviews else {}
    addresses = session_addresses([point.session_id for point in listing.shown])
    return [
        Line(point, address, reviews.get(point.session_id, Review()), with_results)
        for point, address in zip(listing.shown, addresses, strict=True)
    ]
