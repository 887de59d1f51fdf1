from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analysis import governance
from ml.registry import UnknownModel, list_models
from patients.errors import Refused
from patients.models import Clinician


class Command(BaseCommand):
    help = "Enter a published model into this clinic's list; with --activate it hears new recordings."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", nargs="?", help="id of the model; without it, all are listed")
        parser.add_argument("--activate", metavar="USERNAME", help="the administrator who decides it")

    def handle(self, *args: Any, model: str | None, activate: str | None, **options: Any) -> None:
        if model is None:
            for card in list_models(*governance.model_roots()):
                self.stdout.write(f"{card.id}  {card.created}  {card.name}")
            return
        try:
            version = governance.adopt(model)
            if activate:
                by = Clinician.objects.get(username=activate)
                version = governance.activate(by=by, version=version)
        except UnknownModel as error:
            raise CommandError(str(error)) from error
        except Clinician.DoesNotExist as error:
            raise CommandError(f"There is no account {activate}.") from error
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{version}: {'active' if version.is_active else 'inactive'}")
