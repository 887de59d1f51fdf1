"""The one way in which the domain says no: a code for machines, a sentence for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Refused(Exception):
    """A request that the rules forbid. ``sentence`` says what happened and what to do next."""

    def __init__(self, code: str, sentence: StrOrPromise, *, field: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence
        self.field = field

    def __str__(self) -> str:
        return str(self.sentence)
