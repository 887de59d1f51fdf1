"""What every corpus becomes: a list of utterances, and a list of what is odd or missing in its folder."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

import numpy as np
import soundfile

from ml.labels import EMOTIONS, Emotion

SUFFIXES = frozenset({".wav", ".flac"})
UNREAD = frozenset(
    {".aac", ".aif", ".aifc", ".aiff", ".amr", ".au", ".caf", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".sph"}
    | {".wave", ".weba", ".wma"}
)
"""Audio that is listed, not read: where a corpus has such files at all, they stand beside its WAV files."""

SHORTEST_S = 0.25
LOUDEST = 2.0**31
"""Floating-point files may hold whole numbers of up to 32 bits as they are; features overflow far beyond."""


class OddName(ValueError):
    """A file whose name does not say what the corpus' names say; the message is the reason."""


class LostClip(OddName):
    """A file that bears a clip's name and holds no sound that could be used."""


@dataclass(frozen=True)
class Spoken:
    """What a file's name tells. `label` is the corpus's own word, `emotion` is None outside our eight.

    `clip` names the clip where the file's own stem is not unique in its corpus. `votes` are what raters
    heard, as shares over the eight emotions that sum to 1.
    """

    speaker: str
    sex: str
    label: str
    emotion: Emotion | None
    statement: str
    intensity: str | None = None
    clip: str = ""
    votes: tuple[float, ...] | None = None


ReadName = Callable[[PurePath], Spoken]
"""Gets the path within the corpus's folder (some corpora tell the speaker by a folder); raises `OddName`."""


@dataclass(frozen=True)
class Utterance(Spoken):
    """One recorded clip. `speaker` carries the corpus's name, so that corpora can be mixed."""

    path: Path = Path()
    corpus: str = ""
    language: str = ""
    duration_s: float = 0.0

    @property
    def name(self) -> str:
        """Name within the corpus."""
        return self.clip or self.path.stem

    @property
    def key(self) -> str:
        """Name that is the same on every machine."""
        return f"{self.corpus}/{self.name}"


@dataclass(frozen=True)
class OddFile:
    """A file that was left out, and why. `lost`: it should have been a clip, or a zip of some."""

    path: Path
    reason: str
    lost: bool = False


@dataclass(frozen=True)
class Scan:
    """What a folder holds of a corpus. `missing` are the clips that it lacks, as far as they are known."""

    utterances: tuple[Utterance, ...]
    odd: tuple[OddFile, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Corpus:
    """A public corpus: its terms, and how its files name themselves.

    `annotated` is for corpora whose labels or votes stand in files of their own: it looks into the folders
    once and returns the reader that knows them. `names` are the clips of the complete corpus where they
    follow a scheme; where they do not, `told` are those that its label files, or the clips found, tell of.
    `folds` are the reference test folds by speaker; without them, folds are drawn. `cast` is the corpus whose
    speakers these are, where they are another's. `by_request`: read only if named. `ages` are the youngest's
    and the oldest's in years as published, `None` where nobody says.
    """

    name: str
    title: str
    language: str
    licence: str
    commercial_use: bool
    citation: str
    read_name: ReadName
    clips: int
    annotated: Callable[[tuple[Path, ...]], ReadName] | None = None
    names: Callable[[], Iterator[str]] | None = None
    told: Callable[[tuple[Path, ...], tuple[Utterance, ...]], Iterable[str]] | None = None
    folds: tuple[frozenset[str], ...] = ()
    reserved: frozenset[str] = field(default_factory=frozenset)
    cast: str = ""
    by_request: bool = False
    ages: tuple[int, int] | None = None

    def scan(self, *roots: Path) -> Scan:
        """Read the names of all audio files under `roots`, and decode each clip; nothing odd is fatal.

        A header can promise sound that does not come, so each scan decodes every clip: 0.6 to 0.9 ms for 3 s
        at 16 kHz (FLAC, measured on 1,500 clips), about 3 s for 3,465 clips of RAVDESS, EMO-DB and nEMO. That
        is little beside what follows, and what is not remembered cannot be out of date.
        """
        read_name = self.annotated(roots) if self.annotated else self.read_name
        utterances: dict[str, Utterance] = {}
        odd: list[OddFile] = []
        for root, path in _audio_files(roots):
            try:
                utterance = self._named(read_name(path.relative_to(root)), path)
                if utterance.key in utterances:
                    raise OddName("the same clip again")
                if path.suffix.lower() in UNREAD:
                    raise LostClip(f"{path.suffix} is not read, only .flac and .wav")
                utterances[utterance.key] = replace(utterance, duration_s=_seconds(path))
            except OddName as fault:
                odd.append(OddFile(path, str(fault), isinstance(fault, LostClip)))
        found = tuple(utterances[key] for key in sorted(utterances))
        return Scan(found, tuple(odd), self._missing(roots, found))

    def _named(self, spoken: Spoken, path: Path) -> Utterance:
        return Utterance(
            **{**vars(spoken), "speaker": f"{self.cast or self.name}-{spoken.speaker}"},
            path=path,
            corpus=self.name,
            language=self.language,
        )

    def _missing(self, roots: tuple[Path, ...], found: tuple[Utterance, ...]) -> tuple[str, ...]:
        present = {utterance.name for utterance in found}
        expected = self.names() if self.names else self.told(roots, found) if self.told and found else ()
        return tuple(name for name in dict.fromkeys(expected) if name not in present)


def _seconds(path: Path) -> float:
    """Decode a clip as training will, and return its length; raise `LostClip` where that gives no sound."""
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, ValueError, MemoryError) as fault:
        raise LostClip("not readable as audio") from fault
    if not (np.abs(samples) <= LOUDEST).all():  # which no NaN is
        raise LostClip("holds samples that are no numbers, or beyond all sound")
    seconds = float(len(samples) / rate)
    if seconds < SHORTEST_S:
        raise LostClip(f"only {seconds:.2f} s long")
    return seconds


def _audio_files(roots: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield each audio file with its root; last those that are not read, which may repeat what was."""
    for suffixes in (SUFFIXES, UNREAD):
        for root in roots:
            for path in sorted(path for path in root.rglob("*") if path.suffix.lower() in suffixes):
                yield root, path


def shares(counts: Mapping[Emotion, float]) -> tuple[float, ...] | None:
    """Return raters' counts as shares over the eight emotions, or None where nobody named one of them."""
    total = sum(counts.values())
    return tuple(counts.get(emotion, 0) / total for emotion in EMOTIONS) if total > 0 else None


def spoken_by(code: str, meanings: Mapping[str, str], what: str) -> str:
    """Look `code` up among a corpus's codes, or raise `OddName`."""
    if code not in meanings:
        raise OddName(f"unknown {what} {code!r}")
    return meanings[code]
