from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from patients.models import Session
from tests.cast import Cast, make_session


@pytest.fixture
def session(cast: Cast) -> Session:
    return make_session(cast.treats, cast.patient)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """Every test its own folder of sound."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"
