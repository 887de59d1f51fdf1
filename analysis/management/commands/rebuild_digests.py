from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analysis.triage import digests


class Command(BaseCommand):
    help = "Make anew what the caseload keeps of every patient; with --check only compare it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail if something differs")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if not check:
            self.stdout.write(f"{digests.rebuild()} digests made anew.")
            return
        wrong = digests.differing()
        if wrong:
            raise CommandError(f"{wrong} digests differ from the sessions. Run this without --check.")
        self.stdout.write("Every digest says what the sessions say.")
