"""Why one window sounded as it did: its kept sound, through the model that heard it, once; then kept."""

from __future__ import annotations

import logging
from itertools import pairwise
from uuid import UUID

import numpy as np
import soundfile
from numpy.typing import NDArray

from analysis import governance, jurisdiction, queue
from analysis.heartbeat import Heartbeat
from analysis.models import Explanation, WindowMatrix
from analysis.sound import audio_store
from analysis.sound.withdrawals import may_be_listened_to
from ml.labels import LABELS
from ml.registry import ModelCard, UnknownModel, load_card
from ml.saliency import METHOD, Saliency, explain
from patients.enrolment import has_consent
from patients.models import Consent

log = logging.getLogger(__name__)

LEAD = 8  # frames around the window: more than a frame is long, so that its edges hear what they heard
RANGE_DB = 60.0  # what is drawn below the loudest cell
SURE_ENOUGH = 0.05  # what was heard then and what is heard now may differ by so much in any share
BLOCK_S = 0.25
REGIONS_HZ = (0, 300, 1000, 3000, 8000)
LISTED = 5


class CannotExplain(Exception):
    """Trying again by itself would not help; the code is one of ``reasons.EXPLANATIONS``."""


def explain_window(explanation_id: UUID) -> None:
    """Work out one explanation, if no one else does."""
    claim = queue.claim(Explanation, explanation_id)
    if claim is None:
        return
    asked = Explanation.objects.select_related(
        "analysis__recording__session__patient", "analysis__model_version"
    ).get(pk=explanation_id)
    try:
        with Heartbeat(claim):
            columns = _worked_out(asked)
        claim.finish(**columns)
    except queue.LeaseLost:
        log.warning("Explanation %s is someone else's by now; what was worked out is dropped.", asked.pk)
    except CannotExplain as refusal:
        claim.fail(str(refusal))
    except audio_store.FileMissing:
        claim.fail("file_missing")
    except UnknownModel:
        log.exception("The model of explanation %s is not published here.", asked.pk)
        claim.fail("model_missing")
    except Exception:
        claim.release("crashed")
        raise


def _worked_out(asked: Explanation) -> dict[str, object]:
    """Every column of a finished explanation."""
    recording = asked.analysis.recording
    _check_may_be_explained(asked)
    card = load_card(asked.analysis.model_version.model_id, *governance.model_roots())
    matrix = WindowMatrix.objects.get(analysis=asked.analysis)
    kept = matrix.probabilities[asked.window]
    start_s = float(matrix.starts[asked.window])
    cfg, hop = card.config, card.config.features.hop_length
    per_second = cfg.audio.sample_rate / hop
    first, frames = round(start_s * per_second), round(cfg.window.seconds * per_second) + 1
    lead = min(LEAD, first)
    with audio_store.as_local_file(recording.canonical) as path, soundfile.SoundFile(path) as sound:
        sound.seek((first - lead) * hop)
        waveform = sound.read((lead + frames + LEAD) * hop, dtype="float32")
    why = explain(card, waveform, lead=lead, frames=frames, label=int(kept.argmax()))
    if float(np.abs(why.probabilities - kept).max()) > SURE_ENOUGH:
        raise CannotExplain("not_reproduced")
    return _columns(card, why, kept, start_s, 1 / per_second)


def _check_may_be_explained(asked: Explanation) -> None:
    """What was true when it was asked for may no longer be when its turn comes."""
    recording = asked.analysis.recording
    if recording.is_voided or recording.session.is_voided:
        raise CannotExplain("voided")
    if not jurisdiction.shows_emotion():
        raise CannotExplain("analysis_off")
    if not recording.canonical or not may_be_listened_to(recording):
        raise CannotExplain("not_kept")
    if not has_consent(recording.session.patient, Consent.Purpose.ANALYSE):
        raise CannotExplain("consent_withdrawn")


def _columns(
    card: ModelCard, why: Saliency, kept: NDArray[np.float32], start_s: float, frame_s: float
) -> dict[str, object]:
    top, strongest = float(why.levels.max()), float(np.abs(why.saliency).max()) or 1.0
    levels = np.clip((why.levels - top + RANGE_DB) / RANGE_DB, 0, 1)
    order = np.argsort(-kept, kind="stable")
    return {
        "label": LABELS[int(order[0])],
        "bands": why.levels.shape[0],
        "frames": why.levels.shape[1],
        "packed_levels": np.rint(255 * levels).astype(np.uint8).tobytes(),
        "packed_saliency": np.rint(127 * why.saliency / strongest).astype(np.int8).tobytes(),
        "reading": {
            "method": METHOD,
            "model_id": card.id,
            "start_s": start_s,
            "frame_s": frame_s,
            "hertz": np.rint(why.hertz).astype(int).tolist(),
            "shares": [round(float(share), 4) for share in kept],
            "gained": round(why.gained, 4),
            "completeness_error": round(why.completeness_error, 5),
            "strongest": strongest,
            "regions": strongest_regions(why, start_s, frame_s),
        },
    }


def strongest_regions(why: Saliency, start_s: float, frame_s: float) -> list[dict[str, float]]:
    """The stretches of time and frequency that spoke most, for or against, the strongest first.

    ``weight``: of all that spoke, for and against, the share in this region; below 0 it spoke against.
    """
    block = max(1, round(BLOCK_S / frame_s))
    whole = float(np.abs(why.saliency).sum()) or 1.0
    found = []
    for low, high in pairwise(REGIONS_HZ):
        bands = (low <= why.hertz) & (why.hertz < high)
        for begin in range(0, why.saliency.shape[1], block):
            weight = float(why.saliency[bands, begin : begin + block].sum()) / whole
            end = min(begin + block, why.saliency.shape[1] - 1)
            found.append(
                {
                    "from_s": round(start_s + begin * frame_s, 2),
                    "to_s": round(start_s + end * frame_s, 2),
                    "low_hz": low,
                    "high_hz": high,
                    "weight": round(weight, 4),
                }
            )
    found = [region for region in found if region["to_s"] > region["from_s"]]
    return sorted(found, key=lambda region: -abs(region["weight"]))[:LISTED]
