"""Who may open what: the cast of three over every address of the project, found from the resolver.

An address without a rule fails, so a new page cannot be forgotten. Requests are made with every method, and
those who may not see the patient must get nothing, change nothing and leave no trace of having seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from knox.models import AuthToken

from analysis.change.runs import Rule as WatchRule
from analysis.judging.judgement import judge
from analysis.models import (
    AcousticMeasures,
    Alert,
    AlertRule,
    Analysis,
    Explanation,
    Judgement,
    Recording,
    Signature,
)
from patients.course import add_event, write_note
from patients.models import (
    AuditEntry,
    Clinician,
    Consent,
    CourseEvent,
    Note,
    Patient,
    QuestionnaireLink,
    QuestionnaireResponse,
    Session,
)
from patients.questionnaires.answering import fill
from patients.questionnaires.links import make_link
from tests.analysis.hearing import make_heard, mixture
from tests.cast import Cast, make_clinician, make_session

METHODS = ("get", "post", "put", "patch", "delete")
UNSEEN = {404, 405}


class Rule(Enum):
    OPEN = auto()  # anyone: it knows no patient
    OWN = auto()  # anyone signed in, about themselves or their own caseload
    CARE = auto()  # the patient's team, front desk included
    RESULTS = auto()  # the patient's team without the front desk: estimates and sound
    ADMIN = auto()  # administrators


RULES = {
    "health": Rule.OPEN,
    "login": Rule.OPEN,
    "answer_questionnaire": Rule.OPEN,  # whoever holds the link's secret: test_questionnaire_links
    "sign_in_code": Rule.OPEN,
    "password_reset": Rule.OPEN,
    "password_reset_done": Rule.OPEN,
    "password_reset_confirm": Rule.OPEN,
    "password_reset_complete": Rule.OPEN,
    "api-token": Rule.OPEN,
    "api-schema": Rule.OPEN,
    "api-docs": Rule.OPEN,
    "set_language": Rule.OPEN,
    "about_estimates": Rule.OWN,
    "logout": Rule.OWN,
    "account": Rule.OWN,
    "create_token": Rule.OWN,
    "revoke_token": Rule.OWN,
    "stay_signed_in": Rule.OWN,
    "set_second_factor": Rule.OWN,
    "make_recovery_codes": Rule.OWN,
    "remove_second_factor": Rule.OWN,
    "sign_out_elsewhere": Rule.OWN,
    "sign_out_there": Rule.OWN,
    "password_change": Rule.OWN,
    "password_change_done": Rule.OWN,
    "caseload": Rule.OWN,
    "enrol": Rule.OWN,
    "api-patient-list": Rule.OWN,
    "patient": Rule.CARE,
    "patient_overview": Rule.CARE,
    "amend_patient": Rule.CARE,
    "consent": Rule.CARE,
    "consent_notice": Rule.CARE,
    "withdraw_consent": Rule.CARE,
    "transfer": Rule.CARE,
    "discharge": Rule.CARE,
    "readmit": Rule.CARE,
    "patient_audit": Rule.CARE,
    "start_session": Rule.CARE,
    "upload": Rule.CARE,
    "session": Rule.CARE,
    "move_session": Rule.CARE,
    "void_session": Rule.CARE,
    "redate_session": Rule.CARE,
    "plan_visit": Rule.CARE,
    "course": Rule.RESULTS,
    "add_event": Rule.RESULTS,
    "write_note": Rule.RESULTS,
    "void_event": Rule.RESULTS,
    "void_note": Rule.RESULTS,
    "api-session-redate": Rule.CARE,
    "api-patient-event-list": Rule.RESULTS,
    "api-event-detail": Rule.RESULTS,
    "api-event-void": Rule.RESULTS,
    "api-patient-note-list": Rule.RESULTS,
    "api-note-detail": Rule.RESULTS,
    "api-note-void": Rule.RESULTS,
    "upload_to_session": Rule.CARE,
    "recording_state": Rule.CARE,
    "retry_recording": Rule.CARE,
    "move_recording": Rule.CARE,
    "void_recording": Rule.CARE,
    "api-patient-detail": Rule.CARE,
    "api-patient-session-list": Rule.CARE,
    "api-consent-list": Rule.CARE,
    "api-consent-detail": Rule.CARE,
    "api-session-detail": Rule.CARE,
    "api-session-void": Rule.CARE,
    "api-session-recording-list": Rule.CARE,
    "api-recording-detail": Rule.CARE,
    "api-recording-retry": Rule.CARE,
    "api-recording-move": Rule.CARE,
    "api-recording-void": Rule.CARE,
    "questionnaires": Rule.CARE,
    "fill_questionnaire": Rule.CARE,
    "make_questionnaire_link": Rule.CARE,
    "withdraw_questionnaire_link": Rule.CARE,
    "api-questionnaire-list": Rule.CARE,
    "api-patient-link-list": Rule.CARE,
    "api-link-detail": Rule.CARE,
    "questionnaires_csv": Rule.RESULTS,
    "questionnaire_figure": Rule.RESULTS,
    "mark_questionnaire_seen": Rule.RESULTS,
    "void_questionnaire": Rule.RESULTS,
    "api-response-detail": Rule.RESULTS,
    "api-response-seen": Rule.RESULTS,
    "api-response-void": Rule.RESULTS,
    "judge": Rule.RESULTS,
    "withdraw_judgement": Rule.RESULTS,
    "sign": Rule.RESULTS,
    "print_session": Rule.RESULTS,
    "why": Rule.RESULTS,
    "api-session-judgement-list": Rule.RESULTS,
    "api-session-signature-list": Rule.RESULTS,
    "api-judgement-withdraw": Rule.RESULTS,
    "trend_figure": Rule.RESULTS,
    "control_figure": Rule.RESULTS,
    "alerts": Rule.OWN,
    "alert_rules": Rule.OWN,
    "new_rule": Rule.OWN,
    "retire_rule": Rule.RESULTS,
    "acknowledge_alert": Rule.RESULTS,
    "snooze_alert": Rule.RESULTS,
    "close_alert": Rule.RESULTS,
    "reopen_alert": Rule.RESULTS,
    "api-alert-list": Rule.OWN,
    "api-alert-detail": Rule.RESULTS,
    "api-alert-acknowledge": Rule.RESULTS,
    "api-alert-snooze": Rule.RESULTS,
    "api-alert-close": Rule.RESULTS,
    "api-alert-reopen": Rule.RESULTS,
    "patient_csv": Rule.RESULTS,
    "path_figure": Rule.RESULTS,
    "calendar_figure": Rule.RESULTS,
    "periods_figure": Rule.RESULTS,
    "voice_figure": Rule.RESULTS,
    "recording_stretch": Rule.RESULTS,
    "timeline_picture": Rule.RESULTS,
    "recording_audio": Rule.RESULTS,
    "api-recording-result": Rule.RESULTS,
    "api-recording-acoustics": Rule.RESULTS,
}


@dataclass(frozen=True)
class Address:
    name: str
    route: str
    parameters: tuple[str, ...]

    @property
    def is_admin(self) -> bool:
        return self.route.startswith("admin/")

    @property
    def rule(self) -> Rule:
        return Rule.ADMIN if self.is_admin else RULES[self.name]


def addresses(resolver: URLResolver, prefix: str = "") -> Iterator[Address]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield Address(entry.name or route, route, tuple(entry.pattern.regex.groupindex))
        else:
            yield from addresses(entry, route)


EVERY = list(addresses(get_resolver()))
PAGES = [address for address in EVERY if address.name in RULES and not address.is_admin]
GUARDED = [address for address in PAGES if address.rule in {Rule.CARE, Rule.RESULTS}]
each = pytest.mark.parametrize("address", GUARDED, ids=[address.name for address in GUARDED])


@dataclass(frozen=True)
class Scene:
    """A patient with one heard recording, as the pages find them."""

    cast: Cast
    session: Session
    analysis: Analysis
    judgement: Judgement
    event: CourseEvent
    note: Note
    response: QuestionnaireResponse
    link: QuestionnaireLink
    secret: str
    alert: Alert

    def path(self, address: Address) -> str:
        session, recording = self.session.pk, self.analysis.recording_id
        values: dict[str, Any] = {
            "reference": self.cast.patient.reference,
            "session_id": session,
            "recording_id": recording,
            "judgement_id": self.judgement.pk,
            "alert_id": self.alert.pk,
            "rule_id": self.alert.rule_id,
            "event_id": self.event.pk,
            "note_id": self.note.pk,
            "response_id": self.response.pk,
            "link_id": self.link.pk,
            "instrument": "phq9",
            "secret": self.secret,
            "pk": self.pk(address.name),
            "purpose": Consent.Purpose.ANALYSE,
            "uidb64": "MQ",
            "token": "set-password",
            "token_key": "0" * 15,
            "handle": "0" * 16,
        }
        parameters = {name: values[name] for name in address.parameters if name not in {"format"}}
        return reverse(address.name, kwargs=parameters)

    def pk(self, name: str) -> Any:
        kinds = {
            "recording": self.analysis.recording_id,
            "judgement": self.judgement.pk,
            "event": self.event.pk,
            "note": self.note.pk,
            "response": self.response.pk,
            "link": self.link.pk,
            "alert": self.alert.pk,
        }
        return next((key for kind, key in kinds.items() if kind in name), self.session.pk)

    def state(self) -> list[list[Any]]:
        """Everything that an uninvited request could change."""
        kinds = (
            Patient,
            Session,
            Consent,
            Recording,
            Analysis,
            Judgement,
            Signature,
            Explanation,
            AuthToken,
            CourseEvent,
            Note,
            QuestionnaireResponse,
            QuestionnaireLink,
            Alert,
            AlertRule,
        )
        return [list(kind.objects.order_by("pk").values()) for kind in kinds]


@pytest.fixture
def scene(cast: Cast) -> Scene:
    session = make_session(cast.treats, cast.patient)
    analysis = make_heard(cast.treats, session, mixture(sad=0.6), seconds=12, with_sound=True)
    pitch = {"value": 200.0, "low": 190.0, "high": 210.0, "seconds": 9.0}
    AcousticMeasures.objects.create(analysis=analysis, values={"pitch": pitch})
    event = add_event(by=cast.treats, patient=cast.patient, on=date(2025, 3, 1), label="moved house")
    note = write_note(by=cast.treats, patient=cast.patient, text="Slept badly.")
    answers = [1, 1, 1, 1, 1, 1, 1, 1, 1]
    response = fill(by=cast.treats, patient=cast.patient, instrument="phq9", answers=answers)
    link, secret = make_link(by=cast.treats, patient=cast.patient, instrument="gad7")
    said = judge(by=cast.treats, session=session, verdict="agree")
    alert = make_alert(cast)
    return Scene(cast, session, analysis, said, event, note, response, link, secret, alert)


def make_alert(cast: Cast) -> Alert:
    """Raised by a rule of the team's own."""
    rule = AlertRule.objects.create(name="Ours", team=cast.team, settings=WatchRule().told())
    grounds = dict.fromkeys(("usual", "level", "deviations", "ewma", "limit", "cusum", "decision"), 0.5)
    return Alert.objects.create(
        patient=cast.patient,
        rule=rule,
        measure="sad",
        direction=1,
        began_on=date(2025, 3, 1),
        run_days=3,
        rationale=grounds | {"baseline_days": 7},
    )


