"""The web process never loads what only a worker needs; import contracts say it, a real process shows it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.live import python

HEAVY = ["torch", "torchaudio", "onnxruntime", "librosa", "sklearn", "tensorboard", "plotly"]
SHOW = (
    "import json, sys; import ser_clinic.asgi\n"
    "from django.urls import get_resolver\n"
    "from ser_clinic.celery import app\n"
    "len(get_resolver().url_patterns); app.loader.import_default_modules()\n"
    "print(json.dumps([name for name in sys.argv[1:] if name in sys.modules]))\n"
)


def test_neither_pages_nor_interface_nor_tasks_load_torch(tmp_path: Path) -> None:
    shown = python(tmp_path, "-c", SHOW, *HEAVY)
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout) == []
