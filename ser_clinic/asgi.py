"""The door for uvicorn."""

import os
import tempfile
import warnings

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ser_clinic.settings")
django_application = get_asgi_application()

from django.conf import settings  # noqa: E402  readable once Django is set up

from .body_limit import BodyLimit  # noqa: E402
from .garbage import settle  # noqa: E402

# WhiteNoise reads scripts and styles at once, a few MB at most; what streams here (sound) is asynchronous.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
# An upload in flight belongs on the clinic's own disk: the system's folder may be small, or memory.
tempfile.tempdir = str(settings.FILE_UPLOAD_TEMP_DIR)
# A form's other fields and its boundaries need a little room beside the recording itself.
application = BodyLimit(django_application, limit=settings.MAX_UPLOAD_BYTES + 1_000_000)
settle()
