"""Trends made of nothing but numbers: for what is computed and drawn of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from analysis.trends.trend import Heard, SessionPoint, Trend
from tests.analysis.hearing import mixture

Shares = NDArray[np.float32]


def heard(
    shares: Shares | None = None,
    *,
    half: float = 0.05,
    clear_s: float = 300.0,
    model: int = 1,
    telephone: bool = False,
) -> Heard:
    share = mixture(calm=0.5) if shares is None else shares
    return Heard(
        shares=share,
        low=np.clip(share - half, 0, 1),
        high=np.clip(share + half, 0, 1),
        speech_s=clear_s,
        duration_s=clear_s * 2,
        abstained_share=0.0,
        quality=("band_limited",) if telephone else (),
        model_number=model,
    )


def point(held_at: datetime, result: Heard | None) -> SessionPoint:
    return SessionPoint(uuid4(), held_at, "in person", False, 1, 0, 0, result)


def trend(results: Sequence[Heard | None], *, every_days: float = 7, until: datetime | None = None) -> Trend:
    """Sessions at even distances up to ``until``, or to yesterday noon, the oldest first."""
    latest = until or (timezone.now() - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    count = len(results)
    return Trend(
        tuple(
            point(latest - timedelta(days=every_days * (count - 1 - place)), result)
            for place, result in enumerate(results)
        )
    )
