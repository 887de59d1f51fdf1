"""Item 9 above 0 raises its own notice, whatever the voice sounds like, until a clinician marks it seen."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from patients.models import Clinician, Patient, QuestionnaireResponse

log = logging.getLogger(__name__)


def crisis_text() -> str:
    """Whom to call now; the clinic's own words, if it has set them."""
    return settings.CRISIS_TEXT or _(
        "If you are in danger, or might hurt yourself, call the emergency number now: 112 in Europe, 999 in "
        "the United Kingdom, 911 or 988 in the United States and Canada. Or go to the nearest emergency "
        "department."
    )


def waiting() -> QuerySet[QuestionnaireResponse]:
    """Those that nobody of the team has seen yet, of all patients: the index of the table holds no others."""
    return QuestionnaireResponse.objects.filter(asks_for_eyes=True, safety_seen_at=None, voided_at=None)


def is_waiting(response: QuestionnaireResponse) -> bool:
    """The same of one that is read already."""
    return response.asks_for_eyes and response.safety_seen_at is None and not response.is_voided


def unseen(patients: QuerySet[Patient] | Iterable[Patient]) -> QuerySet[QuestionnaireResponse]:
    chosen: Any = patients.order_by().values("pk") if isinstance(patients, QuerySet) else patients
    return waiting().filter(patient__in=chosen)


def unseen_safety(patients: QuerySet[Patient] | Iterable[Patient]) -> dict[int, QuestionnaireResponse]:
    """By patient id, the oldest response of theirs that waits for a clinician's eyes; one query."""
    found = unseen(patients).order_by("-filled_at").defer("answers")
    return {response.patient_id: response for response in found}


def mail_on_commit(response: QuestionnaireResponse) -> None:
    if settings.QUESTIONNAIRE_MAIL:
        transaction.on_commit(lambda: _mail(response))


def _mail(response: QuestionnaireResponse) -> None:
    """To the clinicians of the team, one mail each. It names neither the patient nor what was answered."""
    team = Clinician.objects.filter(
        teams=response.patient.team_id, role=Clinician.Role.CLINICIAN, is_active=True
    )
    for address in team.exclude(email="").values_list("email", flat=True):
        text = _("A questionnaire needs your eyes. Sign in to see whose: %(url)s/") % {
            "url": settings.PUBLIC_URL
        }
        try:
            EmailMessage(_("A questionnaire needs your eyes"), text, to=[address]).send()
        except OSError:  # smtplib's errors are of this kind; the notice on the page stands all the same
            log.exception("The notice of a questionnaire could not be mailed.")
