"""The forms of people and their care: shape is checked here, the rules in the verbs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django import forms
from django.conf import settings
from django.conf.global_settings import LANGUAGES
from django.contrib.auth.forms import AuthenticationForm
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from patients.access import patients_of
from patients.care import LONGEST_REASON
from patients.consent_texts import asked_for, current, wording
from patients.course import LONGEST_NOTE
from patients.enrolment import PatientFacts, check_reference
from patients.errors import Refused
from patients.models import Clinician, Consent, CourseEvent, Patient, Session, Team
from patients.purposes import Declared

TYPED_REFERENCE = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class SignInForm(AuthenticationForm):
    """Django's, which also says so beside the form when too many attempts have failed."""

    # Not Django's words: in German they ask for what was just given, and do not say that it was wrong.
    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": _("The user name or the password is wrong. Capital letters count in both.")
    }

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except Refused as refused:
            raise forms.ValidationError(str(refused.sentence), code=refused.code) from refused


class PlainForm(forms.Form):
    @contextmanager
    def showing_refusals(self) -> Iterator[None]:
        """Put what the domain refuses beside the field that it is about, or above the form."""
        try:
            yield
        except Refused as refused:
            self.add_error(refused.field if refused.field in self.fields else None, str(refused.sentence))

    def focus(self) -> None:
        """Start where the work is: at the first wrong field, or else at the first."""
        first = next((name for name in self.fields if name in self.errors), next(iter(self.fields), None))
        if first is not None:
            self.fields[first].widget.attrs["autofocus"] = True


def own_password_field() -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
    return forms.CharField(label=_("Your password"), strip=False, widget=widget)


def code_field(help_text: Any) -> forms.CharField:
    attributes = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(
        label=_("Code"), max_length=40, help_text=help_text, widget=forms.TextInput(attrs=attributes)
    )


class CodeForm(PlainForm):
    code = code_field(_("Six figures from your authenticator app, or one of your recovery codes."))


class EnrolFactorForm(PlainForm):
    code = code_field(_("The six figures that the app shows now."))
    password = own_password_field()


class OwnPasswordForm(PlainForm):
    password = own_password_field()


def moment_field(**kwargs: Any) -> forms.DateTimeField:
    """A date and time in the clinic's own time, through the browser's picker."""
    picker = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
    return forms.DateTimeField(widget=picker, **kwargs)


def day_field(**kwargs: Any) -> forms.DateField:
    """A day, through the browser's picker."""
    return forms.DateField(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **kwargs)


def reason_field(help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=_("Reason"),
        help_text=help_text,
        max_length=LONGEST_REASON,
        error_messages={"required": _("Say why in a few words.")},
    )


def language_choices(*kept: str) -> list[tuple[str, str]]:
    """Languages by name, without dialects, except those in ``kept`` and the two ways to write Chinese."""
    named = {code: gettext(name) for code, name in LANGUAGES if "-" not in code or code.startswith("zh")}
    named |= {code: code for code in kept if code not in named}
    return sorted(named.items(), key=lambda pair: pair[1])


