"""What ties a process to its parent's life, so that nothing of the clinic runs on alone."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def die_with(parent: int) -> Callable[[], None]:
    """For a child to run first of all: end when ``parent`` ends, however it ends (Linux; else in vain)."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def before_exec() -> None:
        if libc is not None:
            libc.prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
            if os.getppid() != parent:  # it ended before we could ask
                os._exit(1)

    return before_exec
