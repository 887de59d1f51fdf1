"""What a patient agrees to, word for word. A version that was ever shown is never edited: add a new one.

The words say what is done, so they follow the clinic's setting ``EMOTION_ANALYSIS``: where no emotion is
estimated the patient is asked for measures of the sound alone, and not asked for what is not done there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from patients.models import Consent

CURRENT = "2026-1"
CURRENT_UNDER: Mapping[str, str] = {
    "full": CURRENT,
    "acoustic": "2026-1-acoustic",
    "off": "2026-1-off",
}

TEXTS: dict[str, dict[Consent.Purpose, Promise]] = {
    "2025-1": {
        Consent.Purpose.ANALYSE: _(
            "A computer may analyse recordings of my voice and estimate how my speech sounds: for example, "
            "that it sounds sad or sounds calm. This is an estimate from sound alone. It is not a diagnosis, "
            "it can be wrong, and only the team that treats me sees it. I can withdraw this at any time; "
            "then no further recording is accepted or analysed."
        ),
        Consent.Purpose.KEEP_AUDIO: _(
            "The clinic may keep the sound of my recordings, so that my team can listen to a moment again. "
            "I can withdraw this at any time."
        ),
        Consent.Purpose.TRAIN: _(
            "My recordings may be used inside this clinic to improve how the computer recognises how speech "
            "sounds. My care does not depend on this. I can withdraw it at any time; what was already learnt "
            "cannot be taken out, but my recordings are not used again."
        ),
    },
    # Says what is measured beside the estimate, and how soon a withdrawal takes effect.
    "2026-1": {
        Consent.Purpose.ANALYSE: _(
            "A computer may analyse recordings of my voice. It estimates how my speech sounds: for example, "
            "that it sounds sad or sounds calm. It also measures how I speak: pace, pauses, pitch and "
            "loudness. These are estimates from sound alone. They are not a diagnosis, they can be wrong, "
            "and only the team that treats me sees them. My care does not depend on this. I can withdraw it "
            "at any time; from that moment no recording is accepted or analysed."
        ),
        Consent.Purpose.KEEP_AUDIO: _(
            "The clinic may keep the sound of my recordings, so that my team can listen to a moment again. "
            "My care does not depend on this. I can withdraw it at any time; from that moment nobody can "
            "listen, and the sound is removed within a day. What was measured from it stays in my record."
        ),
        Consent.Purpose.TRAIN: _(
            "My recordings may be used inside this clinic to improve how the computer recognises how speech "
            "sounds. My care does not depend on this. I can withdraw it at any time; what was already learnt "
            "cannot be taken out, but my recordings are not used again."
        ),
    },
    # No emotion is estimated, and no program that estimates any learns from recordings.
    "2026-1-acoustic": {
        Consent.Purpose.ANALYSE: _(
            "A computer may analyse recordings of my voice. It measures how I speak: pace, pauses, pitch and "
            "loudness. It makes no estimate of what my speech sounds like or how I feel. These are measures "
            "of sound alone. They are not a diagnosis, they can be wrong, and only the team that treats me "
            "sees them. My care does not depend on this. I can withdraw it at any time; from that moment no "
            "recording is accepted or analysed."
        ),
        Consent.Purpose.KEEP_AUDIO: _(
            "The clinic may keep the sound of my recordings, so that my team can listen to a moment again. "
            "My care does not depend on this. I can withdraw it at any time; from that moment nobody can "
            "listen, and the sound is removed within a day. What was measured from it stays in my record."
        ),
    },
    # No recording is taken in, so nobody is asked for anything.
    "2026-1-off": {},
}


@dataclass(frozen=True)
class Words:
    """One wording in one language, as it is shown, agreed to and kept."""

    text: str
    version: str
    language: str


def current() -> str:
    """The version that says what is done under this clinic's setting."""
    return CURRENT_UNDER[settings.EMOTION_ANALYSIS]


def asked_for() -> tuple[Consent.Purpose, ...]:
    """What patients are asked to agree to under this clinic's setting."""
    return tuple(TEXTS[current()])


def is_replaced(consent: Consent) -> bool:
    """Whether other words than those agreed to stand in their place now."""
    purpose = Consent.Purpose(consent.purpose)
    if purpose not in asked_for():
        return False
    return str(wording(purpose, consent.text_version)) != str(wording(purpose, current()))


def words(purpose: Consent.Purpose, text_version: str, language: str | None = None) -> Words:
    """The words in ``language``, by default that of the page; in English where there is no translation."""
    language = language or get_language() or settings.LANGUAGE_CODE
    with override(language):
        text = str(wording(purpose, text_version))
        return Words(text, text_version, get_language() or language)


def wording(purpose: Consent.Purpose, text_version: str | None = None) -> Promise:
    """By default in the version that stands here now."""
    return TEXTS[text_version or current()][purpose]
