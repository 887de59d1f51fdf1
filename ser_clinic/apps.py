import django_stubs_ext
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

# Django's own generic classes, such as ModelAdmin[Patient], can then be written as mypy reads them. This app
# stands first in INSTALLED_APPS, so it is done before any other module of ours is imported.
django_stubs_ext.monkeypatch()


class RoofConfig(AppConfig):
    name = "ser_clinic"
    verbose_name = "SER Clinic"

    def ready(self) -> None:
        from . import checks  # noqa: F401  registers itself; needs the settings, so not earlier


class ApiTokensConfig(AppConfig):
    """The tokens' app under the word that the clinic has for them: the admin shows it."""

    default = False  # named in INSTALLED_APPS; the roof's own is the one above
    name = "knox"
    verbose_name = _("API tokens")
