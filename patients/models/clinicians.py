"""Who signs in, and the care teams they belong to."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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
