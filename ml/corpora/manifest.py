"""What every corpus becomes: a list of utterances, and a list of what is odd or missing in its folder."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import soundfile

from ml.labels import EMOTIONS, Emotion

SUFFIXES = frozenset({".wav", ".flac"})


class OddName(ValueError):
    """A file whose name does not say what the corpus' names say; the message is the reason."""


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
    """A file that was left out, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Scan:
    """What a folder holds of a corpus."""

    utterances: tuple[Utterance, ...]
    odd: tuple[OddFile, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Corpus:
    """A public corpus: its terms, and how its files name themselves.

    `annotated` is for corpora whose labels or votes stand in files of their own: it looks into the folders
    once and returns the reader that knows them. `names` are the clips of the complete corpus where they
    follow a scheme. `folds` are the reference test folds by speaker; without them, folds are drawn. `cast` is
    the corpus whose speakers these are, where they are another's. `by_request`: read only if named. `ages`
    are the youngest's and the oldest's in years as published, `None` where nobody says.
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
    folds: tuple[frozenset[str], ...] = ()
    reserved: frozenset[str] = field(default_factory=frozenset)
    cast: str = ""
    by_request: bool = False
    ages: tuple[int, int] | None = None

    def scan(self, *roots: Path) -> Scan:
        """Read the names and headers of all audio files under `roots`; nothing odd is fatal."""
        read_name = self.annotated(roots) if self.annotated else self.read_name
        utterances: dict[str, Utterance] = {}
        odd: list[OddFile] = []
        for root, path in itertools.chain.from_iterable(_audio_files(root) for root in roots):
            try:
                utterance = self._read(read_name(path.relative_to(root)), path)
                if utterance.key in utterances:
                    raise OddName("the same clip again")
                utterances[utterance.key] = utterance
            except OddName as fault:
                odd.append(OddFile(path, str(fault)))
        present = {utterance.name for utterance in utterances.values()}
        missing = tuple(name for name in self.names() if name not in present) if self.names else ()
        return Scan(tuple(utterances[key] for key in sorted(utterances)), tuple(odd), missing)

    def _read(self, spoken: Spoken, path: Path) -> Utterance:
        try:
            duration = float(soundfile.info(path).duration)
        except soundfile.SoundFileError as fault:
            raise OddName("not readable as audio") from fault
        if duration < 0.25:
            raise OddName(f"only {duration:.2f} s long")
        return Utterance(
            **{**vars(spoken), "speaker": f"{self.cast or self.name}-{spoken.speaker}"},
            path=path,
            corpus=self.name,
            language=self.language,
            duration_s=duration,
        )


def _audio_files(root: Path) -> Iterator[tuple[Path, Path]]:
    for path in sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES):
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
