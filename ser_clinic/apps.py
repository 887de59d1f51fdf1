from django.apps import AppConfig


class RoofConfig(AppConfig):
    name = "ser_clinic"
    verbose_name = "SER Clinic"

    def ready(self) -> None:
        from . import checks  # noqa: F401  registers itself; needs the settings, so not earlier
