"""Days in sentences and on charts: ``patients.dates`` with what the axes of a chart need besides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import pgettext_lazy

from patients.dates import written

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

__all__ = ["months", "on_axis", "written"]

# What a date axis is told, in the letters of ``strftime``; it has the names of months from ``months``.
AXES: Mapping[str, StrPromise] = {
    "%-d %b": pgettext_lazy("date format of an axis", "%-d %b"),
    "%b %Y": pgettext_lazy("date format of an axis", "%b %Y"),
}


def on_axis(how: str) -> str:
    """The format of a date axis, one of ``AXES``, in the reader's language."""
    return str(AXES[how])


def months() -> list[str]:
    """The twelve short names that ``%b`` stands for on an axis."""
    return [written(date(2024, month, 1), "M") for month in range(1, 13)]
