"""Who is monitored, who may see them, what they agreed to, and who looked.

Rows are written by the verbs in ``enrolment``, ``care`` and ``audit``; a view never touches
``Patient.objects`` but goes through the doors in ``access``.
"""

from __future__ import annotations

import uuid
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

reference_shape = RegexValidator(
    r"^[A-Z0-9](?:[A-Z0-9-]{0,18}[A-Z0-9])?\Z",
    _("Use capital letters, digits and hyphens only, at most 20, for example R-0412."),
)
language_shape = RegexValidator(
    r"^[a-z]{2,3}(?:-[A-Za-z]{2,4})?\Z", _("Use a language code, for example en, de or pt-BR.")
)


class Clinician(AbstractUser):
    """Someone who signs in. Administrators are clinicians or staff with ``is_superuser``."""

    class Role(models.TextChoices):
        CLINICIAN = "clinician", _("clinician")
        # Front desk and research nurses: enrol, start sessions, upload; they do not see or hear the results.
        STAFF = "staff", _("staff")

    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.CLINICIAN)
    # A published password: may sign in only where the whole installation is a demo.
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("clinician")
        verbose_name_plural = _("clinicians")

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.get_username()

    @property
    def sees_results(self) -> bool:
        """Whether this role may see estimates and hear recordings of the patients it has access to."""
        return self.role == self.Role.CLINICIAN


class Team(models.Model):
    """A care team: the only people who can see its patients."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    members = models.ManyToManyField(Clinician, through="Membership", related_name="teams")

    class Meta:
        ordering = ["name"]
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    clinician = models.ForeignKey(Clinician, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    since = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinician", "team"], name="one_membership_per_team"),
        ]

    def __str__(self) -> str:
        return f"{self.clinician} in {self.team}"


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
    next_visit = models.DateTimeField(_("next visit"), null=True, blank=True)
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["reference"]
        verbose_name = _("patient")
        verbose_name_plural = _("patients")

    def __str__(self) -> str:
        return self.reference

    @property
    def is_discharged(self) -> bool:
        return self.discharged_at is not None

    @property
    def standing_consents(self) -> list[Consent]:
        """In Python, so that ``prefetch_related("consents")`` serves a whole list of patients."""
        return [consent for consent in self.consents.all() if consent.withdrawn_at is None]

    @property
    def age(self) -> int | None:
        """Age in years, good to one year: only the birth year is kept."""
        return None if self.birth_year is None else timezone.localdate().year - self.birth_year


class Consent(models.Model):
    """One agreement for one purpose. Withdrawal is a mark on the row, never its removal."""

    class Purpose(models.TextChoices):
        ANALYSE = "analyse", _("analyse recordings")
        KEEP_AUDIO = "keep_audio", _("keep the audio")
        TRAIN = "train", _("use for training models")

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=16, choices=Purpose)
    text_version = models.CharField(max_length=32, help_text=_("Which wording the patient agreed to."))
    given_at = models.DateTimeField(default=timezone.now)
    given_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        ordering = ["given_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "purpose"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_standing_consent_per_purpose",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient}: {self.purpose}"


class Session(models.Model):
    """One occasion on which a patient spoke."""

    class Kind(models.TextChoices):
        IN_PERSON = "in_person", _("in person")
        TELEHEALTH = "telehealth", _("telehealth")
        PHONE = "phone", _("phone")
        DIARY = "diary", _("voice diary")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="sessions")
    held_at = models.DateTimeField(_("held at"), default=timezone.now)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.IN_PERSON)
    note = models.TextField(_("note"), blank=True)
    started_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
    voided_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )
    void_reason = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ["-held_at"]
        indexes = [models.Index(fields=["patient", "-held_at"], name="session_by_patient")]
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return f"{self.patient.reference}, {self.held_at:%Y-%m-%d}"

    @property
    def is_voided(self) -> bool:
        return self.voided_at is not None


class BrowserSession(AbstractBaseSession):
    """A browser in which someone is signed in, or about to be. Not a patient’s ``Session``."""

    clinician = models.ForeignKey(
        Clinician, on_delete=models.CASCADE, null=True, related_name="browser_sessions", editable=False
    )
    used_at = models.DateTimeField(default=timezone.now, editable=False)

    @classmethod
    def get_session_store_class(cls) -> Any:
        return import_module(settings.SESSION_ENGINE).SessionStore  # which stores its rows here


class SignInFailure(models.Model):
    """A failed attempt to sign in, kept until it no longer counts against account and address."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    account = models.CharField(max_length=64, help_text=_("A digest of the user name that was typed."))
    address = models.CharField(_("address"), max_length=64, blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["account", "-at"], name="failure_by_account"),
            models.Index(fields=["address", "-at"], name="failure_by_address"),
        ]
        verbose_name = _("failed sign-in")
        verbose_name_plural = _("failed sign-ins")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.address}"


class AppendOnly(models.QuerySet["AuditEntry"]):
    """Rows may be added and read. (Erasing a patient empties the reference through the base manager.)"""

    def update(self, **kwargs: Any) -> int:
        raise TypeError("An audit entry is never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("An audit entry is never removed.")


class AuditEntry(models.Model):
    """Who did or saw what, when. Rows are added and never changed or removed through the ORM."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.ForeignKey(Clinician, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=48, db_index=True)
    # Kept when a patient is erased: the entry then names no one.
    patient = models.ForeignKey(Patient, on_delete=models.SET_NULL, null=True, related_name="audit_entries")
    subject_kind = models.CharField(max_length=32, blank=True)
    subject_id = models.CharField(max_length=40, blank=True)
    address = models.GenericIPAddressField(null=True)
    detail = models.JSONField(default=dict)

    objects = AppendOnly.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["patient", "-at"], name="audit_by_patient")]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("An audit entry is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("An audit entry is never removed.")
