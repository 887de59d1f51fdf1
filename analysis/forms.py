"""The forms around recordings: shape is checked here, the rules in ``intake`` and ``correction``."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from analysis.judging.judgement import LONGEST_NOTE
from analysis.models import Judgement, Recording
from analysis.reasons import FAILURES
from analysis.wording.dates import written
from analysis.wording.phrases import SOUNDS
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
        return f"{written(timezone.localtime(obj.held_at), 'j M Y, H:i')} · {obj.get_kind_display()}"


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


def note_field(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _("Say it in at most 1,000 characters.")},
    )


class JudgementForm(PlainForm):
    """One of the page's buttons: a verdict, or a label of one's own, of the stretch or of the session."""

    verdict = forms.ChoiceField(choices=Judgement.Verdict.choices, required=False)
    label = forms.ChoiceField(choices=list(SOUNDS.items()), required=False)
    of = forms.ChoiceField(choices=[("session", ""), ("stretch", "")], initial="session")
    analysis = forms.UUIDField(required=False, widget=forms.HiddenInput())
    start_s = forms.FloatField(required=False, widget=forms.HiddenInput())
    end_s = forms.FloatField(required=False, widget=forms.HiddenInput())
    note = note_field(_("Note"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "judge_%s")  # another form of the page has a note, too
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = {**self.cleaned_data}
        if cleaned.get("label"):
            cleaned["verdict"] = Judgement.Verdict.OWN_LABEL
        if not cleaned.get("verdict"):
            self.add_error(None, _("Choose “agree”, what it sounds like to you, or “unusable”."))
        if cleaned.get("of") == "stretch" and not cleaned.get("analysis"):
            self.add_error(None, _("Choose a stretch in the timeline first, or judge the whole session."))
        return cleaned

    @property
    def is_of_stretch(self) -> bool:
        return bool(self.cleaned_data["of"] == "stretch")


class SignatureForm(PlainForm):
    seen = forms.CharField(max_length=16, widget=forms.HiddenInput())
    note = note_field(_("Note"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "sign_%s")
        super().__init__(*args, **kwargs)

    def be_about(self, fingerprint: str) -> None:
        """Let the next try be about what stands now, which the answer shows."""
        self.data = {**self.data, "seen": fingerprint}


class WindowForm(PlainForm):
    """Which window of which analysis somebody asks about."""

    analysis = forms.UUIDField()
    window = forms.IntegerField(min_value=0)
