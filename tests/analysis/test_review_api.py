"""Judging and signing over REST: the same rules as on the page, and what each of the cast may do."""

from __future__ import annotations

from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from analysis.models import Analysis, Judgement, Signature
from patients.models import AuditEntry, Session
from tests.analysis.hearing import make_heard, mixture
from tests.analysis.test_api import signed_in
from tests.cast import Cast, make_clinician


@pytest.fixture
def heard(cast: Cast, session: Session) -> Analysis:
    return make_heard(cast.treats, session, mixture(sad=0.6))


def place(session: Session, what: str) -> str:
    return f"/api/v1/sessions/{session.pk}/{what}/"


def stretch(heard: Analysis, **words: Any) -> dict[str, Any]:
    return {"analysis": str(heard.pk), "start_s": 11, "end_s": 14, "verdict": "agree", **words}


def test_a_judgement_is_added_listed_and_withdrawn(cast: Cast, session: Session, heard: Analysis) -> None:
    api = signed_in(cast.treats)
    sent = stretch(heard, verdict="own_label", label="calm", note="laughs")
    added = api.post(place(session, "judgements"), sent)
    assert added.status_code == 201, added.content
    assert (added.data["label"], added.data["said_by"], added.data["heard"]["model"]) == (
        "calm",
        "treats",
        1,
    )
    assert added.data["recording"] == str(heard.recording_id)
    whole = api.post(place(session, "judgements"), {"verdict": "agree"})
    assert (whole.status_code, whole.data["analysis"]) == (201, None)
    withdrawn = api.post(f"/api/v1/judgements/{added.data['id']}/withdraw/")
    assert withdrawn.data["withdrawn_at"] is not None
    listed = api.get(place(session, "judgements")).data["results"]
    assert [row["id"] for row in listed] == [added.data["id"], whole.data["id"]]
    assert AuditEntry.objects.filter(action="session.viewed").count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"verdict": "maybe"}, "verdict"),
        ({"verdict": "own_label"}, "label"),
        ({"verdict": "own_label", "label": "jealous"}, "label"),
        ({"start_s": None}, "analysis"),
        ({"end_s": 9000}, "start_s"),
        ({"note": "x" * 1001}, "note"),
    ],
)
def test_what_is_refused_is_a_problem_with_its_field(
    cast: Cast, session: Session, heard: Analysis, change: dict[str, Any], field: str
) -> None:
    answer = signed_in(cast.treats).post(place(session, "judgements"), stretch(heard, **change))
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert field in str(answer.json())
    assert not Judgement.objects.exists()


def test_a_session_is_signed_as_it_was_read(cast: Cast, session: Session, heard: Analysis) -> None:
    api = signed_in(cast.treats)
    state = api.get(place(session, "signatures"))["X-Session-State"]
    signed = api.post(place(session, "signatures"), {"seen": state, "note": "read"})
    assert signed.status_code == 201, signed.content
    assert (signed.data["signed_by"], signed.data["stands"]) == ("treats", True)
    assert signed.data["signed"]["results"][0]["analysis"] == str(heard.pk)
    again = api.post(place(session, "signatures"), {"seen": state})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (400, "nothing_new")
    make_heard(cast.treats, session, mixture(calm=0.6), seed=1)
    stale = api.post(place(session, "signatures"), {"seen": state})
    assert (stale.status_code, stale.json()["errors"][0]["code"]) == (400, "changed_meanwhile")
    [listed] = api.get(place(session, "signatures")).data["results"]
    assert listed["stands"] is False
    assert Signature.objects.count() == 1


def test_a_colleagues_word_is_theirs(cast: Cast, session: Session, heard: Analysis) -> None:
    said = signed_in(cast.treats).post(place(session, "judgements"), stretch(heard)).data["id"]
    colleague = signed_in(make_clinician("colleague", team=cast.team))
    answer = colleague.post(f"/api/v1/judgements/{said}/withdraw/")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "not_yours")


def test_to_others_nothing_is_there(cast: Cast, session: Session, heard: Analysis) -> None:
    said = signed_in(cast.treats).post(place(session, "judgements"), stretch(heard)).data["id"]
    for nobody in (cast.in_team, cast.outsider):
        api = signed_in(nobody)
        answers = [
            api.get(place(session, "judgements")),
            api.post(place(session, "judgements"), stretch(heard)),
            api.get(place(session, "signatures")),
            api.post(place(session, "signatures"), {}),
            api.post(f"/api/v1/judgements/{said}/withdraw/"),
        ]
        assert [answer.status_code for answer in answers] == [404] * 5
    assert Judgement.objects.count() == 1
    assert not Signature.objects.exists()


def test_the_schema_tells_them() -> None:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    told = schema["paths"]["/api/v1/sessions/{session_id}/judgements/"]
    body = told["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    assert set(schema["components"]["schemas"][body]["properties"]) == {
        "verdict",
        "label",
        "analysis",
        "start_s",
        "end_s",
        "note",
    }
    assert "post" in schema["paths"]["/api/v1/sessions/{session_id}/signatures/"]
    assert "post" in schema["paths"]["/api/v1/judgements/{id}/withdraw/"]
