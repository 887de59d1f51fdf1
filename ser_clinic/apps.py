import django_stubs_ext
from django.apps import AppConfig

# Django's own generic classes, such as ModelAdmin[Patient], can then be written as mypy reads them. This app
# stands first in INSTALLED_APPS, so it is done before any other module of ours is imported.
django_stubs_ext.monkeypatch()


class RoofConfig(AppConfig):
    name = "ser_clinic"
    verbose_name = "SER Clinic"

    def ready(self) -> None:
        from . import checks  # noqa: F401  registers itself; needs the settings, so not earlier
