"""EMO-DB: ten actors, ten German sentences, seven labels (Burkhardt et al. 2005).

Names are speaker (2 digits), text (letter, 2 digits), emotion (German initial), version (letter): 03a01Fa.
"""

import re
from pathlib import PurePath

from ml.corpora.manifest import Corpus, OddName, Spoken, spoken_by
from ml.labels import Emotion

_NAME = re.compile(r"(?P<speaker>[01][0-9])(?P<text>[ab][0-9]{2})(?P<emotion>[A-Z])(?P<version>[a-z])")
_SPEAKERS = {
    "03": "male",
    "08": "female",
    "09": "female",
    "10": "male",
    "11": "male",
    "12": "male",
    "13": "female",
    "14": "female",
    "15": "male",
    "16": "female",
}
_LABELS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "anxiety",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
# Boredom has no counterpart among the eight: it is kept, without an emotion.
_EMOTIONS = {
    "W": Emotion.ANGRY,
    "E": Emotion.DISGUST,
    "A": Emotion.FEARFUL,
    "F": Emotion.HAPPY,
    "T": Emotion.SAD,
    "N": Emotion.NEUTRAL,
}


def read_name(path: PurePath) -> Spoken:
    """Return what `03a01Fa.wav` says; raise `OddName` for unknown speakers and letters."""
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise OddName("not an EMO-DB name")
    return Spoken(
        speaker=match["speaker"],
        sex=spoken_by(match["speaker"], _SPEAKERS, "speaker"),
        label=spoken_by(match["emotion"], _LABELS, "emotion"),
        emotion=_EMOTIONS.get(match["emotion"]),
        statement=match["text"],
    )


CORPUS = Corpus(
    name="emodb",
    title="Berlin Database of Emotional Speech",
    language="de",
    ages=(21, 35),
    licence="CC0 1.0",
    commercial_use=True,
    citation=(
        "Burkhardt F, Paeschke A, Rolfes M, Sendlmeier WF, Weiss B (2005) A Database of German Emotional "
        "Speech. Proc. Interspeech 2005"
    ),
    read_name=read_name,
    clips=535,
    # The four voices of the demonstration clinic: no shipped model may have heard them in training.
    reserved=frozenset({"emodb-03", "emodb-08", "emodb-09", "emodb-10"}),
)
