"""The person under care."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.clinicians import Team

if TYPE_CHECKING:
    from patients.models.consents import Consent

reference_shape = RegexValidator(
    r"^[A-Z0-9](?:[A-Z0-9-]{0,18}[A-Z0-9])?\Z",
    _("Use capital letters, digits and hyphens only, at most 20, for example R-0412."),
)


language_shape = RegexValidator(
    r"^[a-z]{2,3}(?:-[A-Za-z]{2,4})?\Z", _("Use a language code, for example en, de or pt-BR.")
)


class Patient(models.Model):
    """A person under care, known by a pseudonymous reference; a name is kept only if the clinic wants it."""

    class Sex(models.TextChoices):
        FEMALE = "female", _("female")
        MALE = "male", _("male")
        OTHER = "other", _("other")
        UNKNOWN = "unknown", _("not recorded")

    reference = models.CharField(
        _("reference"),
        max_length=20,
        unique=True,
        validators=[reference_shape],
        error_messages={"unique": _("This reference is already in use in this clinic. Choose another.")},
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    birth_year = models.PositiveSmallIntegerField(
        _("birth year"), null=True, blank=True, validators=[MinValueValidator(1900), MaxValueValidator(2100)]
    )
    sex = models.CharField(_("sex"), max_length=8, choices=Sex, default=Sex.UNKNOWN)
    language = models.CharField(
        _("language"),
        max_length=12,
        default="en",
        validators=[language_shape],
        help_text=_("The language spoken in sessions."),
    )
    notes = models.TextField(_("notes"), blank=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="patients", verbose_name=_("team"))
    enrolled_at = models.DateTimeField(default=timezone.now, editable=False)
    discharged_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Such as dysphonia, hoarseness after an operation, a stroke: estimates are greyed as not validated.
    voice_condition = models.CharField(_("a condition that changes the voice"), max_length=120, blank=True)
    next_visit = models.DateTimeField(_("next visit"), null=True, blank=True)
    is_demo = models.BooleanField(default=False, editable=False)
    # Counted up with every change: what is derived from this patient's sessions knows by it what it rests on.
    revision = models.PositiveIntegerField(default=0, editable=False)
    # With every later revision only those sessions changed that bear its number, or a later one's.
    reread_from = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["reference"]
        verbose_name = _("patient")
        verbose_name_plural = _("patients")

    def __str__(self) -> str:
        return self.reference

    @classmethod
    def count_change(cls, *patient_ids: int, is_beside_sessions: bool = False) -> None:
        """Say that what is derived of them is out of date; in the transaction of the change.

        Any of their sessions may have changed, unless it ``is_beside_sessions``. ``Session.count_change`` is
        for who knows which did.
        """
        revision = F("revision") + 1
        whole = {} if is_beside_sessions else {"reread_from": revision}
        cls.objects.filter(pk__in=patient_ids).update(revision=revision, **whole)

    @property
    def is_discharged(self) -> bool:
        return self.discharged_at is not None

    @property
    def standing_consents(self) -> list[Consent]:
        """In Python, so that ``prefetch_related("consents")`` serves a whole list of patients."""
        return [consent for consent in self.consents.all() if consent.withdrawn_at is None]

    @property
    def agrees_to_analysis(self) -> bool:
        """For pages that show it. Verbs ask the table itself: ``patients.enrolment.has_consent``."""
        return any(
            consent.purpose == consent.Purpose.ANALYSE and consent.covers
            for consent in self.standing_consents
        )

    @property
    def age(self) -> int | None:
        """Age in years, good to one year: only the birth year is kept."""
        return None if self.birth_year is None else timezone.localdate().year - self.birth_year
