"""Every word can be translated, German is whole, and pages are ready for writing from right to left."""

from __future__ import annotations

import gettext
import re
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings as live_settings
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from patients.enrolment import give_consent
from patients.models import Consent
from ser_clinic.catalogues import FOLDER, Entry, compiled, read
from tests.analysis.hearing import make_course, mixture
from tests.cast import Cast

CATALOGUES = sorted(FOLDER.glob("*/LC_MESSAGES/django.po"))
SHEETS = sorted((Path(live_settings.BASE_DIR) / "static" / "css").glob("*.css"))
HEADER = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n != 1;\n"
SAYABLE = st.text(min_size=1).filter(lambda text: not {"\0", "\x04"} & set(text))
PLACEHOLDERS = re.compile(r"%\(\w+\)|\{\w+\}")
# Sides of the screen instead of the start and end of a line.
PHYSICAL = re.compile(
    r"""(?:^|[\s;{])(?:
        (?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right|top|bottom)(?:-\w+)*
      | (?:left|right|top|bottom|width|height|min-width|max-width|min-height|max-height)
    )\s*: | (?:text-align|float|clear)\s*:\s*(?:left|right)""",
    re.VERBOSE,
)


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=[path.parts[-3] for path in CATALOGUES])
class TestCatalogue:
    def test_nothing_is_missing_or_only_guessed(self, catalogue: Path) -> None:
        assert [entry.msgid for entry in read(catalogue) if not entry.is_translated] == []

    def test_every_placeholder_is_one_that_the_program_fills(self, catalogue: Path) -> None:
        for entry in read(catalogue)[1:]:
            filled = set(PLACEHOLDERS.findall(entry.msgid + (entry.msgid_plural or "")))
            for words in entry.msgstr.values():
                assert set(PLACEHOLDERS.findall(words)) <= filled, entry.msgid
            if entry.msgid_plural is None:
                assert set(PLACEHOLDERS.findall(entry.msgstr[0])) == filled, entry.msgid

    def test_what_programs_read_is_what_translators_wrote(self, catalogue: Path) -> None:
        assert catalogue.with_suffix(".mo").read_bytes() == compiled(read(catalogue)), (
            "run `python -m ser_clinic.catalogues`"
        )


def test_a_compiled_catalogue_is_read_by_gettext(tmp_path: Path) -> None:
    entries = [
        Entry(
            "",
            msgstr={0: "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n != 1;\n"},
        ),
        Entry("a session", msgid_plural="%d sessions", msgstr={0: "eine Sitzung", 1: "%d Sitzungen"}),
        Entry("on", msgctxt="switch", msgstr={0: "an"}),
        Entry("on", msgstr={0: "am"}),
        Entry("guessed", msgstr={0: "geraten"}, flags={"fuzzy"}),
    ]
    (tmp_path / "x.mo").write_bytes(compiled(entries))
    with (tmp_path / "x.mo").open("rb") as file:
        told = gettext.GNUTranslations(file)
    assert [told.ngettext("a session", "%d sessions", n) for n in (1, 2)] == ["eine Sitzung", "%d Sitzungen"]
    assert (told.gettext("on"), told.pgettext("switch", "on")) == ("am", "an")
    assert told.gettext("guessed") == "guessed"


@given(
    st.dictionaries(
        st.text(min_size=1).filter(lambda t: "\0" not in t and "\x04" not in t), st.text(min_size=1)
    )
)
def test_any_words_survive_being_compiled(words: dict[str, str]) -> None:
    words = {said: meant.replace("\0", "") or "x" for said, meant in words.items()}
    entries = [Entry(said, msgstr={0: meant}) for said, meant in words.items()]
    blob = compiled(entries)
    count, keys, values = (int.from_bytes(blob[at : at + 4], "little") for at in (8, 12, 16))

    def texts(table: int) -> list[str]:
        pairs = [blob[table + 8 * i : table + 8 * i + 8] for i in range(count)]
        places = [(int.from_bytes(p[:4], "little"), int.from_bytes(p[4:], "little")) for p in pairs]
        return [blob[start : start + length].decode(errors="surrogatepass") for length, start in places]

    assert dict(zip(texts(keys), texts(values), strict=True)) == words


