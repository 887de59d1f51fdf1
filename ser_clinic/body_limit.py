"""Django stores a request's whole body before any view may refuse it: this bounds what it stores."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApplication = Callable[[Scope, Receive, Send], Awaitable[None]]


class TooLarge(Exception):
    pass


class BodyLimit:
    """Answer 413 as soon as a request is, or turns out to be, larger than ``limit`` bytes."""

    def __init__(self, application: ASGIApplication, *, limit: int) -> None:
        self.application = application
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.application(scope, receive, send)
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self.limit:
            return await self._refuse(send)
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.limit:  # sent in chunks, without a length or with a false one
                raise TooLarge
            return message

        try:
            await self.application(scope, receive_counted, send)
        except TooLarge:
            # Django reads all of the body before it answers anything, so an answer is still ours to give.
            await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        sentence = f"This upload is larger than the {self.limit // 1_000_000} MB that this clinic accepts.\n"
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": sentence.encode()})
