"""Every setting is documented, does what its line says, and fails loudly where it must be made."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.live import ROOT, python

READ = re.compile(r'env\.\w+\(\s*"([A-Z_]+)"')
NUMBER = re.compile(r'env\.(?:int|float)\("([A-Z_]+)", default=([\d.]+)')
IN_COMPOSE = re.compile(r"\$\{([A-Z_]+)")
IN_EXAMPLE = re.compile(r"^# ([A-Z_]+)=", re.MULTILINE)
IN_MANUAL = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)


def text(path: str) -> str:
    return (ROOT / path).read_text()


def test_every_setting_is_in_the_example_and_in_the_manual() -> None:
    settings = set(READ.findall(text("ser_clinic/settings.py"))) | set(
        IN_COMPOSE.findall(text("docker-compose.yml"))
    )
    assert len(settings) > 20
    assert set(IN_EXAMPLE.findall(text(".env.example"))) == settings
    assert set(IN_MANUAL.findall(text("docs/operations.md"))) == settings


def test_documented_numbers_are_the_defaults() -> None:
    for name, default in NUMBER.findall(text("ser_clinic/settings.py")):
        shown = f"{float(default):g}"
        assert f"# {name}={shown}\n" in text(".env.example")
        assert f"| `{name}` | `{shown}` |" in text("docs/operations.md")


def attempt(var_dir: Path, *names: str, **settings: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import json, sys; from ser_clinic import settings;"
        "print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))"
    )
    return python(var_dir, "-c", code, *names, **settings)


def load(var_dir: Path, *names: str, **settings: str) -> dict[str, Any]:
    """The named settings as a fresh process reads them."""
    done = attempt(var_dir, *names, **settings)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


SERVER = {
    "DATABASE_URL": "postgres://clinic:secret@db.example:5433/clinic",
    "PUBLIC_URL": "https://ser.example.org",
    "SECRET_KEY": "x" * 60,
}


def test_nothing_set_is_the_demo_in_a_file(tmp_path: Path) -> None:
    found = load(tmp_path, "DEBUG", "DATABASES", "CELERY_BROKER_URL", "ALLOWED_HOSTS", "SECRET_KEY")
    assert found["DEBUG"] is False
    assert found["DATABASES"]["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert found["CELERY_BROKER_URL"] == "filesystem://localhost"
    assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert len(found["SECRET_KEY"]) == 96


def test_the_demo_is_on_unless_there_is_a_database_server(tmp_path: Path) -> None:
    """Asked without the test environment's own DEMO=false."""
    ask = "import os; del os.environ['DEMO']; from ser_clinic import settings; print(settings.DEMO)"
    assert python(tmp_path, "-c", ask).stdout == "True\n"
    assert python(tmp_path, "-c", ask, **SERVER).stdout == "False\n"


def test_the_embedded_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    keys = {load(tmp_path, "SECRET_KEY")["SECRET_KEY"] for _ in range(2)}
    assert len(keys) == 1
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("tmp*"))


def test_a_server_is_a_matter_of_the_environment_alone(tmp_path: Path) -> None:
    found = load(
        tmp_path, "DATABASES", "CELERY_BROKER_URL", "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE",
        "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "CSRF_TRUSTED_ORIGINS",
        "CELERY_BROKER_TRANSPORT_OPTIONS",
        REDIS_URL="redis://queue.example:6380/3", REDIS_PREFIX="ours:", **SERVER,
    )  # fmt: skip
    database = found["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example", 5433, "clinic")
    assert found["CELERY_BROKER_URL"] == "redis://queue.example:6380/3"
    assert found["CELERY_BROKER_TRANSPORT_OPTIONS"]["global_keyprefix"] == "ours:"
    assert found["CELERY_BROKER_TRANSPORT_OPTIONS"]["visibility_timeout"] >= 24 * 3600
    assert "ser.example.org" in found["ALLOWED_HOSTS"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://ser.example.org"]
    assert found["SESSION_COOKIE_SECURE"] is found["SECURE_SSL_REDIRECT"] is True
    assert found["SECURE_HSTS_SECONDS"] > 0


@pytest.mark.parametrize("missing", ["SECRET_KEY", "PUBLIC_URL"])
def test_a_server_without_a_needed_setting_does_not_start(tmp_path: Path, missing: str) -> None:
    done = attempt(tmp_path, **{name: value for name, value in SERVER.items() if name != missing})
    assert done.returncode != 0
    assert f"ImproperlyConfigured: Set {missing}" in done.stderr


def test_any_setting_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("y" * 60 + "\n")
    settings = {name: value for name, value in SERVER.items() if name != "SECRET_KEY"}
    assert load(tmp_path, "SECRET_KEY", SECRET_KEY_FILE=str(secret), **settings)["SECRET_KEY"] == "y" * 60


def test_a_role_that_does_not_exist_is_not_silently_let_in_without_a_second_factor(tmp_path: Path) -> None:
    required = load(tmp_path, "REQUIRE_SECOND_FACTOR", REQUIRE_SECOND_FACTOR="clinician,admin")
    assert required == {"REQUIRE_SECOND_FACTOR": ["clinician", "admin"]}
    done = attempt(tmp_path, REQUIRE_SECOND_FACTOR="clinicians")
    assert done.returncode != 0
    assert "REQUIRE_SECOND_FACTOR knows clinician, staff, admin" in done.stderr


def test_the_demo_under_a_public_name_is_an_error(tmp_path: Path) -> None:
    done = python(tmp_path, "manage.py", "check", DEMO="true", EXTRA_HOSTS="ser.example.org")
    assert done.returncode == 1
    assert "ser_clinic.E001" in done.stderr


def test_sqlite_lets_readers_and_a_writer_work_at_once(tmp_path: Path) -> None:
    code = (
        "import django; django.setup();"
        "from django.db import connection; ask = connection.cursor().execute;"
        "names = ('journal_mode', 'synchronous', 'busy_timeout');"
        "print([ask(f'PRAGMA {name}').fetchone()[0] for name in names])"
    )
    assert python(tmp_path, "-c", code).stdout.strip() == "['wal', 1, 20000]"
