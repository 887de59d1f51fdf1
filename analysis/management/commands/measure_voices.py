from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analysis import jurisdiction


class Command(BaseCommand):
    help = "Take the acoustic measures of recordings that were analysed before there were any."

    def handle(self, *args: Any, **options: Any) -> None:
        from analysis.voice import acoustics  # heavy: not for `manage.py help`

        if not jurisdiction.measures_voices():
            raise CommandError("EMOTION_ANALYSIS is off: this clinic analyses no voices.")
        waiting = list(acoustics.to_measure().values_list("pk", flat=True))
        measured = 0
        for number, analysis_id in enumerate(waiting, start=1):
            analysis = acoustics.to_measure().filter(pk=analysis_id).first()
            measured += analysis is not None and acoustics.measure_kept(analysis)
            if number % 10 == 0 or number == len(waiting):
                self.stdout.write(f"{number} of {len(waiting)} recordings seen, {measured} measured.")
                self.stdout.flush()
        if not waiting:
            self.stdout.write("Every recording whose sound is kept is measured.")
