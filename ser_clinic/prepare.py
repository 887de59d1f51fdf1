"""``python -m ser_clinic.prepare``: database up to date, static files collected, the demo clinic loaded.

Run before every start, so what is already done must cost next to nothing.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from .preflight import DISK_FULL, says_disk_full


def migrate() -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Bringing the database up to date …", flush=True)
        call_command("migrate", interactive=False, verbosity=0)


def collect_static() -> None:
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    seen = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            facts = os.stat(storage.path(name))
            seen.update(f"{storage.path(name)} {facts.st_mtime_ns} {facts.st_size}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.exists() and stamp.read_text() == seen.hexdigest():
        return
    print("Collecting the pages' scripts and styles …", flush=True)
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(seen.hexdigest())


def load_demo() -> None:
    """The demo clinic at the first start; at each one, its logins."""
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from analysis.demo.plan import LOGINS

    if not settings.DEMO:
        return
    if not get_user_model().objects.exists():
        print("Loading the demo clinic: invented patients, real (acted) speech …", flush=True)
        call_command("load_demo")  # says the logins at its end
    else:
        logins = ", ".join(f"{login.username} ({login.password})" for login in LOGINS)
        print(f"\n  Sign in as {logins}", flush=True)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ser_clinic.settings")
    import django
    from django.core.management.base import BaseCommand, CommandError

    from patients.errors import Refused

    try:
        django.setup()
        BaseCommand().check()  # raises SystemCheckError, a CommandError
        migrate()
        collect_static()
        load_demo()
    except Exception as exc:
        if not says_disk_full(exc) and not isinstance(exc, CommandError | Refused):
            raise
        print(DISK_FULL if says_disk_full(exc) else exc, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
