"""The short lasting statement of what all this is and is not: on every page, in every result and file."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STATEMENT = _(
    "An estimate of how speech sounds, from acted training speech. "
    "Not a diagnosis; for trained professionals."
)
