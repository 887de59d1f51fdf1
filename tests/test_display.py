"""How pages write numbers and times."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from analysis.wording.phrases import clock
from ser_clinic.templatetags.display import ago, icon, language_name, percent, since, visit

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (42.4, "0:42"), (1025, "17:05"), (3723, "1:02:03"), (None, "–")]
)
def test_lengths(seconds: float | None, text: str) -> None:
    assert clock(seconds) == text


@given(st.integers(0, 10**6))
def test_a_length_can_be_read_back(seconds: int) -> None:
    total = 0
    for part in clock(seconds).split(":"):
        total = total * 60 + int(part)
    assert total == seconds


def test_no_share_is_not_zero() -> None:
    assert (percent(None), percent(0), percent(0.426)) == ("–", "0\u202f%", "43\u202f%")


@pytest.mark.parametrize(
    ("earlier", "text"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(hours=13), "yesterday"),
        (timedelta(days=2), "2 d ago"),
        (timedelta(days=13), "13 d ago"),
        (timedelta(days=20), "2 wk ago"),
        (timedelta(days=90), "22 Aug 2026"),
        (timedelta(days=-2), "22 Nov 2026"),
    ],
)
def test_how_long_ago(earlier: timedelta, text: str) -> None:
    assert ago(NOON - earlier, NOON) == text


def test_times_carry_the_full_date() -> None:
    moment = timezone.now() - timedelta(days=3)
    assert "3 d ago" in since(moment)
    assert f'datetime="{moment.isoformat()}"' in since(moment)
    assert str(timezone.localtime(moment).year) in since(moment)
    assert since(None) == "–"


def test_a_visit_soon_is_named_by_its_weekday() -> None:
    soon, later = (timezone.localtime() + timedelta(days=days) for days in (2, 40))
    assert f">{soon:%a %H:%M}<" in visit(soon)
    assert f">{later.day} {later:%b, %H:%M}<" in visit(later)


def test_icons_exist() -> None:
    assert 'aria-hidden="true"' in icon("upload")


@pytest.mark.parametrize(("code", "name"), [("de", "German"), ("pt-BR", "Portuguese"), ("xx", "xx")])
def test_a_language_by_its_name(code: str, name: str) -> None:
    assert language_name(code) == name
