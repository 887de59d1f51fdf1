"""The administrator's side: accounts, teams, whose patient is whose, and the audit. No clinical content."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static import admin as _static  # noqa: F401  the same
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp import admin as _totp  # noqa: F401  the same
from django_otp.plugins.otp_totp.models import TOTPDevice
from knox.admin import AuthTokenAdmin  # noqa: F401  so that it registers before it is replaced
from knox.models import AuthToken

from patients import lock_out, second_factor
from patients.audit import Action, record
from patients.models import AuditEntry, Clinician, Membership, Patient, SignInFailure, Team
from patients.tokens import close_other_ways_in

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Row = TypeVar("Row", bound=Model)


class AuditedAdmin(admin.ModelAdmin[Row]):
    """Writes what an administrator lists, sees and changes into the clinic's one audit.

    It stands in for Django's own log of changes, which knows nothing of looking and would keep a patient's
    reference after the patient is erased.
    """

    def note(self, request: HttpRequest, action: Action, row: Row | None = None, **detail: Any) -> None:
        record(
            actor=cast(Clinician, request.user),
            action=action,
            patient=row if isinstance(row, Patient) else None,
            subject=row,
            detail=detail,
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.note(request, Action.ADMIN_LISTED, kind=self.opts.model_name)
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if object_id and request.method == "GET" and (row := self.get_object(request, object_id)):
            self.note(request, Action.ADMIN_VIEWED, row)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        entries = reverse("admin:patients_auditentry_changelist")
        return redirect(f"{entries}?subject_kind={self.opts.model_name}&subject_id={object_id}")

    # Django's return the rows of its own log, which nothing of Django's reads.
    def log_addition(  # type: ignore[override]
        self, request: HttpRequest, obj: Row, message: Any
    ) -> None:
        self.note(request, Action.ADMIN_ADDED, obj, changes=message)

    def log_change(  # type: ignore[override]
        self, request: HttpRequest, obj: Row, message: Any
    ) -> None:
        self.note(request, Action.ADMIN_CHANGED, obj, changes=message)

    def log_deletions(  # type: ignore[override]
        self, request: HttpRequest, queryset: QuerySet[Row]
    ) -> None:
        for row in queryset:
            self.note(request, Action.ADMIN_REMOVED, row)


# The keys of second factors are nobody's to read.
admin.site.unregister([Group, AuthToken, StaticDevice, TOTPDevice])


@admin.register(Clinician)
class ClinicianAdmin(AuditedAdmin[Clinician], UserAdmin[Clinician]):
    """Accounts are switched off rather than deleted: the audit keeps naming them."""

    list_display = ["username", "display_name", "role", "is_active", "is_superuser", "last_login"]
    list_filter = ["role", "is_active", "is_superuser", "teams"]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (_("What they may do"), {"fields": ["role", "is_active", "is_staff", "is_superuser"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined", "locked_until", "second_factor"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "usable_password", "password1", "password2", "role", "email"]}),
    ]
    readonly_fields = ["last_login", "date_joined", "locked_until", "second_factor"]
    actions = ["unlock", "sign_out_everywhere", "remove_second_factor"]

    @admin.display(description=_("locked until"))
    def locked_until(self, clinician: Clinician) -> datetime | StrOrPromise:
        return lock_out.locked_until(clinician) or _("not locked")

    @admin.action(description=_("Unlock: forget failed attempts to sign in"), permissions=["change"])
    def unlock(self, request: HttpRequest, chosen: QuerySet[Clinician]) -> None:
        for clinician in chosen:
            self.note(request, Action.UNLOCKED, clinician, failures=lock_out.forgive(clinician))
        self.message_user(request, _("Their next attempt to sign in is tried again."))

    @admin.display(description=_("second factor"), boolean=True)
    def second_factor(self, clinician: Clinician) -> bool:
        return second_factor.has_one(clinician)

    @admin.action(description=_("Remove the second factor, as after a lost phone"), permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, chosen: QuerySet[Clinician]) -> None:
        for clinician in chosen:
            second_factor.remove(clinician, by=cast(Clinician, request.user))
            close_other_ways_in(clinician)
        self.message_user(request, _("They are signed out, and sign in with their password next time."))

    @admin.action(description=_("Sign out everywhere, and revoke API tokens"), permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, chosen: QuerySet[Clinician]) -> None:
        for clinician in chosen:
            close_other_ways_in(clinician)
            self.note(request, Action.SIGNED_OUT_ELSEWHERE, clinician)
        self.message_user(request, _("They are signed out everywhere."))

    def has_delete_permission(self, request: HttpRequest, obj: Clinician | None = None) -> bool:
        return False

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            changed = Clinician.objects.get(pk=id)
            keep = request.session.session_key if changed == request.user else None
            close_other_ways_in(changed, keep=keep)
        return response


@admin.register(SignInFailure)
class SignInFailureAdmin(AuditedAdmin[SignInFailure]):
    """What counts against an address. Deleting its rows lets it try again; they go by themselves, too."""

    list_display = ["at", "address"]
    list_display_links = None
    search_fields = ["address"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SignInFailure | None = None) -> bool:
        return False


@admin.register(AuthToken)
class TokenAdmin(AuditedAdmin[Any]):
    """Who holds a token for the REST interface. An administrator can revoke one, but make none."""

    list_display = ["token_key", "user", "created", "expiry"]
    list_display_links = None
    list_select_related = ["user"]
    search_fields = ["user__username"]

    def note(self, request: HttpRequest, action: Action, row: Any = None, **detail: Any) -> None:
        if row is not None:
            row, detail = row.user, {**detail, "token": row.token_key}
        super().note(request, action, row, **detail)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipInline(admin.TabularInline[Membership, Team]):
    model = Membership
    autocomplete_fields = ["clinician"]
    extra = 1


@admin.register(Team)
class TeamAdmin(AuditedAdmin[Team]):
    list_display = ["name", "members", "patients"]
    search_fields = ["name"]
    inlines = [MembershipInline]

    @admin.display(description=_("members"))
    def members(self, team: Team) -> int:
        return team.memberships.count()

    @admin.display(description=_("patients"))
    def patients(self, team: Team) -> int:
        return team.patients.count()


@admin.register(Patient)
class PatientAdmin(AuditedAdmin[Patient]):
    """Only whose patient this is can be changed here: names, notes and sessions stay with the team."""

    list_display = ["reference", "team", "enrolled_at", "is_discharged", "is_demo"]
    list_filter = ["team", "is_demo"]
    list_select_related = ["team"]
    search_fields = ["reference"]
    fields = ["reference", "team", "enrolled_at", "discharged_at", "is_demo"]
    readonly_fields = ["reference", "enrolled_at", "discharged_at", "is_demo"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Patient | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Patient, form: ModelForm[Patient], change: bool) -> None:
        before = Team.objects.get(pk=form.initial["team"])
        obj.save(update_fields=["team"])  # and nothing else of what was read when the form was opened
        if before != obj.team:
            ends = {"from": before.name, "to": obj.team.name}
            self.note(request, Action.PATIENT_TRANSFERRED, obj, **ends)


@admin.register(AuditEntry)
class AuditEntryAdmin(AuditedAdmin[AuditEntry]):
    list_display = ["at", "actor", "did", "patient", "subject_kind", "subject_id", "address"]
    list_display_links = None
    list_select_related = ["actor", "patient"]
    search_fields = ["patient__reference", "actor__username"]
    search_help_text = _("A patient’s reference, or a user name.")
    date_hierarchy = "at"
    show_full_result_count = False

    @admin.display(description=_("what"), ordering="action")
    def did(self, entry: AuditEntry) -> StrOrPromise:
        return Action(entry.action).label if entry.action in Action.values else entry.action

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in {"subject_kind", "subject_id"} or super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False
