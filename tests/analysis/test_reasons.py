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


# What another try of the same file can change, and what only another file, or nothing, can.
AGAIN = {
    "analysis_off",
    "choose_channel",
    "consent_withdrawn",
    "crashed",
    "file_missing",
    "model_missing",
    "no_such_channel",
    "storage_full",
    "wrong_extension",
}
NEVER = {
    "cut_off",
    "damaged",
    "empty",
    "no_audio_stream",
    "not_audio",
    "other_channel",
    "too_large",
    "too_long",
    "voided",
}
EXPLAINED_AGAIN = {
    "analysis_off",
    "consent_withdrawn",
    "crashed",
    "file_missing",
    "model_missing",
    "not_kept",
}
NEVER_EXPLAINED = {"not_reproduced", "voided"}


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
    assert all(str(sentence).endswith(".") for sentence in reason[:3])
    assert reasons.explain(code) == " ".join(map(str, reason[:3]))


def test_an_unknown_reason_is_still_a_sentence() -> None:
    assert "could not be finished" in reasons.explain("of a later version")
    assert reasons.explain("") == ""


def test_every_reason_is_either_worth_another_try_or_not() -> None:
    assert {code for code, reason in reasons.FAILURES.items() if reason.again} == AGAIN
    assert {code for code, reason in reasons.FAILURES.items() if not reason.again} == NEVER
    assert reasons.may_end_otherwise("of a later version")


def test_every_reason_why_a_moment_is_not_explained_is_classified_too() -> None:
    given = codes_given_by("explaining/answering", "fail", "release", "CannotExplain")
    assert given <= set(reasons.EXPLANATIONS)
    assert {code for code, reason in reasons.EXPLANATIONS.items() if reason.again} == EXPLAINED_AGAIN
    assert {code for code, reason in reasons.EXPLANATIONS.items() if not reason.again} == NEVER_EXPLAINED


@pytest.mark.parametrize("code", sorted(NEVER - {"voided", "other_channel"}))
def test_where_no_try_helps_the_sentence_asks_for_another_file(code: str) -> None:
    wanted = str(reasons.FAILURES[code].next)
    assert "upload" in wanted
    assert "Try again" not in wanted


@pytest.mark.parametrize("code", sorted(AGAIN))
def test_where_a_try_helps_the_sentence_says_so(code: str) -> None:
    assert "try again" in str(reasons.FAILURES[code].next).lower()