PAGES = ["caseload", "enrol", "account", "about_estimates"]
PATIENT_PAGES = ["patient", "amend_patient", "consent", "consent_notice", "course", "add_event", "write_note"]
PATIENT_PAGES += ["plan_visit", "start_session", "transfer", "discharge", "patient_audit"]


def addresses(cast: Cast) -> list[str]:
    (session,) = make_course(cast.treats, cast.patient, [mixture(sad=0.6)])
    of_session = ["session", "move_session", "redate_session", "void_session"]
    return [
        *map(reverse, PAGES),
        *(reverse(name, args=["R-0412"]) for name in PATIENT_PAGES),
        *(reverse(name, args=[session.pk]) for name in of_session),
    ]


def test_pages_are_in_the_language_that_the_browser_asks_for(cast: Cast, client: Client) -> None:
    """And wholly: of all that the catalogue translates, no sentence is left in English."""
    client.force_login(cast.treats)
    cast.patient.consents.all().delete()  # whose words are kept in the language in which they were read
    give_consent(by=cast.treats, patient=cast.patient, purpose=Consent.Purpose.ANALYSE, language="de")
    (catalogue,) = (path for path in CATALOGUES if path.parts[-3] == "de")
    long = [e.msgid for e in read(catalogue) if len(e.msgid) > 20 and not PLACEHOLDERS.search(e.msgid)]
    for address in addresses(cast):
        answer = client.get(address, headers={"accept-language": "de-AT,de;q=0.9,en;q=0.5"})
        page = unescape(answer.content.decode())
        assert answer.status_code == 200, address
        assert '<html lang="de">' in page, address
        assert "Eine Schätzung, wie Sprache klingt, gelernt aus gespielter Sprache." in page, address
        assert [sentence for sentence in long if sentence in page] == [], address
    french = client.get(reverse("caseload"), headers={"accept-language": "fr"}).content.decode()
    assert '<html lang="en-gb">' in french


def test_who_chooses_a_language_keeps_it(cast: Cast, client: Client) -> None:
    client.force_login(cast.treats)
    answer = client.post(reverse("set_language"), {"language": "de", "next": "/account/"})
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    cookie = answer.cookies[live_settings.LANGUAGE_COOKIE_NAME]
    assert cookie["httponly"]
    assert int(cookie["max-age"]) > 30 * 24 * 3600
    assert '<html lang="de">' in client.get("/account/", headers={"accept-language": "en"}).content.decode()
    elsewhere = client.post(reverse("set_language"), {"language": "de", "next": "https://evil.example/"})
    assert "evil" not in elsewhere["Location"]
    assert '<html lang="de">' in Client().get("/login/", headers={"accept-language": "de"}).content.decode()


@pytest.mark.parametrize("language", ["ar", "he"])
def test_a_language_from_right_to_left_turns_the_page(
    cast: Cast, client: Client, settings: Settings, language: str
) -> None:
    settings.LANGUAGES = [("en-gb", "English"), (language, language)]
    client.force_login(cast.treats)
    for address in addresses(cast):
        page = client.get(address, headers={"accept-language": language}).content.decode()
        assert f'<html lang="{language}" dir="rtl">' in page, address
    assert (
        'dir="rtl"' not in client.get(reverse("caseload"), headers={"accept-language": "de"}).content.decode()
    )


@pytest.mark.parametrize("sheet", SHEETS, ids=[sheet.name for sheet in SHEETS])
def test_no_sheet_speaks_of_left_and_right(sheet: Path) -> None:
    rules = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    rules = re.sub(r"@media[^{]*", "", rules)
    assert [match.group().strip() for match in PHYSICAL.finditer(rules)] == []


def test_the_check_of_sheets_can_fail() -> None:
    for wrong in ("a { left: 0 }", "a{margin-left:1px}", "b { text-align: right; }", "c { max-width: 3px }"):
        assert PHYSICAL.search(wrong), wrong
    for right in (
        "a { inset-inline: 0 }",
        "b { text-align: end }",
        "c { inline-size: 3px; border-block-end: 0 }",
    ):
        assert not PHYSICAL.search(right), right
    assert len(SHEETS) > 5
