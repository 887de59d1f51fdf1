"""Reads: what clinicians said of a session and signed, in words, with the model's own words beside theirs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.decimals import decimal
from analysis.explaining.enquiry import explanation_of, why_not
from analysis.explaining.spectrograms import Picture, picture_of
from analysis.judging.signing import Since, since
from analysis.judging.standing import fingerprint, judgements_of, snapshot
from analysis.models import Analysis, Explanation, Judgement, Signature, Summary, WindowMatrix
from analysis.reasons import EXPLANATIONS, Unexplained
from analysis.trends.trend import Heard, combine
from analysis.wording.phrases import SOUNDS, percent, session_sentence, sounds_like
from ml.labels import EMOTIONS, Emotion
from patients.access import NotVisible
from patients.models import Clinician, Session


@dataclass(frozen=True)
class Said:
    """One judgement as a line: what was said, and what the model had said."""

    judgement: Judgement
    reader: Clinician

    @property
    def words(self) -> str:
        match self.judgement.verdict:
            case Judgement.Verdict.AGREE:
                return _("agrees")
            case Judgement.Verdict.UNUSABLE:
                return _("unusable")
        return _("sounds %s") % SOUNDS[Emotion(self.judgement.label)]

    @property
    def model_words(self) -> str:
        """ "Model v3 said: sounds sad or calm, 46 % and 31 %"."""
        heard = self.judgement.heard
        if self.judgement.is_of_session:
            numbers = sorted({result["model"] for result in heard["results"]})
            said = session_sentence(_combined(heard["results"]))
        else:
            numbers = [heard["model"]]
            said = _stretch_in_words(heard)
        models = ", ".join(f"v{number}" for number in numbers)
        return _("Model %(models)s said: %(words)s") % {"models": models, "words": said}

    @property
    def begins(self) -> int:
        """Whole seconds, as the player's clock shows them."""
        return int(self.judgement.start_s or 0)

    @property
    def ends(self) -> int:
        return int(self.judgement.end_s or 0)

    @property
    def is_withdrawn(self) -> bool:
        return self.judgement.withdrawn_at is not None

    @property
    def is_own(self) -> bool:
        return self.judgement.said_by_id == self.reader.pk


def _stretch_in_words(heard: dict[str, Any]) -> str:
    if not heard["windows"]:
        return _("no speech")
    return _("sounds %s") % sounds_like(heard["shares"]) if heard["label"] else _("not sure")


def _combined(results: list[dict[str, Any]]) -> Heard | None:
    """What a session's kept results come to, by the same arithmetic as on its page."""
    names = ("shares", "low", "high", "speech_s", "duration_s", "quality")
    return combine(
        [
            (
                result["model"],
                Summary(abstained_share=result["unsure"], **{name: result[name] for name in names}),
            )
            for result in results
        ]
    )


@dataclass(frozen=True)
class Signed:
    """One signature as a line, with what has come since."""

    signature: Signature
    changes: Since

    @property
    def since_words(self) -> str:
        return changes_in_words(self.changes)


def changes_in_words(changes: Since) -> str:
    """ "a new recording, 2 new judgements"; empty where nothing has changed."""
    counted = (
        ngettext("a new recording", "%(n)d new recordings", changes.new_recordings),
        ngettext("heard anew by another model", "%(n)d heard anew by another model", changes.heard_again),
        ngettext(
            "a recording moved away or voided",
            "%(n)d recordings moved away or voided",
            changes.gone_recordings,
        ),
        ngettext("a new judgement", "%(n)d new judgements", changes.new_judgements),
        ngettext("a judgement withdrawn", "%(n)d judgements withdrawn", changes.withdrawn_judgements),
    )
    return ", ".join(
        words % {"n": count} if "%(n)d" in words else words
        for words, count in zip(counted, changes, strict=True)
        if count
    )


@dataclass(frozen=True)
class SessionReview:
    """Everything that the judgement and signature blocks show, in three queries."""

    session: Session
    reader: Clinician

    @cached_property
    def judgements(self) -> list[Judgement]:
        """Withdrawn ones included, the oldest first."""
        return list(judgements_of(self.session))

    @cached_property
    def all_said(self) -> list[Said]:
        """The latest first."""
        return [Said(judgement, self.reader) for judgement in self.judgements][::-1]

    @property
    def standing(self) -> list[Said]:
        return [said for said in self.all_said if not said.is_withdrawn]

    @property
    def withdrawn(self) -> list[Said]:
        return [said for said in self.all_said if said.is_withdrawn]

    @cached_property
    def stands(self) -> dict[str, Any]:
        return snapshot(self.session, self.judgements)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.stands)

    @cached_property
    def signatures(self) -> list[Signed]:
        """The latest first."""
        listed = self.session.signatures.select_related("signed_by").order_by("-signed_at")
        return [Signed(one, since(one.signed, self.stands)) for one in listed]

    @property
    def has_results(self) -> bool:
        return bool(self.stands["results"])

    @property
    def has_several_recordings(self) -> bool:
        """Whether a place in time has to say of which recording it is."""
        return len(self.stands["results"]) > 1

    @property
    def is_open(self) -> bool:
        """Whether anything may be added at all."""
        return self.has_results and not self.session.is_voided and not self.session.patient.is_discharged

    @property
    def can_sign(self) -> bool:
        """Whether this reader has something to sign that they have not signed yet."""
        own = next((one for one in self.signatures if one.signature.signed_by_id == self.reader.pk), None)
        return self.is_open and (own is None or own.signature.signed != self.stands)


