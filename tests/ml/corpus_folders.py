"""Small folders of sound, named as each public corpus names its files."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000

SHAPES: dict[str, tuple[str, ...]] = {
    "ravdess": (
        "Actor_01/03-01-01-01-01-01-01.wav",
        "Actor_01/03-01-05-02-02-01-01.wav",
        "Actor_02/03-01-08-01-02-02-02.wav",
    ),
    "ravdess_song": ("Actor_01/03-02-06-02-01-01-01.wav", "Actor_24/03-02-01-01-02-02-24.wav"),
    "tess": (
        "OAF_angry/OAF_back_angry.wav",
        "OAF_neutral/OA_bite_neutral.wav",
        "YAF_pleasant_surprised/YAF_dog_ps.wav",
    ),
    "savee": ("DC/a01.wav", "DC/n30.wav", "JE/sa15.wav", "KL/su02.wav"),
    "cremad": ("AudioWAV/1001_IEO_SAD_HI.wav", "AudioWAV/1002_DFA_ANG_XX.wav", "AudioWAV/1040_ITH_SAD_X.wav"),
    "emodb": ("wav/03a01Fa.wav", "wav/08b10Aa.wav", "wav/16a05La.wav"),
    "nemo": ("samples/WR0_anger_12.wav", "samples/EB0_surprised_90.wav"),
    "iemocap": (
        "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav",
        "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M001.wav",
        "Session5/sentences/wav/Ses05M_script03_2/Ses05M_script03_2_M042.wav",
    ),
}
"""Some clips of each corpus, by their path within its folder."""

EVALUATIONS = {
    "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt": """\
% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]

[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]
C-E2:\tNeutral;\t()
C-E3:\tNeutral; Sadness;\t()
C-F1:\tAnger;\t(how she felt herself)
A-E3:\tval 3; act 2; dom  2;\t()

[10.0100 - 11.3925]\tSes01F_impro01_M001\tfru\t[2.0000, 3.5000, 3.5000]
C-E2:\tFrustration;\t()
C-E3:\tOther;\t(puzzled)
""",
    "Session5/dialog/EmoEvaluation/Ses05M_script03_2.txt": """\
[1.0000 - 2.0000]\tSes05M_script03_2_M042\texc\t[4.0000, 4.0000, 3.0000]
C-E1:\tExcited;\t()
C-E4:\tSurprise;\t()
""",
}

VOTES = """\
"","A","D","F","H","N","S","fileName","numResponses","agreement","emoVote"
"100007",1,0,0,1,2,6,"1001_IEO_SAD_HI",10,0.6,"S"
"200007",9,0,0,0,0,0,"1001_IEO_SAD_HI",9,1,"A"
"""

SUMMARY = """\
"","FileName","VoiceVote","VoiceLevel","FaceVote","FaceLevel","MultiModalVote","MultiModalLevel"
"1","1001_IEO_SAD_HI","N","60","A","70","A","75"
"2","1002_DFA_ANG_XX","A:D","60:50","A","70","A","75"
"""


def write_clips(folder: Path, names: Iterable[str], seconds: float = 0.5) -> Path:
    """Write a quiet noise under each name, different in each, and return `folder`."""
    for seed, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))
        soundfile.write(path, noise.astype(np.float32), RATE)
    return folder


def write_corpus(folder: Path, corpus: str) -> Path:
    """Write the small version of `corpus` as its download has it, and return `folder`."""
    write_clips(folder, SHAPES[corpus])
    for name, text in EVALUATIONS.items() if corpus == "iemocap" else ():
        write_text(folder / name, text)
    return folder


def write_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
