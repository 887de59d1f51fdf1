"""The command line's `predict`: how recordings sound, as a table or as JSON Lines; no web, no torch."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.audio import UnreadableAudio
from ml.labels import LABELS
from ml.quality import QUALITY
from ml.recogniser import EmotionRecogniser, SessionEstimate
from ml.registry import UnknownModel

DIGITS = 6
BAR = 30


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `predict`; it sets `run`: parsed arguments → exit code."""
    predict = verbs.add_parser("predict", help="how recordings sound")
    predict.add_argument("files", nargs="+", metavar="FILE", help="a recording of any usual kind")
    predict.add_argument("--json", action="store_true", help="one object a line for each file")
    predict.add_argument("--model", metavar="ID", help="or a name; default: the shipped one")
    predict.add_argument(
        "--root", type=Path, metavar="DIR", help="folder of models; default: the shipped ones"
    )
    predict.add_argument(
        "--channel", type=int, choices=(0, 1), help="the patient's; default: the mean of all"
    )
    predict.set_defaults(run=predict_verb)


def predict_verb(arguments: argparse.Namespace) -> int:
    """Print what each file sounds like; then, on stderr, a line for each that cannot be read."""
    try:
        recogniser = EmotionRecogniser.load(arguments.model, *filter(None, [arguments.root]))
    except UnknownModel as missing:
        print(missing, file=sys.stderr)
        return 2
    # A file's name need not be text; what cannot be printed is escaped.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    unread = []
    for file in arguments.files:
        try:
            estimate = recogniser.analyse(file, channel=arguments.channel)
        except UnreadableAudio as reason:
            unread.append((file, reason.message))
        except OSError as fault:
            unread.append((file, fault.strerror or str(fault)))
        else:
            lines = [json.dumps(plain(file, estimate))] if arguments.json else table(file, estimate)
            print(*lines, sep="\n", flush=True)
    for file, why in unread:
        line = f"{file}: {why}".replace("\n", " ")
        print(line.encode("ascii", "backslashreplace").decode(), file=sys.stderr)
    return 2 if unread else 0


def plain(file: str, estimate: SessionEstimate) -> dict[str, Any]:
    """One file's estimate as it stands in a line of JSON."""
    windows = zip(estimate.starts, estimate.ends, estimate.probabilities, estimate.abstained, strict=True)
    return {
        "file": file,
        "duration_s": round(estimate.duration_s, 3),
        "speech_s": round(estimate.speech_s, 3),
        "labels": list(LABELS),
        "windows": [
            {
                "start": round(float(start), 3),
                "end": round(float(end), 3),
                "probabilities": rounded(probabilities),
                "abstained": bool(abstained),
            }
            for start, end, probabilities, abstained in windows
        ],
        "summary": {
            "probabilities": rounded(estimate.summary.probabilities),
            "top": estimate.summary.top,
            "abstained_share": round(estimate.summary.abstained_share, DIGITS),
        },
        "model": estimate.model_id,
        "quality": list(estimate.quality),
    }


def rounded(probabilities: NDArray[np.float32]) -> list[float]:
    """Probabilities with six digits that still sum to 1, by largest remainders."""
    units = 10**DIGITS
    exact = probabilities.astype(np.float64) / probabilities.sum(dtype=np.float64) * units
    whole = np.floor(exact).astype(np.int64)
    for place in np.argsort(whole - exact, kind="stable")[: units - whole.sum()]:
        whole[place] += 1
    return [int(count) / units for count in whole]


def table(file: str, estimate: SessionEstimate) -> Iterator[str]:
    """Yield the lines that a person reads."""
    summary = estimate.summary
    yield file
    yield f"  {_minutes(estimate.duration_s)} long, {_minutes(estimate.speech_s)} of speech"
    yield from (f"  {QUALITY[code]}" for code in estimate.quality)
    if summary.top is None:
        yield "  no answer"
    else:
        uncertain = f"uncertain in {summary.abstained_share:.0%} of {summary.windows} windows"
        yield f"  sounds {summary.top}; {uncertain}"
    for label, share, low, high in zip(LABELS, summary.probabilities, summary.low, summary.high, strict=True):
        yield f"  {label:10} {share:4.0%}  ({low:3.0%} to {high:3.0%})  {'█' * round(BAR * share)}".rstrip()
    yield f"  model {estimate.model_id}"


def _minutes(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60:02} s"
