"""Plotly's script, served from the installed Python package: no copy in the repository, no CDN."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage, Storage

SCRIPT = "plotly.min.js"


class PlotlyStorage(FileSystemStorage):
    prefix = "plotly"  # {% static "plotly/plotly.min.js" %}


class PlotlyFinder(BaseFinder):
    """One file out of a folder of many, found without importing plotly."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        spec = find_spec("plotly")
        assert spec and spec.origin, "plotly is one of the dependencies"  # noqa: PT018  tells mypy
        self.storage = PlotlyStorage(location=Path(spec.origin).parent / "package_data")

    def check(self, **kwargs: object) -> list[CheckMessage]:
        if self.storage.exists(SCRIPT):
            return []
        return [Error(f"The installed plotly carries no {SCRIPT}.", id="ser_clinic.E003")]

    def find(  # type: ignore[override]  # the stubs' overloads say the same in three signatures
        self, path: str, find_all: bool = False, **kwargs: object
    ) -> str | list[str]:
        if path != f"{PlotlyStorage.prefix}/{SCRIPT}":
            return []  # as Django's own finders say that there is none
        found = self.storage.path(SCRIPT)
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        yield SCRIPT, self.storage
