"""Sound for the player: byte ranges as RFC 9110 has them, streamed, and noted once for each playing."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from analysis import access
from analysis.correction import void_recording
from analysis.models import Recording
from analysis.sound import playback
from analysis.sound.playback import Unsatisfiable, parse_range
from patients.audit import Action
from patients.models import AuditEntry
from tests.analysis.hearing import make_heard, mixture
from tests.cast import Cast, cast, make_session

__all__ = ["cast"]


@given(size=st.integers(1, 10**9), first=st.integers(0, 10**9), length=st.integers(0, 10**9))
def test_a_range_is_what_was_asked_for_as_far_as_there_is_any(size: int, first: int, length: int) -> None:
    header = f"bytes={first}-{first + length}"
    if first >= size:
        with pytest.raises(Unsatisfiable):
            parse_range(header, size)
    else:
        assert parse_range(header, size) == (first, min(first + length, size - 1))


@given(size=st.integers(1, 10**9), length=st.integers(1, 2 * 10**9))
def test_a_suffix_is_the_end_of_the_file(size: int, length: int) -> None:
    assert parse_range(f"bytes=-{length}", size) == (max(0, size - length), size - 1)


@pytest.mark.parametrize(
    "header", ["", "bytes=-", "bytes=5-3", "bytes=0-1,5-6", "seconds=0-3", "bytes=a-b", "nonsense"]
)
def test_what_is_not_one_valid_range_gets_the_whole(header: str) -> None:
    assert parse_range(header, 100) is None


@given(st.text(max_size=40))
def test_no_header_breaks_it(header: str) -> None:
    try:
        part = parse_range(header, 100)
    except Unsatisfiable:
        return
    assert part is None or 0 <= part[0] <= part[1] < 100


@pytest.fixture
def recording(cast: Cast) -> Recording:
    session = make_session(cast.treats, cast.patient)
    return make_heard(cast.treats, session, mixture(sad=0.6), seconds=20, with_sound=True).recording


def get(client: Client, recording: Recording, **headers: str) -> tuple[Any, bytes]:
    response: Any = client.get(reverse("recording_audio", args=[recording.pk]), headers=headers)
    if not response.streaming:
        return response, response.content

    async def read() -> bytes:
        return b"".join([block async for block in response])

    return response, async_to_sync(read)()


@pytest.fixture
def listening(client: Client, cast: Cast) -> Client:
    client.force_login(cast.treats)
    return client


def sound_of(recording: Recording) -> bytes:
    with recording.canonical.open("rb") as file:
        return bytes(file.read())


def test_the_whole_sound(listening: Client, recording: Recording) -> None:
    response, body = get(listening, recording)
    assert response.status_code == HTTPStatus.OK
    assert body == sound_of(recording)
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Type"] == "audio/flac"
    assert int(response["Content-Length"]) == len(body)
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("header", "part"),
    [("bytes=0-99", slice(0, 100)), ("bytes=1000-", slice(1000, None)), ("bytes=-7", slice(-7, None))],
)
def test_a_part_of_it(listening: Client, recording: Recording, header: str, part: slice) -> None:
    whole = sound_of(recording)
    response, body = get(listening, recording, range=header)
    assert response.status_code == HTTPStatus.PARTIAL_CONTENT
    assert body == whole[part]
    first = range(len(whole))[part][0]
    assert response["Content-Range"] == f"bytes {first}-{first + len(body) - 1}/{len(whole)}"


def test_a_part_longer_than_a_block(
    listening: Client, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playback, "BLOCK", 1000)
    _response, body = get(listening, recording, range="bytes=10-5009")
    assert body == sound_of(recording)[10:5010]


def test_beyond_the_end(listening: Client, recording: Recording) -> None:
    size = recording.canonical.size
    response, _body = get(listening, recording, range=f"bytes={size}-")
    assert response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    assert response["Content-Range"] == f"bytes */{size}"


def test_a_part_of_another_version_is_not_given(listening: Client, recording: Recording) -> None:
    response, _body = get(listening, recording, range="bytes=0-9")
    matching, _body = get(listening, recording, range="bytes=0-9", **{"if-range": response["ETag"]})
    other, body = get(listening, recording, range="bytes=0-9", **{"if-range": '"an older sound"'})
    assert matching.status_code == HTTPStatus.PARTIAL_CONTENT
    assert other.status_code == HTTPStatus.OK
    assert body == sound_of(recording)


def playings(recording: Recording) -> int:
    return AuditEntry.objects.filter(action=Action.RECORDING_PLAYED, subject_id=str(recording.pk)).count()


def test_many_ranges_are_one_playing_and_a_later_one_is_another(
    listening: Client, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    for header in ("bytes=0-", "bytes=100-", "bytes=50-60"):
        get(listening, recording, range=header)
    assert playings(recording) == 1
    later = timezone.now() + access.SAME_VISIT + timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    get(listening, recording, range="bytes=0-")
    assert playings(recording) == 2


def test_staff_and_outsiders_hear_nothing(client: Client, cast: Cast, recording: Recording) -> None:
    for clinician in (cast.in_team, cast.outsider):
        client.force_login(clinician)
        assert get(client, recording)[0].status_code == HTTPStatus.NOT_FOUND
    assert playings(recording) == 0


def test_a_voided_recording_is_silent(listening: Client, cast: Cast, recording: Recording) -> None:
    void_recording(by=cast.treats, recording=recording, reason="not this patient")
    assert get(listening, recording)[0].status_code == HTTPStatus.NOT_FOUND


@pytest.mark.django_db(transaction=True)
def test_it_streams_under_asgi(async_client: AsyncClient, recording: Recording, cast: Cast) -> None:
    async def listen() -> tuple[int, list[bytes]]:
        await async_client.aforce_login(cast.treats)
        response: Any = await async_client.get(
            reverse("recording_audio", args=[recording.pk]), headers={"range": "bytes=0-"}
        )
        assert response.is_async
        return response.status_code, [block async for block in response]

    status, blocks = async_to_sync(listen)()
    assert status == HTTPStatus.PARTIAL_CONTENT
    assert b"".join(blocks) == sound_of(recording)
