"""What a patient agrees to, word for word. A version that was ever shown is never edited: add a new one."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.models import Consent

CURRENT = "2025-1"

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
}


def wording(purpose: Consent.Purpose, text_version: str = CURRENT) -> Promise:
    return TEXTS[text_version][purpose]
