"""Every code that can be given has its sentences: what happened, what became of it, what to do next."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from analysis import reasons
from ml.audio import REASONS
from ml.quality import QUALITY

PACKAGE = Path(reasons.__file__).parent
OWN = {
    "too_large",
    "wrong_extension",
    "choose_channel",
    "file_missing",
    "storage_full",
    "model_missing",
    "crashed",
    "consent_withdrawn",
    "analysis_off",
    "other_channel",
    "voided",
}


def codes_given_by(module: str, *calls: str) -> set[str]:
    """String constants that ``module`` passes to ``calls``."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text())
    return {
        argument.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and (getattr(call.func, "attr", None) or getattr(call.func, "id", None)) in calls
        for argument in ast.walk(call)
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def test_every_reason_of_the_ears_is_known() -> None:
    assert set(REASONS) <= set(reasons.FAILURES)


def test_every_reason_of_the_pipeline_is_known() -> None:
    given = codes_given_by("pipeline", "fail", "release", "NotToBeHeard")
    assert {"file_missing", "crashed", "voided"} <= given
    assert given <= set(reasons.FAILURES)


def test_no_reason_stands_there_that_nobody_gives() -> None:
    assert set(reasons.FAILURES) == set(REASONS) | OWN


def test_every_quality_has_its_note_and_no_other() -> None:
    assert set(reasons.NOTES) == set(QUALITY)


@pytest.mark.parametrize("code", sorted(reasons.FAILURES))
def test_a_reason_says_what_happened_what_became_of_it_and_what_to_do(code: str) -> None:
    reason = reasons.FAILURES[code]
    assert all(str(sentence).endswith(".") for sentence in reason)
    assert reasons.explain(code) == " ".join(map(str, reason))


def test_an_unknown_reason_is_still_a_sentence() -> None:
    assert "could not be finished" in reasons.explain("of a later version")
    assert reasons.explain("") == ""
