"""The questionnaire as a form, for the clinician's page and the patient's alike, and the forms around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from patients.forms import PlainForm, moment_field
from patients.models import Instrument
from patients.questionnaires.answering import LONGEST_NOTE
from patients.questionnaires.instruments import Questionnaire
from patients.questionnaires.scoring import Answer

AS_IT_IS = "as_it_is"  # the button that sends a questionnaire with questions left out


def scale(words: tuple[str, ...], label: str) -> forms.TypedChoiceField:
    """One question: 0 to 3, or nothing."""
    return forms.TypedChoiceField(
        label=label,
        choices=list(enumerate(words)),
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )


class QuestionnaireForm(PlainForm):
    """Nothing is required, but what is left out is asked about once before it is sent."""

    def __init__(
        self, *args: Any, questionnaire: Questionnaire, language: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.questionnaire, self.wording = questionnaire, questionnaire.wording(language)
        self.language = questionnaire.language(language)
        self.asks_to_confirm = False
        for place, item in enumerate(self.wording.items):
            self.fields[f"item_{place}"] = scale(self.wording.choices, item)
        self.fields["difficulty"] = scale(self.wording.difficulty_choices, self.wording.difficulty)

    @property
    def questions(self) -> Iterator[forms.BoundField]:
        return (self[f"item_{place}"] for place in range(self.questionnaire.length))

    @property
    def answers(self) -> list[Answer]:
        return [
            cast(Answer, self.cleaned_data.get(f"item_{place}")) for place in range(self.questionnaire.length)
        ]

    def clean(self) -> dict[str, Any]:
        left_out = [str(place + 1) for place, answer in enumerate(self.answers) if answer is None]
        wrong = [name for name in self.errors if name.startswith("item_")]
        if left_out and not wrong and AS_IT_IS not in self.data:
            # Not where nothing at all is answered: there is nothing to send then.
            self.asks_to_confirm = len(left_out) < self.questionnaire.length
            sentence = ngettext(
                "Question %(list)s has no answer yet.",
                "Questions %(list)s have no answer yet.",
                len(left_out),
            )
            self.add_error(None, sentence % {"list": ", ".join(left_out)})
        return self.cleaned_data


class EnteredForm(QuestionnaireForm):
    """Filled on paper or read aloud, and typed in by the team."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["filled_at"] = moment_field(
            label=_("Filled at"),
            initial=timezone.localtime,
            help_text=_("When the patient answered, in the clinic’s time."),
            error_messages={"required": _("Say when the patient answered.")},
        )


class LinkForm(PlainForm):
    instrument = forms.TypedChoiceField(
        label=_("Questionnaire"), choices=Instrument.choices, coerce=Instrument
    )


class SeenForm(PlainForm):
    note = forms.CharField(
        label=_("What you did or decided"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example: called the patient, safety plan gone through. The team reads it."),
        error_messages={"required": _("Say in a few words what you did or decided.")},
    )