@dataclass(frozen=True)
class Alternative:
    emotion: Emotion
    label: str
    share: str


@dataclass(frozen=True)
class Region:
    """A stretch of time and frequency that spoke for the label, or against it."""

    start_s: float
    end_s: float
    hertz: str
    speaks_for: bool
    weight: str


@dataclass(frozen=True)
class Why:
    """One window, with its explanation as far as that has come."""

    analysis: Analysis
    window: int
    start_s: float
    end_s: float
    shares: list[float]
    abstained: bool
    explanation: Explanation | None
    refusal: str

    @property
    def state(self) -> str:
        """``not_asked``, ``queued``, ``running``, ``done`` or ``failed``."""
        return self.explanation.state if self.explanation else "not_asked"

    @property
    def is_final(self) -> bool:
        return self.explanation is None or self.explanation.is_final

    @property
    def reason(self) -> str:
        return str(self._why_not) if self._why_not else ""

    @property
    def may_end_otherwise(self) -> bool:
        """Whether asking, once more where it failed, is worth offering."""
        return self._why_not is None or self._why_not.again

    @property
    def _why_not(self) -> Unexplained | None:
        code = self.explanation.reason if self.explanation else ""
        return EXPLANATIONS.get(code, EXPLANATIONS["crashed"]) if code else None

    @property
    def alternatives(self) -> list[Alternative]:
        """The three nearest, the first of them what it was taken for."""
        order = np.argsort(-np.asarray(self.shares), kind="stable")[:3]
        return [
            Alternative(EMOTIONS[place], str(SOUNDS[EMOTIONS[place]]), percent(self.shares[place]))
            for place in order
        ]

    @property
    def sentence(self) -> str:
        """ "sounds sad 46 % · calm 31 % · neutral 9 %"."""
        told = " · ".join(f"{one.label} {one.share}" for one in self.alternatives)
        if self.abstained:
            return _("not sure: %s") % told
        return _("sounds %s") % told

    @property
    def label(self) -> str:
        return self.alternatives[0].label

    @property
    def regions(self) -> list[Region]:
        listed = self.explanation.reading.get("regions", []) if self.explanation else []
        return [
            Region(
                start_s=region["from_s"],
                end_s=region["to_s"],
                hertz=_("%(low)d to %(high)d Hz") % {"low": region["low_hz"], "high": region["high_hz"]},
                speaks_for=region["weight"] > 0,
                weight=percent(abs(region["weight"])),
            )
            for region in listed
        ]

    @property
    def picture(self) -> Picture | None:
        done = self.explanation
        if done is None or done.state != Explanation.State.DONE or not done.bands or not done.frames:
            return None
        shape = (done.bands, done.frames)
        return picture_of(
            levels=np.frombuffer(done.packed_levels, np.uint8).reshape(shape),
            saliency=np.frombuffer(done.packed_saliency, np.int8).reshape(shape),
            hertz=np.asarray(done.reading["hertz"], np.float64),
            start_s=done.reading["start_s"],
            frame_s=done.reading["frame_s"],
        )

    @property
    def error(self) -> str:
        """By how much the method's sum is off, as a share of all that spoke."""
        return percent(self.explanation.reading["completeness_error"]) if self.explanation else ""

    @property
    def summary(self) -> str:
        """The picture in one sentence."""
        strongest = next((region for region in self.regions if region.speaks_for), None)
        if strongest is None:
            return _("Nothing in it spoke clearly for “%s”.") % self.label
        return _("Most spoke for “%(label)s” at %(from)s to %(to)s s, in the range %(hertz)s.") % {
            "label": self.label,
            "from": decimal(strongest.start_s, 1),
            "to": decimal(strongest.end_s, 1),
            "hertz": strongest.hertz,
        }


def why_of(analysis: Analysis, window: int) -> Why:
    """One window of a finished analysis and its explanation; hidden where there is no such window."""
    matrix = WindowMatrix.objects.filter(analysis=analysis).first()
    if matrix is None or not 0 <= window < matrix.count:
        raise NotVisible
    refusal = why_not(analysis)
    return Why(
        analysis=analysis,
        window=window,
        start_s=float(matrix.starts[window]),
        end_s=float(matrix.ends[window]),
        shares=matrix.probabilities[window].tolist(),
        abstained=bool(matrix.abstained[window]),
        explanation=explanation_of(analysis, window),
        refusal=str(refusal) if refusal else "",
    )
