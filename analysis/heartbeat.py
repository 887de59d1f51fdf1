"""Keeps a claim alive while its work runs, from a thread with a database connection of its own."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connections

from analysis import queue
from analysis.queue import Claim, LeaseLost

log = logging.getLogger(__name__)

TICK_S = 1.0  # how soon a page can see progress
STEP = 0.01  # less progress than this is not worth a write


class Heartbeat:
    """``with Heartbeat(claim) as beat: … beat.tell(0.4)``: renews the lease, writes progress."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._progress = 0.0
        self._lost = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heartbeat {claim.job_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def tell(self, progress: float) -> None:
        """Say how far the work has come, 0 to 1. Touches no database, so it may be called often.

        Raises:
            LeaseLost: the work is someone else's now; stop.
        """
        self._progress = progress
        if self._lost:
            raise LeaseLost(str(self._claim.job_id))

    def stop(self) -> None:
        """Stop renewing, before the row is finished: then nobody else writes to it."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        renew_every = queue.LEASE.total_seconds() / 3
        written, renewed = 0.0, time.monotonic()
        try:
            while not self._stop.wait(min(TICK_S, renew_every)):
                progress = self._progress
                if progress - written < STEP and time.monotonic() - renewed < renew_every:
                    continue
                try:
                    self._claim.renew(progress=progress)
                except LeaseLost:
                    self._lost = True
                    return
                except DatabaseError:
                    log.warning("The lease of %s could not be renewed; trying again.", self._claim.job_id)
                    connections.close_all()
                else:
                    written, renewed = progress, time.monotonic()
        finally:
            connections.close_all()
