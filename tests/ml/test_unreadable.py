"""What cannot be heard is refused with the reason, never with another error, a crash or endless work."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml import audio
from ml.containers import Container, recognise, suffix_lies
from tests import voices


def refusal(path: Path) -> audio.UnreadableAudio:
    with pytest.raises(audio.UnreadableAudio) as refused:
        list(audio.decode(path))
    assert refused.value.message == str(refused.value)
    assert refused.value.message.endswith(".")
    return refused.value


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


ALMOST_AUDIO = {
    "text": ("a.wav", b"This is the transcript of the session. " * 50, "not_audio"),
    "UTF-16 text": ("a.mp3", "Gespräch".encode("utf-16") * 50, "not_audio"),
    "picture": ("a.m4a", b"\x89PNG\r\n\x1a\n" + bytes(500), "not_audio"),
    "JPEG": ("a.mp3", b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(500), "not_audio"),
    "zeros": ("a.wav", bytes(5_000), "not_audio"),
    "playlist": ("a.m4a", b"#EXTM3U\n#EXTINF:10,\n/etc/passwd\n", "not_audio"),
    "nothing": ("a.wav", b"", "empty"),
    "WAV without a sample": ("a.wav", voices.encode(voices.silence(0), "wav"), "empty"),
    "film without sound": ("a.mp4", voices.video_only(), "no_audio_stream"),
    "bare mark": ("a.ogg", b"OggS", "cut_off"),
    "AMR mark alone": ("a.amr", b"#!AMR\n", "empty"),
}


@pytest.mark.parametrize(("name", "content", "code"), ALMOST_AUDIO.values(), ids=ALMOST_AUDIO.keys())
def test_the_reason(name: str, content: bytes, code: str, tmp_path: Path) -> None:
    assert refusal(written(tmp_path / name, content)).code == code


@pytest.mark.parametrize("kind", ["m4a", "3gp"])
def test_an_index_at_the_end_that_never_arrived(kind: str, tmp_path: Path) -> None:
    content = voices.encode(voices.speech(5.0), kind)
    assert refusal(written(tmp_path / f"a.{kind}", content[: len(content) // 2])).code == "cut_off"


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg", "mp4", "webm"])
def test_half_a_file_is_heard_and_known_to_be_half(kind: str, tmp_path: Path) -> None:
    content = voices.encode(voices.speech(8.0), kind)
    decoding = audio.decode(written(tmp_path / f"a.{kind}", content[: len(content) // 2]))
    heard = sum(map(len, decoding)) / 16_000
    assert 2.5 < heard < 5.0
    assert decoding.cut_off


def test_a_wav_that_was_streamed_claims_nothing(tmp_path: Path) -> None:
    content = bytearray(voices.encode(voices.speech(3.0), "wav"))
    content[40:44] = struct.pack("<I", 0xFFFFFFFF)
    decoding = audio.decode(written(tmp_path / "a.wav", bytes(content)))
    assert sum(map(len, decoding)) == 48_000
    assert not decoding.cut_off


def decoded_seconds(path: Path, *, limit: float) -> float:
    decoding = audio.decode(path, max_seconds=limit)
    list(decoding)
    return decoding.duration_s


@pytest.mark.parametrize("kind", voices.KINDS)
def test_the_longest_recording_is_read_with_what_its_encoder_pads(kind: str, tmp_path: Path) -> None:
    path = voices.write(tmp_path / f"a.{kind}", voices.tone(12.0), kind=kind)
    assert decoded_seconds(path, limit=12.0) >= 12.0


@pytest.mark.parametrize("kind", voices.KINDS)
def test_too_long_is_found_by_decoding(kind: str, tmp_path: Path) -> None:
    path = voices.write(tmp_path / f"a.{kind}", voices.tone(13.0), kind=kind)
    with pytest.raises(audio.UnreadableAudio) as refused:
        decoded_seconds(path, limit=12.0)
    assert refused.value.code == "too_long"


def test_padding_that_no_header_tells_of(tmp_path: Path) -> None:
    """A telephone's MP3 without a Xing frame: all of the encoder's delay and filling is heard."""
    path = tmp_path / "a.mp3"
    path.write_bytes(voices.telephone_mp3(voices.tone(12.0)))
    assert 12.1 < decoded_seconds(path, limit=12.0) < 12.0 + audio.ENCODER_PADDING_S


def test_two_hours_are_the_limit() -> None:
    """The upload form, the reasons and the README say two hours."""
    assert audio.MAX_SECONDS == 2 * 60 * 60


def test_a_header_that_claims_hours_is_not_believed(tmp_path: Path) -> None:
    content = bytearray(voices.encode(voices.speech(3.0), "flac"))
    content[21:26] = (content[21] & 0xF0 | 0x0F).to_bytes(1, "big") + b"\xff\xff\xff\xff"
    decoding = audio.decode(written(tmp_path / "a.flac", bytes(content)))
    assert 2.75 <= sum(map(len, decoding)) / 16_000 <= 3.0
    assert decoding.cut_off


HONEST = {".wav": Container.WAV, ".mp3": Container.MP3, ".m4a": Container.MP4}


@pytest.mark.parametrize("kind", voices.KINDS)
@pytest.mark.parametrize("suffix", [*HONEST, ".txt", ".jpg"])
def test_an_extension_that_lies(kind: str, suffix: str, tmp_path: Path) -> None:
    path = voices.write(tmp_path / f"visit{suffix}", voices.speech(1.5), kind=kind)
    container = audio.probe(path).container
    assert suffix_lies(path.name, container) == (HONEST.get(suffix) is not container)
    assert len(audio.load(path)) == pytest.approx(24_000, abs=1_000)


@pytest.mark.parametrize(
    "name", ["visit", "visit.2026-03-01", "VISIT.WAV", "visit of 3.5. .wav", "вечер.wav"]
)
def test_names_that_claim_nothing_else(name: str) -> None:
    assert not suffix_lies(name, Container.WAV)


SHORT = {kind: voices.encode(voices.speech(1.0), kind) for kind in voices.KINDS}


def heard_or_refused(path: Path) -> None:
    """Either sound within bounds, or a reason."""
    try:
        for block in audio.decode(path, max_seconds=60.0):
            assert np.isfinite(block).all()
            assert np.abs(block).max(initial=0.0) <= 1.0
    except audio.UnreadableAudio:
        return


fuzz = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("kind", voices.KINDS)
@fuzz
@given(at=st.floats(0, 1))
def test_cut_anywhere(kind: str, at: float, tmp_path: Path) -> None:
    heard_or_refused(written(tmp_path / f"a.{kind}", SHORT[kind][: int(at * len(SHORT[kind]))]))


@pytest.mark.parametrize("kind", voices.KINDS)
@fuzz
@given(
    flips=st.lists(
        # Headers decide most, so every other byte that is changed lies in the first 200.
        st.tuples(st.one_of(st.integers(0, 200), st.integers(0, 1 << 20)), st.integers(1, 255)),
        min_size=1,
        max_size=12,
    )
)
def test_damaged_anywhere(kind: str, flips: list[tuple[int, int]], tmp_path: Path) -> None:
    content = bytearray(SHORT[kind])
    for place, change in flips:
        content[place % len(content)] ^= change
    heard_or_refused(written(tmp_path / f"a.{kind}", bytes(content)))


@fuzz
@given(head=st.sampled_from([content[:16] for content in SHORT.values()]), rest=st.binary(max_size=2_000))
def test_rubbish_behind_a_true_mark(head: bytes, rest: bytes, tmp_path: Path) -> None:
    heard_or_refused(written(tmp_path / "a", head + rest))


@given(st.binary(max_size=64))
def test_recognising_never_fails(head: bytes) -> None:
    assert recognise(head) in (None, *Container)
