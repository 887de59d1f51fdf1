"""What an address of the patient's page asks for, and that what makes no sense is said and harms nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate

from analysis.trends.grouping import Grouping
from analysis.trends.selection import Range, around, select
from tests.analysis.hearing import make_course, mixture
from tests.cast import Cast, cast

__all__ = ["cast"]


def test_a_view_survives_its_own_address() -> None:
    today = localdate()
    days = around(today - timedelta(days=40), 28, "").days
    query = "&".join(f"{name}={day}" for name, day in days.items())
    chosen, form = select(
        QueryDict(f"range=own&since={today - timedelta(days=9)}&until={today}&by=week&{query}")
    )
    assert not form.errors
    assert chosen.by is Grouping.WEEK
    assert chosen.compared is not None
    assert select(QueryDict(chosen.query()))[0] == chosen


def test_four_weeks_end_today() -> None:
    chosen, _form = select(QueryDict("range=4w"))
    assert (chosen.since, chosen.until) == (localdate() - timedelta(days=27), localdate())
    assert chosen.query() == "range=4w"


@pytest.mark.parametrize(
    "query",
    [
        "range=forever",
        "by=moon",
        "since=yesterday",
        "range=own&since=2026-03-02&until=2026-03-01",
        "a_since=2026-01-01",
    ],
)
def test_what_makes_no_sense_leaves_the_default(query: str) -> None:
    chosen, form = select(QueryDict(query))
    assert form.errors
    assert chosen.by is Grouping.SESSION
    assert chosen.compared is None
    assert (chosen.since, chosen.until) == (None, None)


def test_nothing_asked_is_everything() -> None:
    assert select(QueryDict(""))[0].range is Range.ALL


def test_a_part_of_the_page_is_given_where_only_that_is_asked_for(client: Client, cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 8 + [mixture(sad=0.6)] * 4)
    client.force_login(cast.treats)
    days = around(localdate() - timedelta(days=28), 28, "").days
    asked = {name: day.isoformat() for name, day in days.items()}
    page = reverse("patient", args=["R-0412"])
    answer = client.get(page, asked, headers={"HX-Request": "true", "HX-Target": "overview"})
    text = answer.content.decode()
    assert "<html" not in text
    assert "B sounds" in text
    assert answer["HX-Push-Url"].startswith(f"{page}?a_since=")
    assert "<html" in client.get(page, asked).content.decode()
