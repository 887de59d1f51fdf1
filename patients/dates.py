"""How days and hours are written: in the order and with the signs of the reader's language.

The formats below are the English ones, and the names of all: a catalogue has each as its language writes it,
German "3. Nov. 2026" by "j. N Y", in the letters of Django's ``date`` filter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

FORMATS: Mapping[str, StrPromise] = {
    "j M": pgettext_lazy("date format", "j M"),
    "j M, H:i": pgettext_lazy("date format", "j M, H:i"),
    "j M Y": pgettext_lazy("date format", "j M Y"),
    "j M Y, H:i": pgettext_lazy("date format", "j M Y, H:i"),
    "j M Y, H:i:s": pgettext_lazy("date format", "j M Y, H:i:s"),
    "j F Y": pgettext_lazy("date format", "j F Y"),
    "j F Y, H:i": pgettext_lazy("date format", "j F Y, H:i"),
    "l, j F Y, H:i": pgettext_lazy("date format", "l, j F Y, H:i"),
    "D": pgettext_lazy("date format", "D"),
    "D H:i": pgettext_lazy("date format", "D H:i"),
    "M": pgettext_lazy("date format", "M"),
    "M Y": pgettext_lazy("date format", "M Y"),
    "F Y": pgettext_lazy("date format", "F Y"),
}


def written(moment: date, how: str) -> str:
    """A day, or a moment of the clinic's clock, by ``how`` of ``FORMATS`` in the reader's language."""
    if isinstance(moment, datetime):
        moment = moment.replace(
            tzinfo=None
        )  # moments are equal whatever clock they are told by; texts are not
    return _written(moment, how, get_language())


@lru_cache(maxsize=20_000)
def _written(moment: date, how: str, _language: str | None) -> str:
    """Kept: a page names hundreds of days and moments, the same ones at every look."""
    return str(date_format(moment, str(FORMATS[how])))