def signed_in(who: Clinician | None) -> Client:
    client = Client()
    if who is not None:
        client.force_login(who)
    return client


def answers(who: Clinician | None, path: str) -> list[Any]:
    client = signed_in(who)
    return [getattr(client, method)(path) for method in METHODS]


def codes(who: Clinician | None, path: str) -> set[int]:
    return {answer.status_code for answer in answers(who, path)}


def reaches(who: Clinician, path: str) -> bool:
    """Whether some method gets past the door: shown, sent on, or refused for what the empty form lacks."""
    return bool(codes(who, path) & {200, 204, 286, 302, 400, 422})


def body(answer: Any) -> str:
    return b"".join(answer).decode(errors="replace")


def test_every_address_has_a_rule() -> None:
    assert {address.name for address in EVERY if not address.is_admin} == set(RULES)
    assert len(GUARDED) > 25


def test_the_outsider_meets_nothing(scene: Scene) -> None:
    before, seen = scene.state(), AuditEntry.objects.count()
    for who in (scene.cast.outsider, make_clinician("root", admin=True)):
        met = {address.name: codes(who, scene.path(address)) for address in GUARDED}
        assert not {name: got for name, got in met.items() if not {404} <= got <= UNSEEN}
    assert scene.state() == before
    assert AuditEntry.objects.count() == seen


