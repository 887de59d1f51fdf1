"""Days are written in the order of the reader's language: 3 Nov 2026, and 3. Nov. 2026 in German."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from analysis.judging.judgement import judge
from analysis.judging.signing import sign_session
from analysis.wording.dates import AXES, months, on_axis
from patients.course import add_event, write_note
from patients.dates import FORMATS, written
from tests.analysis.hearing import make_course, mixture
from tests.cast import Cast

ROOT = Path(settings.BASE_DIR)
MOMENT = datetime(2026, 11, 3, 9, 5, 7)
IN_BOTH = {
    "j M": ("3 Nov", "3. Nov."),
    "j M, H:i": ("3 Nov, 09:05", "3. Nov., 09:05"),
    "j M Y": ("3 Nov 2026", "3. Nov. 2026"),
    "j M Y, H:i": ("3 Nov 2026, 09:05", "3. Nov. 2026, 09:05"),
    "j M Y, H:i:s": ("3 Nov 2026, 09:05:07", "3. Nov. 2026, 09:05:07"),
    "j F Y": ("3 November 2026", "3. November 2026"),
    "j F Y, H:i": ("3 November 2026, 09:05", "3. November 2026, 09:05"),
    "l, j F Y, H:i": ("Tuesday, 3 November 2026, 09:05", "Dienstag, 3. November 2026, 09:05"),
    "D": ("Tue", "Di"),
    "D H:i": ("Tue 09:05", "Di 09:05"),
    "M": ("Nov", "Nov."),
    "M Y": ("Nov 2026", "Nov. 2026"),
    "F Y": ("November 2026", "November 2026"),
}
GERMAN = ["Jan.", "Feb.", "März", "April", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."]
NAME = r"(?:Jan|Feb|M[aä]r|Apr|Ma[iy]|Jun|Jul|Aug|Sep|O[ck]t|Nov|De[cz])[a-zä]*\.?"
ENGLISH_ORDER = re.compile(rf"\b\d{{1,2}} {NAME}(?: \d{{4}})?\b")
GERMAN_ORDER = re.compile(rf"\b\d{{1,2}}\. {NAME}(?: \d{{4}}\b)?")
FIGURES = ("trend_figure", "path_figure", "calendar_figure", "periods_figure")


@pytest.mark.parametrize("how", FORMATS)
def test_each_format_in_both_languages(how: str) -> None:
    told = []
    for language in ("en-gb", "de"):
        with override(language):
            told.append(written(MOMENT, how))
    assert tuple(told) == IN_BOTH[how]


def test_axes_have_the_order_and_the_months_of_the_language() -> None:
    with override("en-gb"):
        assert [on_axis(how) for how in AXES] == list(AXES)
        assert months() == [
            "Jan",
            "Feb",
            "Mar",
            "Apr",
            "May",
            "Jun",
            "Jul",
            "Aug",
            "Sep",
            "Oct",
            "Nov",
            "Dec",
        ]
    with override("de"):
        assert on_axis("%-d %b") == "%-d. %b"
        assert months() == GERMAN


def test_a_format_that_no_catalogue_has_is_refused() -> None:
    with pytest.raises(KeyError):
        written(MOMENT, "d.m.Y")


def test_the_filter_writes_nothing_of_no_day() -> None:
    page = Template("{% load display %}{{ day|dated:'j M Y' }}")
    assert page.render(Context({"day": None})) == ""
    with override("de"):
        assert page.render(Context({"day": date(2026, 3, 1)})) == "1. März 2026"


def sources() -> Iterator[tuple[Path, str]]:
    folders = {"templates": "*.html", "analysis": "*.py", "patients": "*.py", "ser_clinic": "*.py"}
    for folder, kind in folders.items():
        for path in (ROOT / folder).rglob(kind):
            yield path.relative_to(ROOT), path.read_text()


def test_nothing_writes_a_day_past_the_formats() -> None:
    """Only what machines read keeps an order of its own."""
    past = re.compile(r"""\|date:['"](?![cY])|\{% now |date_format\(|:%-?d |tickformat="[^"]*%b""")
    found = {str(path) for path, text in sources() if past.search(text)}
    assert found == {"patients/dates.py"}


@pytest.fixture
def pages(cast: Cast) -> list[str]:
    sessions = make_course(cast.treats, cast.patient, [mixture(sad=0.2 + 0.04 * n) for n in range(12)])
    add_event(by=cast.treats, patient=cast.patient, on=date(2025, 3, 1), label="moved house")
    write_note(by=cast.treats, patient=cast.patient, text="Slept badly.")
    judge(by=cast.treats, session=sessions[-1], verdict="agree")
    sign_session(by=cast.treats, session=sessions[-1])
    of_patient = ("patient", "course", "consent", "consent_notice", "patient_audit", *FIGURES)
    of_session = ("session", "print_session", "void_session", "move_session")
    return [
        *(reverse(name, args=["R-0412"]) for name in of_patient),
        *(reverse(name, args=[sessions[-1].pk]) for name in of_session),
    ]


def read(client: Client, address: str, language: str) -> str:
    answer = client.get(address, {"language": language}, headers={"accept-language": language})
    assert answer.status_code == 200, address
    text = answer.content.decode()
    return text.encode().decode("unicode_escape") if address.endswith(".json") else unescape(text)


def test_every_page_and_figure_is_in_the_order_of_its_language(
    cast: Cast, client: Client, pages: list[str]
) -> None:
    client.force_login(cast.treats)
    for address in pages:
        english, german = read(client, address, "en-gb"), read(client, address, "de")
        assert not GERMAN_ORDER.findall(english), address
        assert not ENGLISH_ORDER.findall(german), address
        assert bool(ENGLISH_ORDER.search(english)) is bool(GERMAN_ORDER.search(german)), address
        assert not re.search(rf"{NAME}\.(?!\.)\.?\.(?!\.)", german), f"{address}: two full stops"
    assert any(GERMAN_ORDER.search(read(client, address, "de")) for address in pages)


def test_the_same_moment_is_written_by_the_clock_it_is_told_by() -> None:
    noon = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
    there = noon.astimezone(timezone(timedelta(hours=9)))
    assert noon == there
    assert [written(one, "j M, H:i") for one in (noon, there)] == ["3 Nov, 12:00", "3 Nov, 21:00"]
