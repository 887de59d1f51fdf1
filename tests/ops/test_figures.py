"""A figure is claimed in one place: what README and docs quote is what the benches wrote there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benches import figures
from tests.live import ROOT

LINK = re.compile(r'\[([^\]]+)\]\((?:docs/)?figures\.json "([^"]+)"\)')
QUOTED = re.compile(
    r"(?P<value>-?[\d.,]+) ?(?P<unit>[^\d(]*?)(?: \((?P<low>-?[\d.]+)[–-](?P<high>-?[\d.]+)\))?"
)
# What the product promises: name, least, most.
PROMISED = [
    ("session60.ratio_per_clip", 5, None),
    ("session60.peak_mb", None, 500),
    ("session120.peak_ratio", None, 1.1),
    ("start.warm_seconds", None, 5),
    ("predict.cold_seconds", None, 1),
    ("shipped.ravdess_si_uar", None, 100),
    ("features.max_rel_error", None, 1e-3),
    ("features.speed_ratio", 3, None),
    ("train.resume_weight_diff", None, 0),
    ("bench.systems", 15, None),
    ("interval.coverage", 93, 97),
    ("interval.change_coverage", 93, 97),
    ("alerts.false_per_patient_year", None, 1),
    ("alerts.detected_share", 80, None),
    ("acoustics.max_rel_error", None, 5),
    ("acoustics.peak_ratio", None, 1.1),
]


DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def same(shown: str, value: float) -> bool:
    """Whether ``shown`` is ``value``, rounded to the digits that are shown."""
    digits = len(shown.partition(".")[2])
    return float(shown.replace(",", "")) == round(value, digits)


def complaints(text: str, claimed: dict[str, figures.Figure]) -> list[str]:
    found = []
    for words, name in LINK.findall(text):
        figure, quoted = claimed.get(name), QUOTED.fullmatch(words)
        if figure is None:
            found.append(f"{name} is quoted and was never measured")
        elif quoted is None:
            found.append(f"{name}: “{words}” is not read as a figure")
        elif not same(quoted["value"], figure["value"]) or quoted["unit"].strip() != figure["unit"]:
            found.append(f"{name} is {figure['value']:g} {figure['unit']}, and “{words}” is quoted")
        elif quoted["low"] and not (
            figure["interval"]
            and same(quoted["low"], figure["interval"][0])
            and same(quoted["high"], figure["interval"][1])
        ):
            found.append(f"{name} has the interval {figure['interval']}, and “{words}” is quoted")
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_quote_what_was_measured(document: Path) -> None:
    assert not complaints(document.read_text(), figures.read())


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("2.1 s", True),
        ("2.13 s", True),
        ("2.2 s", False),
        ("2.1 ms", False),
        ("2.1 s (1.9–2.4)", True),
        ("2.1 s (1.9–2.5)", False),
        ("about two", False),
    ],
)
def test_a_wrong_quotation_is_found(words: str, right: bool) -> None:
    claimed: dict[str, figures.Figure] = {
        "start.x": {
            "value": 2.13,
            "unit": "s",
            "interval": (1.9, 2.4),
            "n": 5,
            "command": "python -m benches.x",
            "date": "2026-01-01",
        }
    }
    assert bool(complaints(f'[{words}](figures.json "start.x")', claimed)) is not right
    assert complaints(f'[{words}](docs/figures.json "start.y")', claimed)


def test_a_record_is_complete_and_names_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "FILE", tmp_path / "figures.json")
    monkeypatch.setattr("sys.argv", ["/somewhere/benches/start_warm.py", "--data", "/somewhere/ravdess"])
    figures.record("b.two", 2 / 3, "s", n=5, interval=(0.1, 0.9))
    figures.record("a.one", 1, "%", n=1)
    assert list(figures.read()) == ["a.one", "b.two"]
    assert figures.read()["b.two"]["value"] == 0.6667
    assert figures.read()["b.two"]["command"] == "python -m benches.start_warm --data ravdess"


@pytest.mark.parametrize(("name", "least", "most"), PROMISED, ids=[name for name, *_ in PROMISED])
def test_promises_are_kept(name: str, least: float | None, most: float | None) -> None:
    figure = figures.read()[name]
    assert least is None or figure["value"] >= least
    assert most is None or figure["value"] <= most
    assert figure["n"] >= 1
    assert figure["command"].startswith("python -m ")
