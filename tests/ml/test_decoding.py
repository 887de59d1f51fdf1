"""Every kind of recording that phones and browsers make comes out as the sound that went in."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ml import audio
from ml.containers import Container
from tests import voices

CONTAINERS = {
    "wav": Container.WAV,
    "flac": Container.FLAC,
    "mp3": Container.MP3,
    "ogg": Container.OGG,
    "m4a": Container.MP4,
    "mp4": Container.MP4,
    "aac": Container.AAC,
    "webm": Container.WEBM,
    "live.webm": Container.WEBM,
    "3gp": Container.MP4,
    "amr": Container.AMR,
}
# AMR keeps how speech sounds, not its samples; bare and fragmented AAC start with 48 ms of encoder's delay.
LIKENESS = {"3gp": 0.8, "amr": 0.8, "aac": 0.8, "mp4": 0.8}


def loudness(waveform: voices.Waveform) -> voices.Waveform:
    """Level of each 50 ms, in dB above -60 dB of full scale."""
    frames = waveform[: len(waveform) // 800 * 800].reshape(-1, 800)
    return np.asarray(10 * np.log10(np.square(frames).mean(axis=1) + 1e-6), np.float32)


@pytest.mark.parametrize("kind", voices.KINDS)
def test_sounds_like_what_was_recorded(kind: str, tmp_path: Path) -> None:
    recorded = np.concatenate([voices.speech(clip=clip) for clip in range(4)])
    path = voices.write(tmp_path / f"visit.{kind}", recorded, kind=kind)

    decoding = audio.decode(path)
    heard = np.concatenate(list(decoding))

    assert heard.dtype == np.float32
    assert np.abs(heard).max() <= 1.0
    assert len(heard) == pytest.approx(len(recorded), abs=0.06 * 16_000)
    levels = [loudness(waveform)[: len(recorded) // 800] for waveform in (recorded, heard)]
    assert np.corrcoef(levels[0], levels[1])[0, 1] > LIKENESS.get(kind, 0.95)
    assert decoding.duration_s == len(heard) / 16_000
    assert (decoding.bad_packets, decoding.cut_off, decoding.fraction) == (0, False, 1.0)


@pytest.mark.parametrize("kind", voices.KINDS)
def test_probe_tells_what_it_is(kind: str, tmp_path: Path) -> None:
    path = voices.write(tmp_path / "upload", voices.speech(2.0), kind=kind)
    properties = audio.probe(path)
    assert properties.container is CONTAINERS[kind]
    assert properties.channels == 1
    assert properties.sample_rate in {8_000, 16_000, 44_100, 48_000}
    assert properties.duration_s is None or properties.duration_s == pytest.approx(2.0, abs=0.1)


def test_blocks_of_ten_seconds(tmp_path: Path) -> None:
    path = voices.write(tmp_path / "a.m4a", voices.tone(25.0))
    lengths = [len(block) for block in audio.decode(path)]
    assert lengths[:-1] == [160_000, 160_000]
    assert 0 < lengths[-1] < 160_000


@pytest.mark.parametrize("kind", ["wav", "flac", "m4a", "webm"])
def test_only_the_chosen_channel_is_heard(kind: str, tmp_path: Path) -> None:
    patient, clinician = voices.tone(2.0, hertz=300.0), voices.tone(2.0, hertz=1_000.0)
    path = voices.write(tmp_path / f"a.{kind}", np.stack([clinician, patient], axis=1))
    assert audio.probe(path).channels == 2

    heard = {channel: audio.load(path, channel=channel) for channel in (None, 0, 1)}

    assert {channel: pitches(waveform) for channel, waveform in heard.items()} == {
        None: {300, 1_000},
        0: {1_000},
        1: {300},
    }


def pitches(waveform: voices.Waveform) -> set[int]:
    """Frequencies in Hz, to the nearest ten, that hold a tenth of the power and more."""
    second = waveform[8_000:24_000] * np.hanning(16_000)
    power = np.abs(np.fft.rfft(second)) ** 2
    return {round(int(hertz), -1) for hertz in np.flatnonzero(power > 0.1 * power.max())}


def test_a_channel_that_is_not_there(tmp_path: Path) -> None:
    path = voices.write(tmp_path / "a.wav", voices.speech(2.0))
    assert len(audio.load(path, channel=0)) == 32_000
    with pytest.raises(audio.UnreadableAudio) as refused:
        audio.load(path, channel=1)
    assert refused.value.code == "no_such_channel"


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_any_rate_becomes_16_khz(rate: int, tmp_path: Path) -> None:
    time = np.arange(3 * rate) / rate
    soundfile.write(tmp_path / "a.wav", 0.5 * np.sin(2 * np.pi * 700 * time), rate)
    heard = audio.load(tmp_path / "a.wav")
    assert len(heard) == pytest.approx(48_000, abs=2)
    assert pitches(heard) == {700}


def test_a_pause_that_the_phone_did_not_send_stays_a_pause(tmp_path: Path) -> None:
    """AMR with discontinuous transmission: without the pauses all that follows would come too early."""
    recorded = np.concatenate([voices.speech(4.0), voices.silence(5.0), voices.speech(4.0, clip=2)])
    (tmp_path / "a.amr").write_bytes(voices.encode(recorded, "amr", dtx=True))
    decoding = audio.decode(tmp_path / "a.amr")
    heard = np.concatenate(list(decoding))
    assert decoding.duration_s == pytest.approx(13.0, abs=0.1)
    assert decoding.bad_packets == 0
    assert np.abs(heard[6 * 16_000 : 8 * 16_000]).max() < 0.01
    assert np.abs(heard[10 * 16_000 :]).max() > 0.1


def test_float_files_with_nonsense_in_them(tmp_path: Path) -> None:
    waveform = voices.speech(2.0)
    waveform[[100, 200, 300, 400]] = np.nan, np.inf, -np.inf, 1e30
    soundfile.write(tmp_path / "a.wav", waveform, 16_000, subtype="FLOAT")
    heard = audio.load(tmp_path / "a.wav")
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 1.0
    np.testing.assert_array_equal(heard[1_000:], waveform[1_000:])


def test_tags_in_an_unknown_encoding(tmp_path: Path) -> None:
    sound = voices.encode(voices.speech(2.0), "mp3")
    title = b"\x00Gespr\xe4ch\xff\xfe"
    frame = b"TIT2" + len(title).to_bytes(4, "big") + b"\x00\x00" + title
    (tmp_path / "a.mp3").write_bytes(b"ID3\x03\x00\x00\x00\x00\x00" + bytes([len(frame)]) + frame + sound)
    assert len(audio.load(tmp_path / "a.mp3")) == pytest.approx(32_000, abs=1_000)