def test_nobody_signed_in_meets_the_sign_in(scene: Scene) -> None:
    before = scene.state()
    for address in GUARDED:
        for answer in answers(None, scene.path(address)):
            if address.route.startswith("api/"):
                assert answer.status_code == 401, address
            else:
                assert answer.status_code == 302, address
                assert answer["Location"].startswith(reverse(settings.LOGIN_URL)), address
    assert scene.state() == before


@each
def test_the_team_is_let_in(scene: Scene, address: Address) -> None:
    """Without this the answers above would also be right for a page that is broken for everyone."""
    assert reaches(scene.cast.treats, scene.path(address))


@each
def test_the_front_desk_is_let_in_except_to_results(scene: Scene, address: Address) -> None:
    path = scene.path(address)
    if address.rule is Rule.CARE:
        assert reaches(scene.cast.in_team, path)
    else:
        assert codes(scene.cast.in_team, path) <= UNSEEN


@pytest.mark.parametrize("name", ["caseload", "patient", "patient_overview", "session", "recording_state"])
def test_the_front_desk_reads_no_estimate_on_any_page(scene: Scene, name: str) -> None:
    path = scene.path(next(address for address in PAGES if address.name == name))
    assert "sad" not in body(signed_in(scene.cast.in_team).get(path)).lower()
    if name not in {"caseload", "recording_state"}:  # one session is no trend yet, and a state is no result
        assert "sad" in body(signed_in(scene.cast.treats).get(path)).lower()


