"""A recording with a channel for each voice: the patient's is analysed, the other's is seen to speak."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis import pipeline
from analysis.models import Analysis, Recording, WindowMatrix
from ml.audio import UnreadableAudio
from ml.bystander import overhear
from ml.peaks import PEAKS_PER_SECOND
from patients.models import Session
from tests.analysis.uploads import hand_in
from tests.cast import Cast, cast
from tests.voices import encode, silence, speech

__all__ = ["cast"]

pytestmark = pytest.mark.django_db(transaction=True)  # the pipeline asks for a fresh connection

SECONDS = 24


def in_turns() -> bytes:
    """On the left somebody speaks for the first half, on the right somebody else for the second."""
    half = SECONDS / 2
    left = np.concatenate([speech(half, clip=1), silence(half)])
    right = np.concatenate([silence(half), speech(half, clip=4)])
    return encode(np.stack([left, right], axis=1), "wav")


def heard(cast: Cast, session: Session, contents: bytes, channel: str) -> Recording:
    recording = hand_in(cast.treats, session, contents, channel=channel).recording
    analysis = Analysis.objects.get(recording=recording)
    pipeline.analyse(analysis.pk)
    analysis.refresh_from_db()
    assert analysis.state == Analysis.State.DONE, analysis.reason
    recording.refresh_from_db()
    return recording


def other_spans(recording: Recording) -> NDArray[np.float32]:
    return np.frombuffer(recording.other_spans, "<f4").reshape(-1, 2)


@pytest.mark.parametrize(("channel", "patient_first"), [("left", True), ("right", False)])
def test_of_the_other_voice_only_its_time_and_outline_are_kept(
    cast: Cast, session: Session, channel: str, patient_first: bool
) -> None:
    recording = heard(cast, session, in_turns(), channel)
    half = SECONDS / 2
    mine = WindowMatrix.objects.get(analysis__recording=recording).spans
    others = other_spans(recording)
    earlier, later = (mine, others) if patient_first else (others, mine)
    assert earlier.max() <= half + 0.5
    assert later.min() >= half - 0.5
    assert (earlier[:, 1] - earlier[:, 0]).sum() > half / 2
    peaks = np.frombuffer(recording.other_peaks, np.int8).reshape(-1, 2)
    assert len(peaks) == SECONDS * PEAKS_PER_SECOND
    quiet = slice(None, len(peaks) // 2) if patient_first else slice(len(peaks) // 2, None)
    assert not peaks[quiet].any()
    assert peaks.any()


def test_one_channel_has_no_other_voice(cast: Cast, session: Session) -> None:
    recording = heard(cast, session, encode(speech(12), "wav"), "mix")
    assert recording.other_spans == recording.other_peaks == b""


def test_a_channel_that_cannot_be_read_costs_the_patient_nothing(
    cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise UnreadableAudio("no_such_channel")

    monkeypatch.setattr(pipeline, "overhear", refuse)
    recording = heard(cast, session, in_turns(), "left")
    assert recording.other_spans == b""
    assert recording.duration_s == pytest.approx(SECONDS)


def test_whoever_loses_the_claim_stops_listening(tmp_path: Path) -> None:
    class Lost(Exception):
        pass

    def lost(_: float) -> None:
        raise Lost

    path = tmp_path / "talk.wav"
    path.write_bytes(in_turns())
    with pytest.raises(Lost):
        overhear(path, channel=1, progress=lost)
