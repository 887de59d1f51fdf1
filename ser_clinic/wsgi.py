"""The door for servers that speak WSGI; the proxy before them must bound the size of an upload."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ser_clinic.settings")
application = get_wsgi_application()

from .garbage import settle  # noqa: E402  readable once Django is set up

settle()
