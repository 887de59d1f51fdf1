"""How often one address may ask for links: no secret can be guessed, and nobody need be let try for long."""

from __future__ import annotations

import time
from ipaddress import ip_network

from django.core.cache import cache
from django.http import HttpRequest

from patients.audit import client_address

PER_MINUTE = 30  # a family behind one router, each page a few requests


def is_too_often(request: HttpRequest) -> bool:
    """Count this request for its address, of IPv6 for its /64; True from the 31st within a minute on."""
    address = client_address(request) or "unknown"
    network = str(ip_network((address, 64), strict=False)) if ":" in address else address
    key = f"questionnaire-links:{network}:{int(time.time() // 60)}"
    cache.add(key, 0, timeout=120)
    try:
        return cache.incr(key) > PER_MINUTE
    except ValueError:  # forgotten between the two: the cache was emptied
        return False
