"""The two properties that the colours were chosen for, and that the style sheet repeats them."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.charts.palette import DARK, LIGHT, PALETTES, Palette, palette_of
from ml.labels import EMOTIONS

TOKENS = (Path(__file__).parents[2] / "static/css/tokens.css").read_text()
# Linear RGB as seen without one kind of cone (Machado, Oliveira & Fernandes 2009, severity 1).
SIGHTS = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = TO_XYZ.sum(1)

Colour = NDArray[np.float64]


def linear(colour: str) -> Colour:
    channels = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2: relative luminances, the lighter over the darker."""
    dark, light = sorted(float(linear(colour) @ TO_XYZ[1]) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(colour: Colour) -> Colour:
    ratio = TO_XYZ @ np.clip(colour, 0, 1) / WHITE
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("is_greyed", [False, True], ids=["", "greyed"])
@pytest.mark.parametrize("theme", PALETTES)
def test_every_line_and_word_stands_out_from_its_paper(theme: str, is_greyed: bool) -> None:
    palette = palette_of(theme, is_greyed=is_greyed)
    assert min(contrast(colour, palette.paper) for colour in palette.emotions.values()) >= 3
    assert contrast(palette.ink, palette.paper) >= 4.5


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_every_emotion_stands_out_from_its_paper(palette: Palette) -> None:
    assert list(palette.emotions) == list(EMOTIONS)
    assert min(contrast(colour, palette.paper) for colour in palette.emotions.values()) >= 3


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_words_are_readable(palette: Palette) -> None:
    assert contrast(palette.ink, palette.paper) >= 7
    assert contrast(palette.muted, palette.paper) >= 4.5
    assert contrast(palette.ink, palette.usual) >= 7


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize(("palette", "least"), [(LIGHT, 23), (DARK, 27)], ids=["light", "dark"])
def test_no_two_emotions_look_alike(palette: Palette, least: float, sight: str) -> None:
    seen = [lab(SIGHTS[sight] @ linear(colour)) for colour in palette.emotions.values()]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) >= least


def tokens() -> dict[str, tuple[str, str]]:
    found = re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", TOKENS)
    return {name: (light, dark) for name, light, dark in found}


def test_the_style_sheet_has_the_same_colours() -> None:
    pairs = tokens()
    for emotion in EMOTIONS:
        assert pairs[f"emotion-{emotion}"] == (LIGHT.emotions[emotion], DARK.emotions[emotion])
    for name in ("ink", "paper", "muted", "line", "usual"):
        assert pairs[name] == (getattr(LIGHT, name), getattr(DARK, name))


@pytest.mark.parametrize(
    ("words", "ground", "least"),
    [
        ("muted", "panel", 4.5),
        ("accent", "paper", 4.5),
        ("accent", "panel", 4.5),
        ("on-accent", "accent", 4.5),
        ("danger", "paper", 4.5),
        ("danger", "danger-soft", 4.5),
        ("ink", "danger-soft", 7),
        ("line-strong", "paper", 3),
    ],
)
def test_other_tokens_are_readable(words: str, ground: str, least: float) -> None:
    for mode in (0, 1):
        assert contrast(tokens()[words][mode], tokens()[ground][mode]) >= least
