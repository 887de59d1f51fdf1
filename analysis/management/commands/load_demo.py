from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from analysis.alerts import alerts
from analysis.demo.load import load
from analysis.demo.plan import LOGINS, read_clinic
from analysis.models import Analysis
from patients.models import Patient

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Load the demo clinic: six invented patients whose sessions are real (acted) speech."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--queue",
            action="store_true",
            help="leave the analyses to the worker instead of waiting for them",
        )

    def handle(self, *args: Any, queue: bool, **options: Any) -> None:
        if Patient.objects.filter(is_demo=False).exists():
            raise CommandError("This database holds real patients; the demo clinic is not mixed with them.")
        if not Patient.objects.exists():
            recordings = load(read_clinic(), today=timezone.now())
            self.stdout.write(f"{len(recordings)} recordings of six invented patients are in.")
        if not queue:
            self._analyse()
            self._watch()
        self.stdout.write("Sign in as" if settings.DEMO else "These can sign in only while DEMO is true:")
        for login in LOGINS:
            self.stdout.write(f"  {login.username:10} {login.password}")

    def _analyse(self) -> None:
        """Hear what is queued, in this process; where a worker is up, both share the work."""
        from analysis import pipeline  # heavy: not for `manage.py help`

        waiting = list(Analysis.objects.filter(state=Analysis.State.QUEUED).values_list("pk", flat=True))
        for number, analysis_id in enumerate(waiting, start=1):
            try:
                pipeline.analyse(analysis_id)
            except Exception:
                log.exception("Analysis %s broke off; the worker will try again.", analysis_id)
            if number % 10 == 0 or number == len(waiting):
                self.stdout.write(f"{number} of {len(waiting)} recordings analysed.")
                self.stdout.flush()

    def _watch(self) -> None:
        """Ask the rules of alerts, as they would have been asked after every recording."""
        alerts.learn_from_caseload()
        opened = sum(len(alerts.evaluate(pk)) for pk in Patient.objects.values_list("pk", flat=True))
        self.stdout.write(f"{opened} alerts were opened.")
