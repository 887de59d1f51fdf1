"""The forms around recordings: shape is checked here, the rules in ``intake`` and ``correction``."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from analysis.models import Recording
from analysis.reasons import FAILURES
from patients.forms import PlainForm, TypedReferenceForm, moment_field, reason_field
from patients.models import Patient, Session

# What phones, recorders and browsers make; the content is probed, so this only guides the file dialog.
ACCEPTED = ".wav,.flac,.mp3,.ogg,.oga,.opus,.m4a,.aac,.mp4,.webm,.3gp,.amr,audio/*"


class UploadForm(PlainForm):
    """One recording for a session that is there already."""

    most_mb = settings.MAX_UPLOAD_BYTES // 1_000_000
    too_large = FAILURES["too_large"]

    recording = forms.FileField(
        label=_("Recording"),
        allow_empty_file=True,  # kept and listed with its reason, like every other file that cannot be heard
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
        error_messages={"required": _("Choose a recording first.")},
    )
    channel = forms.ChoiceField(
        label=_("Voices"),
        choices=Recording.Channel.choices,
        initial=Recording.Channel.MIX,
        help_text=_("With one person per channel, say which one is the patient: only that one is analysed."),
    )


class UploadToPatientForm(UploadForm):
    """One recording for a session that begins with it, or for one that the first of several files began."""

    held_at = moment_field(label=_("Held at"))
    kind = forms.ChoiceField(label=_("Kind of session"), choices=Session.Kind.choices)
    session = forms.UUIDField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["held_at"].initial = timezone.localtime


class RetryForm(PlainForm):
    channel = forms.ChoiceField(
        label=_("Which channel is the patient?"),
        choices=[choice for choice in Recording.Channel.choices if choice[0] != Recording.Channel.MIX],
        required=False,
        widget=forms.RadioSelect(),
    )


class VoidRecordingForm(PlainForm):
    reason = reason_field(_("Kept in the patient’s audit and beside the recording."))


class SessionChoice(forms.ModelChoiceField[Session]):
    def label_from_instance(self, obj: Session) -> str:
        return f"{timezone.localtime(obj.held_at):%d %b %Y, %H:%M} · {obj.get_kind_display()}"


class MoveRecordingForm(TypedReferenceForm):
    """Into which session of ``patient`` the recording belongs; an own session can be made for it."""

    to_session = SessionChoice(
        Session.objects.none(),
        label=_("To session"),
        required=False,
        empty_label=None,
        widget=forms.RadioSelect(),
    )
    field_order = ["to_session", "typed_reference", "reason"]

    def __init__(self, *args: Any, patient: Patient, recording: Recording, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patient = patient
        choice = cast(SessionChoice, self.fields["to_session"])
        choice.queryset = patient.sessions.filter(voided_at=None).exclude(pk=recording.session_id)
        choice.empty_label = gettext("A new session of the same date and kind")
        self.fields["typed_reference"].help_text = _("The reference of the patient that it belongs to.")

    def clean(self) -> None:
        self.check_typed(self.patient)
