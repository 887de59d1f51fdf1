"""Every code that intake, queue or ``ml`` can give, as sentences for a clinician: what happened, that nothing
else was lost, what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class Reason(NamedTuple):
    """Why there is no result. ``again``: whether hearing the kept file once more can end otherwise."""

    happened: StrPromise
    kept: StrPromise
    next: StrPromise
    again: bool

    def __str__(self) -> str:
        return f"{self.happened} {self.kept} {self.next}"


class Unexplained(NamedTuple):
    """Why a moment could not be explained. ``again``: whether asking once more can end otherwise."""

    happened: StrPromise
    again: bool

    def __str__(self) -> str:
        return str(self.happened)


_FILE_KEPT = _("The file is kept as it was received.")
_NOT_KEPT = _("The file was not kept; everything recorded earlier is untouched.")
_EXPORT_AGAIN = _("Export it again from the recorder or phone, for example as WAV or M4A, and upload that.")
_TRY_AGAIN = _("Choose “Try again”; if it fails once more, tell your administrator.")

FAILURES: Mapping[str, Reason] = {
    # The clinic's setting.
    "analysis_off": Reason(
        _("This clinic’s setting allows no analysis of voices."),
        _FILE_KEPT,
        _("If that has changed since, choose “Try again”."),
        again=True,
    ),
    # The file itself.
    "empty": Reason(
        _("This file holds no sound: it is empty."),
        _FILE_KEPT,
        _("Check the recording on the device it was made with and upload it again."),
        again=False,
    ),
    "not_audio": Reason(
        _("This is not a sound file that can be read."), _FILE_KEPT, _EXPORT_AGAIN, again=False
    ),
    "cut_off": Reason(
        _("This file ends too early: it was probably cut off while it was copied."),
        _FILE_KEPT,
        _("Copy it again from the device and upload the complete file."),
        again=False,
    ),
    "damaged": Reason(
        _("This file is damaged: no sound can be taken from it."),
        _FILE_KEPT,
        _("Copy it again from the device and upload the complete file."),
        again=False,
    ),
    "no_audio_stream": Reason(
        _("This file has no sound track, only pictures or other content."),
        _FILE_KEPT,
        _EXPORT_AGAIN,
        again=False,
    ),
    "too_long": Reason(
        _("This recording is longer than the two hours that can be analysed at once."),
        _FILE_KEPT,
        _("Cut it into parts and upload each into the same session."),
        again=False,
    ),
    "too_large": Reason(
        _("This file is larger than the clinic accepts."),
        _NOT_KEPT,
        _("Save it in a compressed form such as M4A or OGG, or cut it into parts, and upload that."),
        again=False,
    ),
    "wrong_extension": Reason(
        _("The name of this file says one kind of sound, its content is another."),
        _FILE_KEPT,
        _("If it is the right recording, choose “Try again”: it is then read as what it is."),
        again=True,
    ),
    "choose_channel": Reason(
        _("This recording has more than one channel, and nobody has said which one is the patient’s."),
        _FILE_KEPT,
        _("Choose the patient’s channel and try again; only that one is analysed."),
        again=True,
    ),
    "no_such_channel": Reason(
        _("The channel chosen for the patient is not in this recording."),
        _FILE_KEPT,
        _("Choose another channel and try again."),
        again=True,
    ),
    # What became of it here.
    "file_missing": Reason(
        _("The sound file is no longer in the storage."),
        _("The session and everything recorded earlier are untouched."),
        _(
            "Tell your administrator. Once the file is back, choose “Try again”; or void this recording and "
            "upload the file again."
        ),
        again=True,
    ),
    "storage_full": Reason(
        _("The storage has no room left, so this could not be finished."),
        _("Everything recorded earlier is untouched."),
        _("Ask your administrator to free space, then try again."),
        again=True,
    ),
    "model_missing": Reason(
        _("The speech model of this clinic could not be loaded."),
        _FILE_KEPT,
        _("Tell your administrator; afterwards choose “Try again”."),
        again=True,
    ),
    "crashed": Reason(
        _("The analysis broke off several times, so it was stopped."), _FILE_KEPT, _TRY_AGAIN, again=True
    ),
    "consent_withdrawn": Reason(
        _("There is no standing consent to analyse recordings of this patient, so it was not analysed."),
        _FILE_KEPT,
        _("If the patient agrees, record the consent and choose “Try again”."),
        again=True,
    ),
    "other_channel": Reason(
        _("This was heard on the other channel, which is not the patient’s; it was taken back."),
        _FILE_KEPT,
        _("Nothing needs to be done."),
        again=False,
    ),
    "voided": Reason(
        _("This recording was voided before it was analysed."),
        _FILE_KEPT,
        _("Nothing needs to be done."),
        again=False,
    ),
}

# A result came, with something to know beside it.
NOTES: Mapping[str, StrPromise] = {
    "too_short": _("Less than a second of speech was heard: too little to say how it sounds."),
    "no_speech": _("No speech was heard in this recording. Check that the right file was uploaded."),
    "silent": _("The recording is silent. Check the microphone and that the right file was uploaded."),
    "clipped": _("The recording is distorted because it was too loud; estimates are less certain."),
    "low_snr": _("There is much background noise; estimates are less certain."),
    "reverberant": _(
        "The room echoes, so estimates are less certain. Move the microphone closer to the patient next time."
    ),
    "band_limited": _(
        "It sounds like a telephone line: high tones are missing, so estimates are less certain."
    ),
    "unfamiliar": _(
        "Most of it is unlike the speech that the model learnt from, as music or several voices are. "
        "There is no estimate for those parts."
    ),
    "cut_off": _("The recording breaks off: the file promised more than it holds."),
    "gaps": _("Parts of the recording are damaged; they were heard as silence."),
}

# Why a moment could not be explained, beside the page's own “Try again” where that can help.
EXPLANATIONS: Mapping[str, Unexplained] = {
    "not_kept": Unexplained(
        _("The sound of this recording is not kept any more, so this cannot be worked out."), again=True
    ),
    "voided": Unexplained(
        _("This recording was voided, so nothing more is worked out about it."), again=False
    ),
    "analysis_off": Unexplained(
        _("This clinic’s setting allows no estimates of emotion, so this was not worked out."), again=True
    ),
    "consent_withdrawn": Unexplained(
        _("There is no standing consent to analyse recordings, so this was not worked out."), again=True
    ),
    "file_missing": Unexplained(
        _("The sound file is no longer in the storage. Tell your administrator."), again=True
    ),
    "model_missing": Unexplained(
        _("The model that heard this is no longer on the server. Tell your administrator."), again=True
    ),
    "not_reproduced": Unexplained(
        _(
            "What the model heard then could not be repeated from the kept sound, so no reason is shown. "
            "Asking again would give the same."
        ),
        again=False,
    ),
    "crashed": Unexplained(
        _("This broke off several times. Nothing else is lost; it can be tried again."), again=True
    ),
}

# Why a training came to nothing; an administrator reads it, beside the error's own words.
TRAINING: Mapping[str, StrPromise] = {
    "training_failed": _("The training broke off. Mend what the error says, then ask for it again."),
    "same_model": _("The training gave exactly a model that is there already; nothing was published."),
    "cancelled": _("The training was cancelled; nothing was published."),
    "consent_withdrawn": _(
        "A patient from whose voice it learnt withdrew their consent meanwhile; nothing was published."
    ),
    "crashed": _("The training process died several times; there may be too little memory for it."),
}

UNKNOWN = Reason(_("The analysis could not be finished."), _FILE_KEPT, _TRY_AGAIN, again=True)


def explain(code: str) -> str:
    """Why there is no result, in whole sentences; empty for an empty code."""
    return str(FAILURES.get(code, UNKNOWN)) if code else ""


def may_end_otherwise(code: str) -> bool:
    """Whether another try is worth offering; what can never be read needs another file instead."""
    return FAILURES.get(code, UNKNOWN).again


def note(code: str) -> str:
    """What to know beside a result."""
    return str(NOTES.get(code, code))


def notes(codes: list[str]) -> list[str]:
    return [note(code) for code in codes]
