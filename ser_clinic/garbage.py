"""How seldom the garbage collector of a web process looks.

Nearly everything that a page makes is gone by counting references when the page is sent. Left as Python has
it, the collector looks through what a long page makes again and again while it is made, and now and then
through all that the process has ever loaded, for about a tenth of a second: the slowest pages were those.
"""

from __future__ import annotations

import gc

from django.urls import get_resolver

# Objects made and not yet gone before the youngest are looked at; Python's own are 700, 10 and 10.
THRESHOLDS = (50_000, 20, 10)


def settle() -> None:
    """Once everything is loaded: what stays for good is never looked at again, the rest seldom."""
    _ = get_resolver().url_patterns  # which loads every page
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
