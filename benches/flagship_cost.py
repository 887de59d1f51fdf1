"""``flagship.mb`` and ``flagship.cpu_s_per_hour``: what its weights take up, and what an hour costs to hear.

The weights as they come with the program, the gate's among them. CPU seconds of one thread for the worker's
whole pipeline on a session of 60 minutes, as in `benches.session60`, each in a fresh process whose first use
does not count. Every model of the flagship's recipe has the same networks; ``--model`` names one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from benches.figures import record
from benches.session60 import MIN_SPEECH_SHARE, RATE, in_process, write_session
from ml.config import load_config
from ml.registry import load_card


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="flagship-full", help="a shipped model of the flagship's recipe")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    card = load_card(arguments.model)
    recipe = load_config("flagship")
    same = [(cfg.model, cfg.features, cfg.gate) for cfg in (card.config, recipe)]
    assert same[0] == same[1], "another network"
    network = f"{card.id}, {card.contents['parameters']:,} parameters"
    record("flagship.mb", card.contents["weights_bytes"] / 1e6, "MB", n=1, note=network)
    os.environ["SHIPPED_MODEL"] = card.name
    with tempfile.TemporaryDirectory() as folder:
        hour = Path(folder) / "60.wav"
        write_session(hour, 3_600, RATE)
        rounds = [in_process("ours", hour, None) for _ in range(arguments.rounds)]
    assert all(each["speech_share"] >= MIN_SPEECH_SHARE for each in rounds), rounds
    spent = [each["cpu_s"] for each in rounds]
    record(
        "flagship.cpu_s_per_hour",
        statistics.median(spent),
        "s",
        n=len(spent),
        interval=(min(spent), max(spent)),
        note=f"{network}; whole pipeline, acoustic measures included, windows every second, one thread",
    )


if __name__ == "__main__":
    main()
