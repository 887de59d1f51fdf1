"""A PostgreSQL database for a bench, of its own and dropped again, with Django set up on it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.live import ROOT
from tests.services import postgres_database


def measured_there(bench: str, measure: Callable[[], None]) -> None:
    """Call `measure` in a process whose settings name the database. Its tables are there, and no rows.

    The bench calls this both here and there: Django reads its settings once.
    """
    if "TEST_DATABASE_URL" not in os.environ:
        with tempfile.TemporaryDirectory() as folder, postgres_database(Path(folder)) as url:
            there = os.environ | {"TEST_DATABASE_URL": url}
            subprocess.run([sys.executable, "-m", bench], cwd=ROOT, env=there, check=True)
        return
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    measure()
