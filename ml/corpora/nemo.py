"""nEMO: nine actors, ninety Polish sentences, six labels (Christop 2024). Names: WR0_anger_12."""

import contextlib
import itertools
import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from ml.corpora.manifest import Corpus, OddName, Spoken, Utterance, spoken_by
from ml.corpora.rows import rows
from ml.labels import Emotion

_NAME = re.compile(r"(?P<speaker>[A-Z]{2}[0-9])_(?P<emotion>[a-z]+)_(?P<sentence>[0-9]{1,2})")
_SPEAKERS = {
    "EB0": "female",
    "IC0": "female",
    "KD0": "female",
    "KS0": "male",
    "MK0": "female",
    "MP0": "male",
    "SM0": "male",
    "TP0": "male",
    "WR0": "male",
}
_EMOTIONS = {
    "anger": Emotion.ANGRY,
    "fear": Emotion.FEARFUL,
    "happiness": Emotion.HAPPY,
    "neutral": Emotion.NEUTRAL,
    "sadness": Emotion.SAD,
    "surprised": Emotion.SURPRISED,
}


def read_name(path: PurePath) -> Spoken:
    """Return what `WR0_anger_12.wav` says; raise `OddName` for unknown speakers and words."""
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise OddName("not an nEMO name")
    spoken_by(match["emotion"], _EMOTIONS, "emotion")
    return Spoken(
        speaker=match["speaker"],
        sex=spoken_by(match["speaker"], _SPEAKERS, "speaker"),
        label=match["emotion"],
        emotion=_EMOTIONS[match["emotion"]],
        statement=f"s{int(match['sentence']):02d}",
    )


def told(roots: tuple[Path, ...], found: tuple[Utterance, ...]) -> Iterator[str]:
    """Yield the clips that the release's table names, in a folder or beside it (where that is `samples`)."""
    tables = itertools.chain.from_iterable(
        (*root.rglob("data.tsv"), root.parent / "data.tsv") for root in roots
    )
    for row in itertools.chain.from_iterable(rows(table, "\t") for table in sorted(set(tables))):
        name = PurePath(row.get("file_id", ""))
        with contextlib.suppress(OddName):
            read_name(name)
            yield name.stem


CORPUS = Corpus(
    name="nemo",
    title="nEMO: Dataset of Emotional Speech in Polish",
    language="pl",
    licence="CC BY-NC-SA 4.0",
    commercial_use=False,
    citation=(
        "Christop I (2024) nEMO: Dataset of Emotional Speech in Polish. Proc. LREC-COLING 2024, 12111-12116. "
        "https://aclanthology.org/2024.lrec-main.1059"
    ),
    read_name=read_name,
    clips=4481,
    told=told,
)
