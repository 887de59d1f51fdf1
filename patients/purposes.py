"""What someone wants a patient's voice analysed for. Only the care of that patient is accepted.

How someone sounds must not decide over their work, insurance, schooling or rights: the estimates were made
for none of it, and some laws forbid it (docs/operations.md, "What the law allows").
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.audit import Action, record
from patients.errors import Refused
from patients.models import Clinician


class Declared(models.TextChoices):
    """The choice is offered in full, so that another purpose is declared and refused, not disguised."""

    CARE = "care", _("The care of this patient")
    EMPLOYMENT = "employment", _("Employment: hiring, fitness for work, or judging work")
    INSURANCE = "insurance", _("Insurance: whether, and at what price")
    EDUCATION = "education", _("Education: admission or assessment")
    LEGAL = "legal", _("Court, police, or border control")
    RESEARCH = "research", _("Research that is not part of this patient’s care")


def accept(*, by: Clinician, purpose: Declared | str) -> None:
    """Raises ``Refused`` for any other purpose than care, and puts it on record.

    Not to be called inside a transaction that the refusal would undo: the record has to stay.
    """
    if purpose == Declared.CARE:
        return
    if purpose not in Declared.values:
        raise Refused("purpose_unknown", _("Say what this is for."), field="purpose")
    record(actor=by, action=Action.PURPOSE_REFUSED, detail={"declared": str(purpose)})
    raise Refused(
        "purpose_refused",
        _(
            "This clinic’s program may be used for the care of the patient alone, so the patient was not "
            "enrolled. The purpose that you declared is on record."
        ),
        field="purpose",
    )
