"""The clinic's settings for a test run: files in a folder of their own, no setting of the developer's."""

import atexit
import os
import shutil
import tempfile

for name in (
    "DATABASE_URL",
    "REDIS_URL",
    "PUBLIC_URL",
    "DEMO",
    "DEBUG",
    "EMAIL_URL",
    "MEDIA_DIR",
    "MODELS_DIR",
):
    os.environ.pop(name, None)
if server := os.environ.get("TEST_DATABASE_URL"):  # `tests/ops/test_on_postgres.py` sets it
    os.environ |= {
        "DATABASE_URL": server,
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "SECRET_KEY": "for tests" * 6,
    }
os.environ["ENV_FILE"] = os.devnull
os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="ser-clinic-tests-")
atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)

from ser_clinic.settings import *  # noqa: E402, F403
from ser_clinic.settings import STORAGES  # noqa: E402

# Hashing a password takes as long as it should; a thousand tests need not wait for it.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Pages are tested without a `collectstatic` before; the manifest has a test of its own.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
