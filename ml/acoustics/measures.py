"""The acoustic measures: what each is, its unit, its published range and where it comes from. The one table.

Page, REST interface and documentation read it from here. Ranges are given only where a published one was
taken from speech (not from a held vowel) and from a comparable measure; otherwise the patient's own earlier
sessions are the only yardstick, and `no_range` says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Sex = Literal["female", "male"]


def _(words: str) -> str:
    """Mark words for translation by whoever shows them; this package knows no web framework."""
    return words


@dataclass(frozen=True)
class Range:
    """Where published values lie. `sex` is None where the source does not tell the sexes apart."""

    low: float
    high: float
    sex: Sex | None
    source: str


@dataclass(frozen=True)
class Measure:
    """One measure. `more` and `less` say what a rise and a fall sound like; they name no condition."""

    key: str
    name: str
    unit: str
    digits: int
    definition: str
    more: str
    less: str
    source: str
    ranges: tuple[Range, ...] = ()
    no_range: str = ""
    touched_by: frozenset[str] = frozenset()
    """Codes of `ml.quality` under which it cannot be trusted, and is left out."""

    def range_for(self, sex: str) -> Range | None:
        """The published range for a patient of that sex; None where there is none that fits."""
        return next((one for one in self.ranges if one.sex in (None, sex)), None)

    @property
    def step(self) -> str:
        """How a value is written: the format of its digits."""
        return f".{self.digits}f"


SONDE = "Frontiers in Psychiatry 2024, 15:1342835, table 1 (middle half of 19,615 people)"
HOLMBERG = "Holmberg, Hillman & Perkell 1989, Journal of Voice 3:294–305 (normal pitch, whole range)"
WEMPE = "de Jong & Wempe 2009, Behavior Research Methods 41:385–390"
BOERSMA = "Boersma 1993, Proceedings of the Institute of Phonetic Sciences 17:97–110"
PRAAT_VOICE = "Praat manual, “Voice 2. Jitter” and “Voice 3. Shimmer” (Boersma & Weenink)"
OF_LANGUAGE = _("Depends on the language and on how people talk there: compared with the patient’s own only.")
OF_VOWELS = _("Published ranges are of held vowels; running speech lies well above them.")

_NOISE = frozenset({"low_snr"})
_TELEPHONE = frozenset({"band_limited"})
_OVERDRIVEN = frozenset({"clipped"})

_TABLE = (
    Measure(
        key="pause_duration",
        name=_("Pause duration"),
        unit=_("s"),
        digits=2,
        definition=_(
            "The median length of the silences inside and between the patient’s phrases, from 0.25 to 3 s. "
            "Silent is what lies 25 dB or more below the loudest speech nearby."
        ),
        more=_("pauses longer"),
        less=_("pauses shorter"),
        source=f"Goldman-Eisler 1968 (0.25 s); {WEMPE} (25 dB)",
        ranges=(Range(0.31, 0.61, None, SONDE),),
        touched_by=_NOISE,
    ),
    Measure(
        key="speech_rate",
        name=_("Speech rate"),
        unit=_("syllables/s"),
        digits=1,
        definition=_(
            "Syllables per second of talking, pauses included. A syllable is a voiced peak of loudness that "
            "stands out by 2 dB from the dip after it."
        ),
        more=_("speaks faster, pauses counted"),
        less=_("speaks slower, pauses counted"),
        source=WEMPE,
        no_range=OF_LANGUAGE,
        touched_by=_NOISE,
    ),
    Measure(
        key="articulation_rate",
        name=_("Articulation rate"),
        unit=_("syllables/s"),
        digits=1,
        definition=_("Syllables per second of talking, pauses left out. Syllables as for the speech rate."),
        more=_("articulates faster"),
        less=_("articulates slower"),
        source=WEMPE,
        no_range=OF_LANGUAGE,
        touched_by=_NOISE,
    ),
    Measure(
        key="pitch_variability",
        name=_("Pitch variability"),
        unit=_("semitones"),
        digits=1,
        definition=_(
            "The standard deviation of the pitch of all voiced speech; twelve semitones are an octave."
        ),
        more=_("pitch varies more"),
        less=_("pitch varies less (more monotone)"),
        source=BOERSMA,
        ranges=(Range(1.8, 3.4, None, SONDE + ", octaves × 12"),),
        touched_by=frozenset(),
    ),
    Measure(
        key="energy_variability",
        name=_("Energy variability"),
        unit=_("dB"),
        digits=1,
        definition=_("The standard deviation of the intensity of speech, pauses left out."),
        more=_("loudness varies more"),
        less=_("loudness varies less"),
        source="Praat manual, “Sound: To Intensity...” (50 Hz)",
        ranges=(Range(6.9, 9.5, None, SONDE),),
        touched_by=_NOISE | _TELEPHONE | _OVERDRIVEN,
    ),
    Measure(
        key="phonation_ratio",
        name=_("Phonation ratio"),
        unit=_("%"),
        digits=0,
        definition=_("How much of the speech, pauses left out, is voiced: the vocal folds vibrate."),
        more=_("more of the speech is voiced"),
        less=_("less of the speech is voiced"),
        source=BOERSMA,
        no_range=OF_LANGUAGE,
        touched_by=_NOISE,
    ),
    Measure(
        key="phonation_time",
        name=_("Phonation time"),
        unit=_("s"),
        digits=2,
        definition=_("The mean length of an unbroken stretch of voice, from its onset to its end."),
        more=_("voice held longer at a time"),
        less=_("voice held shorter at a time"),
        source=BOERSMA,
        ranges=(Range(0.201, 0.294, None, SONDE),),
        touched_by=_NOISE,
    ),
    Measure(
        key="jitter",
        name=_("Jitter"),
        unit=_("%"),
        digits=2,
        definition=_(
            "Jitter (local): how much one period of the voice differs from the next, on average, in relation "
            "to the mean period. Sensitive to microphone, noise and compression."
        ),
        more=_("voice less regular in pitch"),
        less=_("voice more regular in pitch"),
        source=PRAAT_VOICE,
        no_range=OF_VOWELS,
        touched_by=_NOISE | _TELEPHONE | _OVERDRIVEN,
    ),
    Measure(
        key="shimmer",
        name=_("Shimmer"),
        unit=_("%"),
        digits=1,
        definition=_(
            "Shimmer (local): how much the amplitude of one period of the voice differs from the next, on "
            "average, in relation to the mean amplitude. Sensitive to microphone, noise and compression."
        ),
        more=_("voice less regular in loudness"),
        less=_("voice more regular in loudness"),
        source=PRAAT_VOICE,
        no_range=OF_VOWELS,
        touched_by=_NOISE | _TELEPHONE | _OVERDRIVEN,
    ),
    Measure(
        key="harmonicity",
        name=_("Harmonicity"),
        unit=_("dB"),
        digits=1,
        definition=_(
            "The harmonics-to-noise ratio: how much stronger the regular part of the voice is than its "
            "noise, mean of voiced speech."
        ),
        more=_("voice clearer"),
        less=_("voice noisier (hoarser or breathier)"),
        source=BOERSMA,
        no_range=OF_VOWELS,
        touched_by=_NOISE | _OVERDRIVEN,
    ),
    Measure(
        key="pitch",
        name=_("Mean pitch"),
        unit=_("Hz"),
        digits=0,
        definition=_("The mean fundamental frequency of voiced speech. No marker of mood by itself."),
        more=_("voice higher"),
        less=_("voice lower"),
        source=BOERSMA,
        ranges=(Range(162, 238, "female", HOLMBERG), Range(93, 135, "male", HOLMBERG)),
        touched_by=frozenset(),
    ),
)

MEASURES: Mapping[str, Measure] = MappingProxyType({measure.key: measure for measure in _TABLE})
"""In the order in which they are shown."""

TOO_LITTLE_SPEECH = "too_little_speech"
TOO_FEW_PAUSES = "too_few_pauses"
NOT_MEASURED = "not_measured"
REASONS: Mapping[str, str] = MappingProxyType(
    {
        TOO_LITTLE_SPEECH: _("too little speech (needs 10 s)"),
        TOO_FEW_PAUSES: _("too few pauses (needs 8)"),
        NOT_MEASURED: _("the measurement broke off"),
        "low_snr": _("too much background noise"),
        "band_limited": _("telephone quality"),
        "clipped": _("overdriven recording"),
    }
)
"""Why a measure is absent, by code."""
