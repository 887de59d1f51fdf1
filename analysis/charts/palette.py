"""The colours of the emotions and of what surrounds them in a figure, on light and on dark paper.

They were found by search: each is at least 3:1 against its paper, and no two come closer than 23 (light) or
27 (dark) in CIE76 to an eye with normal, protan, deutan or tritan sight. ``tokens.css`` repeats them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ml.labels import Emotion


@dataclass(frozen=True)
class Palette:
    paper: str
    ink: str
    muted: str
    line: str
    usual: str
    emotions: Mapping[Emotion, str]


def _in_order(*colours: str) -> Mapping[Emotion, str]:
    return MappingProxyType(dict(zip(Emotion, colours, strict=True)))


LIGHT = Palette(
    paper="#ffffff",
    ink="#14181f",
    muted="#5b6472",
    line="#dde1e7",
    usual="#e9ecf0",
    emotions=_in_order(
        "#717175", "#00a0c7", "#bd800e", "#185db9", "#e16c57", "#551668", "#284f00", "#711134"
    ),
)
DARK = Palette(
    paper="#14181f",
    ink="#e8ebf0",
    muted="#9aa3af",
    line="#2c3340",
    usual="#272e3a",
    emotions=_in_order(
        "#959fa3", "#2eeffe", "#ffe33d", "#1a8bfe", "#e8090a", "#92569d", "#b5f2b0", "#cd2959"
    ),
)
PALETTES = {"light": LIGHT, "dark": DARK}

GREY = "#868e9b"
COLOUR_LEFT = 0.4  # as much as a key needs


def greyed(colour: str) -> str:
    """For estimates that were not checked on people like this patient; ``session.css`` does the same."""
    parts = [(int(colour[at : at + 2], 16), int(GREY[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(COLOUR_LEFT * one + (1 - COLOUR_LEFT) * grey):02x}" for one, grey in parts)


def palette_of(theme: str, *, is_greyed: bool = False) -> Palette:
    """The colours of a reader's theme, light if it is not known; greyed, words stay readable."""
    palette = PALETTES.get(theme, LIGHT)
    if not is_greyed:
        return palette
    faded = {emotion: greyed(colour) for emotion, colour in palette.emotions.items()}
    return replace(palette, ink=palette.muted, emotions=MappingProxyType(faded))
