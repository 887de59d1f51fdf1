"""What every corpus becomes: a list of utterances, and a list of what is odd or missing in its folder."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import soundfile

from ml.labels import Emotion

SUFFIXES = frozenset({".wav", ".flac"})


class OddName(ValueError):
    """A file whose name does not say what the corpus' names say; the message is the reason."""


@dataclass(frozen=True)
class Spoken:
    """What a file's name tells. `label` is the corpus's own word, `emotion` is None outside our eight."""

    speaker: str
    sex: str
    label: str
    emotion: Emotion | None
    statement: str
    intensity: str | None = None


@dataclass(frozen=True)
class Utterance(Spoken):
    """One recorded clip. `speaker` carries the corpus's name, so that corpora can be mixed."""

    path: Path = Path()
    corpus: str = ""
    language: str = ""
    duration_s: float = 0.0

    @property
    def key(self) -> str:
        """Name that is the same on every machine."""
        return f"{self.corpus}/{self.path.stem}"


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

    `read_name` gets the path relative to the corpus's folder (some corpora tell the speaker by a folder) and
    raises `OddName`. `names` are the stems of the complete corpus where they follow a scheme. `folds` are
    the reference test folds by speaker; without them, folds are drawn.
    """

    name: str
    title: str
    language: str
    licence: str
    commercial_use: bool
    citation: str
    read_name: Callable[[PurePath], Spoken]
    clips: int
    names: Callable[[], Iterator[str]] | None = None
    folds: tuple[frozenset[str], ...] = ()
    reserved: frozenset[str] = field(default_factory=frozenset)

    def scan(self, root: Path) -> Scan:
        """Read the names and headers of all audio files under `root`; nothing odd is fatal."""
        utterances: dict[str, Utterance] = {}
        odd: list[OddFile] = []
        for path in sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES):
            try:
                utterance = self._read(path, root)
                if utterance.key in utterances:
                    raise OddName("the same clip again")
                utterances[utterance.key] = utterance
            except OddName as fault:
                odd.append(OddFile(path, str(fault)))
        present = {utterance.path.stem for utterance in utterances.values()}
        missing = tuple(name for name in self.names() if name not in present) if self.names else ()
        return Scan(tuple(utterances[key] for key in sorted(utterances)), tuple(odd), missing)

    def _read(self, path: Path, root: Path) -> Utterance:
        spoken = self.read_name(path.relative_to(root))
        try:
            duration = float(soundfile.info(path).duration)
        except soundfile.SoundFileError as fault:
            raise OddName("not readable as audio") from fault
        if duration < 0.25:
            raise OddName(f"only {duration:.2f} s long")
        return Utterance(
            **{**vars(spoken), "speaker": f"{self.name}-{spoken.speaker}"},
            path=path,
            corpus=self.name,
            language=self.language,
            duration_s=duration,
        )


def spoken_by(code: str, meanings: Mapping[str, str], what: str) -> str:
    """Look `code` up among a corpus's codes, or raise `OddName`."""
    if code not in meanings:
        raise OddName(f"unknown {what} {code!r}")
    return meanings[code]
