"""What a scan found, as counts: the papers' exploratory step in numbers."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ml.corpora.catalogue import CORPORA
from ml.corpora.manifest import Scan, Utterance

SHOWN_FILES = 20
_SHOWN = (
    "clips",
    "of",
    "hours",
    "seconds",
    "speakers",
    "emotions",
    "intensities",
    "clips_by_speaker",
    "rated",
)


def description(scan: Scan) -> dict[str, Any]:
    """Return counts and durations (in seconds, where not said) of the one corpus that `scan` found.

    `missing` are the names of clips that it lacks; of `missing_unnamed` more only their number is known.
    """
    utterances = scan.utterances
    complete = CORPORA[utterances[0].corpus].clips
    speakers = Counter(u.speaker for u in utterances)
    return {
        "clips": len(utterances),
        "of": complete,
        "hours": round(sum(u.duration_s for u in utterances) / 3600, 2),
        "seconds": _spread([u.duration_s for u in utterances]),
        "speakers": _counts(sex for sex, _ in {(u.sex, u.speaker) for u in utterances}),
        "clips_by_speaker": {"fewest": min(speakers.values()), "most": max(speakers.values())},
        "emotions": _counts(u.label for u in utterances),
        "emotions_by_sex": {
            sex: _counts(u.label for u in utterances if u.sex == sex) for sex in _sexes(utterances)
        },
        "seconds_by_emotion": {
            label: _spread([u.duration_s for u in utterances if u.label == label])["median"]
            for label in sorted({u.label for u in utterances})
        },
        "intensities": _counts(u.intensity for u in utterances if u.intensity),
        "rated": sum(u.votes is not None for u in utterances),
        "odd": [{"file": str(odd.path), "reason": odd.reason} for odd in scan.odd],
        "missing": list(scan.missing),
        "missing_unnamed": max(0, complete - len(utterances) - len(scan.missing)),
    }


def _sexes(utterances: Sequence[Utterance]) -> list[str]:
    return sorted({u.sex for u in utterances})


def _counts(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    shortest, median, longest = np.quantile(seconds, [0, 0.5, 1]).round(2).tolist()
    return {"shortest": shortest, "median": median, "longest": longest}


def lines(corpus: str, described: dict[str, Any]) -> Iterator[str]:
    """Yield the description as text, the first of the odd and missing files included."""
    yield f"{CORPORA[corpus].title} ({CORPORA[corpus].licence})"
    for key in _SHOWN:
        if described[key]:
            yield f"  {key.replace('_', ' '):16} {plain(described[key])}"
    odd = described["odd"]
    yield from _listed("odd", str(len(odd)), [f"{file['file']}: {file['reason']}" for file in odd])
    yield from _listed("missing", missing_count(described), described["missing"])


def plain(value: Any) -> str:
    """Return a count, or several by name, as words."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {count}" for key, count in value.items())
    return str(value)


def missing_count(described: dict[str, Any]) -> str:
    """Return how many clips are missing, and whether it is known which, as words."""
    named, unnamed = len(described["missing"]), described["missing_unnamed"]
    if not unnamed:
        return str(named)
    which = f"{named} known by name" if named else "unknown which"
    return f"{named + unnamed} of {described['of']}, {which}"


def _listed(name: str, count: str, files: Sequence[str]) -> Iterator[str]:
    yield f"  {name:16} {count}"
    yield from (f"    {file}" for file in files[:SHOWN_FILES])
    if len(files) > SHOWN_FILES:
        yield f"    and {len(files) - SHOWN_FILES} more"