class PatientForm(PlainForm):
    """What is known of a patient."""

    reference = forms.CharField(
        label=_("Reference"),
        max_length=20,
        help_text=_("How this clinic calls the patient, without giving them away. For example R-0412."),
        error_messages={"required": _("Give the patient a reference, for example R-0412.")},
        widget=forms.TextInput(attrs=TYPED_REFERENCE),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        required=False,
        help_text=_("Leave it empty if your clinic keeps names elsewhere."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    birth_year = forms.IntegerField(
        label=_("Birth year"),
        min_value=1900,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    sex = forms.ChoiceField(label=_("Sex"), choices=Patient.Sex.choices, initial=Patient.Sex.UNKNOWN)
    language = forms.ChoiceField(label=_("Language"), help_text=_("The language spoken in sessions."))
    voice_condition = forms.CharField(
        label=_("A condition that changes the voice"),
        max_length=120,
        required=False,
        help_text=_(
            "Such as hoarseness after an operation, or a stroke. Estimates are then marked as not validated."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    next_visit = moment_field(label=_("Next visit"), required=False)
    notes = forms.CharField(
        label=_("Notes"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For the team. Not read by the recogniser."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = self.initial.setdefault("language", settings.LANGUAGE_CODE.split("-")[0])
        cast(forms.ChoiceField, self.fields["language"]).choices = language_choices(language)

    def clean_reference(self) -> str:
        return str(self.cleaned_data["reference"]).upper()

    def clean(self) -> None:
        """What the verb would refuse of a new reference is said together with what else is wrong."""
        reference = self.cleaned_data.get("reference")
        if reference and reference != self.initial.get("reference") and self._could_be_given():
            with self.showing_refusals():
                check_reference(reference)

    def _could_be_given(self) -> bool:
        return True

    def clean_birth_year(self) -> int | None:
        year: int | None = self.cleaned_data["birth_year"]
        if year is not None and year > timezone.localdate().year:
            raise forms.ValidationError(_("This year has not come yet."))
        return year

    def facts(self) -> PatientFacts:
        return cast(PatientFacts, {name: self.cleaned_data[name] for name in PatientFacts.__annotations__})


class EnrolForm(PatientForm):
    team = forms.ModelChoiceField(
        Team.objects.none(),
        label=_("Team"),
        help_text=_("Only its members will see the patient."),
        empty_label=None,
    )
    consents = forms.MultipleChoiceField(
        label=_("What the patient agreed to"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Read it out, and tick what was agreed. It can also be recorded later."),
    )
    purpose = forms.ChoiceField(
        label=_("What is this for?"),
        choices=Declared.choices,
        widget=forms.RadioSelect(attrs={"aria-describedby": "id_purpose_error"}),
        help_text=_("Only the care of the patient is accepted. Anything else is refused and put on record."),
        error_messages={"required": _("Say what this is for.")},
    )
    field_order = ["reference", "team", "name"]

    def __init__(self, *args: Any, by: Clinician, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = by.teams.all()
        self.is_in_a_team = teams.exists()
        team = cast("forms.ModelChoiceField[Team]", self.fields["team"])
        team.queryset = teams
        team.initial = teams.first()
        team.error_messages["required"] = _(
            "You are in no team yet. Ask your administrator to add you to one."
        )
        consents = cast(forms.MultipleChoiceField, self.fields["consents"])
        consents.choices = [(purpose.value, _purpose_in_words(purpose)) for purpose in asked_for()]

    def _could_be_given(self) -> bool:
        """Who is in no team is told nothing of references; another purpose goes on to its refusal."""
        is_care = self.cleaned_data.get("purpose", Declared.CARE) == Declared.CARE
        return is_care and self.is_in_a_team


def _purpose_in_words(purpose: Consent.Purpose) -> SafeString:
    return format_html("<strong>{}</strong> {}", capfirst(str(purpose.label)) + ".", wording(purpose))


class ConsentForm(PlainForm):
    """One of the page's buttons: what the patient agrees to. Withdrawing has a page of its own."""

    purpose = forms.TypedChoiceField(choices=Consent.Purpose.choices, coerce=Consent.Purpose)
    # A page from before the two steps were parted may still send a withdrawal: it must not count as consent.
    decision = forms.ChoiceField(choices=[("give", "")])
    # What was on the page when it was read out; agreeing to words that were not shown is refused.
    text_version = forms.CharField(max_length=32, required=False)
    language = forms.CharField(max_length=12, required=False)

    def clean(self) -> None:
        shown = self.cleaned_data.get("text_version")
        if self.cleaned_data.get("decision") == "give" and shown != current():
            sentence = _("The wording has changed since this page was opened. Read out the new one.")
            raise forms.ValidationError(sentence, code="other_wording")
        if self.cleaned_data.get("language") not in dict(settings.LANGUAGES):
            self.cleaned_data["language"] = None


class WithdrawConsentForm(PlainForm):
    """Sent by the button under what a withdrawal does; nothing else withdraws."""

    confirmed = forms.BooleanField(
        label=_("Withdrawal"),
        error_messages={"required": _("Nothing is withdrawn before you choose the button below.")},
    )


class TransferForm(PlainForm):
    to_team = forms.ModelChoiceField(
        Team.objects.none(),
        label=_("To team"),
        help_text=_("From then on its members alone see the patient, with everything recorded so far."),
        empty_label=_("Choose a team"),
        error_messages={"required": _("Choose the team that takes over.")},
    )
    reason = reason_field(_("Kept in the patient’s audit."))

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to_team = cast("forms.ModelChoiceField[Team]", self.fields["to_team"])
        to_team.queryset = Team.objects.exclude(pk=patient.team_id)


class ReasonForm(PlainForm):
    reason = reason_field(_("Kept in the patient’s audit."))


class EventForm(PlainForm):
    """A mark on the time axis."""

    kind = forms.ChoiceField(label=_("Kind"), choices=CourseEvent.Kind.choices)
    label = forms.CharField(
        label=_("What"),
        max_length=80,
        error_messages={"required": _("Say in a few words what it was.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    detail = forms.CharField(
        label=_("Detail"),
        max_length=300,
        required=False,
        help_text=_("For example the dose."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    on = day_field(label=_("On"), error_messages={"required": _("Say on which day.")})
    until = day_field(label=_("Until"), required=False)


class NoteForm(PlainForm):
    text = forms.CharField(
        label=_("Note"),
        max_length=LONGEST_NOTE,
        error_messages={"required": _("Write something first.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class VisitForm(PlainForm):
    """When the patient comes next; the other button, ``clear``, asks for no date."""

    at = moment_field(
        label=_("Next visit"), error_messages={"required": _("Say when the patient comes next.")}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "clear" in self.data:
            del self.fields["at"]


class SessionForm(PlainForm):
    held_at = moment_field(
        label=_("Held at"),
        help_text=_("When the patient spoke, in the clinic’s time."),
        error_messages={"required": _("Say when the patient spoke.")},
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Session.Kind.choices)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For the team, such as “first session after the change of medication”."),
    )


class RedateSessionForm(PlainForm):
    held_at = moment_field(
        label=_("Really held at"),
        help_text=_("When the patient spoke, in the clinic’s time."),
        error_messages={"required": _("Say when the patient spoke.")},
    )
    reason = reason_field(_("Kept in the patient’s audit, with the old date."))


class TypedReferenceForm(PlainForm):
    """A correction that is confirmed by typing whose patient it is about."""

    reason = reason_field(_("Kept in the audit of every patient concerned."))
    typed_reference = forms.CharField(
        label=_("Type the reference to confirm"),
        max_length=20,
        error_messages={"required": _("Type the patient’s reference, so that it is not the wrong one.")},
        widget=forms.TextInput(attrs=TYPED_REFERENCE),
    )

    def check_typed(self, patient: Patient) -> None:
        typed = str(self.cleaned_data.get("typed_reference", "")).strip().upper()
        if typed and typed != patient.reference:
            sentence = _("This is not %(reference)s. Check that it is the right patient, then type it again.")
            self.add_error("typed_reference", sentence % {"reference": patient.reference})


class VoidSessionForm(TypedReferenceForm):
    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patient = patient
        self.fields["typed_reference"].help_text = _("The reference of the patient whose session this is.")

    def clean(self) -> None:
        self.check_typed(self.patient)


class PatientChoice(forms.ModelChoiceField[Patient]):
    def label_from_instance(self, obj: Patient) -> str:
        age = "" if obj.age is None else str(obj.age)
        return " · ".join(part for part in (obj.reference, obj.name or gettext("no name kept"), age) if part)


class MoveSessionForm(TypedReferenceForm):
    to_patient = PatientChoice(
        Patient.objects.none(),
        label=_("To patient"),
        help_text=_("Who really spoke in this session. Only patients of your teams are listed."),
        empty_label=_("Choose a patient"),
        error_messages={"required": _("Choose who really spoke.")},
    )
    field_order = ["to_patient", "typed_reference", "reason"]

    def __init__(self, *args: Any, by: Clinician, session: Session, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = cast(PatientChoice, self.fields["to_patient"])
        others: QuerySet[Patient] = patients_of(by).exclude(pk=session.patient_id)
        choice.queryset = others.filter(discharged_at__isnull=True)
        self.fields["typed_reference"].help_text = _("The reference of the patient that you move it to.")

    def clean(self) -> None:
        if patient := self.cleaned_data.get("to_patient"):
            self.check_typed(patient)