def test_the_front_desk_reads_no_estimate_over_rest(scene: Scene) -> None:
    for address in GUARDED:
        if address.route.startswith("api/"):
            answer = body(signed_in(scene.cast.in_team).get(scene.path(address)))
            assert not {"probabilities", "shares", '"top"'} & set(answer.split(":")), address


def test_no_address_gives_the_outsider_a_word_about_the_patient(scene: Scene) -> None:
    for address in PAGES:
        path = scene.path(address)
        for answer in answers(scene.cast.outsider, path):
            # A problem repeats the address that was asked for, and the form of enrolment shows an example.
            page = body(answer).replace(path, "").replace("or example R-0412", "")
            assert "Fernweh" not in page, address
            assert "R-0412" not in page, address


def test_only_what_is_open_answers_without_a_sign_in(scene: Scene) -> None:
    for address in PAGES:
        if address.rule is Rule.OWN:
            assert codes(None, scene.path(address)) <= {302, 401}, address
        if address.rule is Rule.OPEN:
            for answer in answers(None, scene.path(address)):
                assert "login" not in answer.get("Location", ""), address
                assert answer.status_code != 401, address


def test_the_administration_is_for_administrators(scene: Scene) -> None:
    admin = {concrete(address.route) for address in EVERY if address.is_admin}
    assert len(admin) > 30
    for path in sorted(admin - {"/admin/login/", "/admin/jsi18n/", "/admin/password_change/"}):
        for who in (None, scene.cast.treats, scene.cast.in_team, scene.cast.outsider):
            answer = signed_in(who).get(path)
            sent_away = answer.status_code == 302 and "login/" in answer["Location"]
            assert sent_away or answer.status_code in {403, 404, 405}, (path, who, answer.status_code)
            assert "R-0412" not in body(answer)


def concrete(route: str) -> str:
    """A route of the admin as an address, its parameters filled in and its regular expressions matched."""
    route = route.replace("^(?P<app_label>patients|analysis|knox)/$", "patients/").replace(
        "(?P<url>.*)$", "x"
    )
    return "/" + re.sub(r"<[^>]+>", "1", route)
