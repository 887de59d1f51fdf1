"""The web process never loads what only a worker needs; import contracts say it, a real process shows it."""

from __future__ import annotations

import json
from pathlib import Path

from ser_clinic.garbage import THRESHOLDS
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


def test_what_the_web_process_loaded_is_out_of_its_garbage_collectors_way(tmp_path: Path) -> None:
    show = "import gc, ser_clinic.asgi; print(gc.get_freeze_count(), *gc.get_threshold())"
    shown = python(tmp_path, "-c", show)
    assert shown.returncode == 0, shown.stderr
    frozen, *thresholds = map(int, shown.stdout.split())
    assert frozen > 50_000
    assert tuple(thresholds) == THRESHOLDS
