"""Every setting of a clinic's installation, read from the environment or from a file named ``.env``.

For the administrator: this page is in the order in which you would ask. Each ``env…("NAME")`` below is a
setting that you can make; ``.env.example`` lists all of them with their defaults. With nothing set at all
you get the demo clinic on this computer: SQLite and a folder, no servers.
"""

import os
import tempfile
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

# Every setting can also be given as NAME_FILE, the path of a file that holds it (Docker secrets).
env = environ.FileAwareEnv()
environ.FileAwareEnv.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))

# ── Where things are kept ────────────────────────────────────────────────────────────────────────────────
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
MEDIA_ROOT = Path(env.str("MEDIA_DIR", default=str(VAR_DIR / "media"))).resolve()
MODELS_DIR = Path(env.str("MODELS_DIR", default=str(VAR_DIR / "models"))).resolve()
SHIPPED_MODEL = env.str("SHIPPED_MODEL", default="").strip()
STATIC_ROOT = VAR_DIR / "static"
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "uploads"
BROKER_DIR = VAR_DIR / "broker"
for folder in (MEDIA_ROOT, MODELS_DIR, STATIC_ROOT, FILE_UPLOAD_TEMP_DIR, BROKER_DIR / "control"):
    folder.mkdir(parents=True, exist_ok=True)

# ── Database: a file here, or PostgreSQL ─────────────────────────────────────────────────────────────────
DATABASE_URL = env.str("DATABASE_URL", default="").strip()
EMBEDDED = not DATABASE_URL
if EMBEDDED:
    # Web and workers write to one file: readers never wait (WAL), and writers queue up when they begin.
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": VAR_DIR / "db.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    }
else:
    DATABASES = {"default": env.db_url_config(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ── Who may reach it, and over what ──────────────────────────────────────────────────────────────────────
DEBUG = env.bool("DEBUG", default=False)
# Invented patients and published passwords: for this computer alone (see checks.py and loopback.py).
DEMO = env.bool("DEMO", default=EMBEDDED)
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000" if EMBEDDED else "").strip().rstrip("/")
if not PUBLIC_URL:
    raise ImproperlyConfigured(
        "Set PUBLIC_URL to the address that clinicians type, such as https://ser.example.org"
    )
HTTPS = PUBLIC_URL.startswith("https://")
LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [*LOOPBACK_NAMES, *env.list("EXTRA_HOSTS", default=[])]
if (public_name := urlsplit(PUBLIC_URL).hostname) and public_name not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append(public_name)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]


def local_secret_key(path: Path) -> str:
    """The key of an embedded installation: made once, readable by its owner alone, safe against a race."""
    if not path.exists():
        handle, draft = tempfile.mkstemp(dir=path.parent)  # created with mode 0600
        with os.fdopen(handle, "w") as file:
            file.write(os.urandom(48).hex())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process of the same first start was quicker: its key counts
        finally:
            os.unlink(draft)
    return path.read_text().strip()


SECRET_KEY = env.str("SECRET_KEY", default="").strip()
if not SECRET_KEY:
    if not EMBEDDED:
        raise ImproperlyConfigured("Set SECRET_KEY, or SECRET_KEY_FILE, to at least 50 random characters.")
    SECRET_KEY = local_secret_key(VAR_DIR / "secret_key")

# A browser that nobody uses is signed out, with a warning before; one that is used, at the end of the day.
IDLE_MINUTES = env.float("IDLE_MINUTES", default=30)
SESSION_ENGINE = "patients.browser_sessions"
SESSION_COOKIE_AGE = round(env.float("SESSION_HOURS", default=12.0) * 3600)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# Only then are a proxy's headers believed: whether the clinician came by HTTPS, and from which address.
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Preloading a hospital's domain into browsers is the hospital's decision, not this program's.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# ── Accounts ─────────────────────────────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "patients.Clinician"
AUTHENTICATION_BACKENDS = ["patients.sign_in.AuditedBackend"]
# Tokens of the REST interface: kept as digests, and gone after a while.
REST_KNOX = {"TOKEN_TTL": timedelta(days=env.int("API_TOKEN_DAYS", default=30))}
# After so many failed attempts to sign in within these minutes, none is tried until the oldest is past.
LOCKOUT_MINUTES = env.float("LOCKOUT_MINUTES", default=15)
LOCKOUT_FAILURES = env.int("LOCKOUT_FAILURES", default=5)  # on one account
LOCKOUT_ADDRESS_FAILURES = env.int("LOCKOUT_ADDRESS_FAILURES", default=50)  # from one address: a whole ward
# Who must have a second factor: any of clinician, staff, admin.
REQUIRE_SECOND_FACTOR = env.list("REQUIRE_SECOND_FACTOR", default=[])
if unknown := set(REQUIRE_SECOND_FACTOR) - {"clinician", "staff", "admin"}:
    raise ImproperlyConfigured(f"REQUIRE_SECOND_FACTOR knows clinician, staff, admin, not {unknown}")
OTP_TOTP_ISSUER = "SER Clinic"
OTP_TOTP_THROTTLE_FACTOR = OTP_STATIC_THROTTLE_FACTOR = 0  # wrong codes count towards the lock-out instead
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Without a mail server, password-reset mails are written into a folder for the administrator to hand on.
if email_url := env.str("EMAIL_URL", default="").strip():
    vars().update(env.email_url_config(email_url))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default="ser-clinic@localhost")

# ── Language and time ────────────────────────────────────────────────────────────────────────────────────
LANGUAGE_CODE = env.str("LANGUAGE", default="en-gb")
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True
# What the pages are translated into; the wording of consents and questionnaires with them.
ENGLISH = LANGUAGE_CODE if LANGUAGE_CODE.startswith("en") else "en-gb"
LANGUAGES = [(ENGLISH, "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
# Named on the notices that patients take home: the clinic, and whom to ask or tell about a consent.
CLINIC_NAME = env.str("CLINIC_NAME", default="").strip()
CLINIC_CONTACT = env.str("CLINIC_CONTACT", default="").strip()

# ── Questionnaires ───────────────────────────────────────────────────────────────────────────────────────
QUESTIONNAIRE_LINK_DAYS = env.int("QUESTIONNAIRE_LINK_DAYS", default=7)
# Whom patients call now: shown before and after a questionnaire that they fill at home.
CRISIS_TEXT = env.str("CRISIS_TEXT", default="").strip()
QUESTIONNAIRE_MAIL = env.bool("QUESTIONNAIRE_MAIL", default=False)

# ── Recordings and their analysis ────────────────────────────────────────────────────────────────────────
# Where the law allows no estimates of emotion: ``acoustic`` or ``off`` (docs/operations.md).
EMOTION_ANALYSIS = env.str("EMOTION_ANALYSIS", default="full").strip().lower()
if EMOTION_ANALYSIS not in {"full", "acoustic", "off"}:
    raise ImproperlyConfigured(f"EMOTION_ANALYSIS is full, acoustic or off, not {EMOTION_ANALYSIS}")
MAX_UPLOAD_BYTES = env.int("MAX_UPLOAD_MB", default=500) * 1_000_000
FILE_UPLOAD_HANDLERS = ["analysis.sound.upload_handler.RoomyUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
MEDIA_URL = "/never-served/"  # audio leaves only through a view that knows the patient

# ── The caseload ─────────────────────────────────────────────────────────────────────────────────────────
# A patient under care of whom nothing was received for longer than this is marked as stale.
STALE_DAYS = env.int("STALE_DAYS", default=28)
ALERTS_PER_DAY = env.int("ALERTS_PER_DAY", default=3)  # new ones that a clinician of a team is shown

# ── Work queue: a folder here, or Redis ──────────────────────────────────────────────────────────────────
# The rows of the database say what is to be done; a message is only a doorbell, so losing one loses nothing.
REDIS_URL = env.str("REDIS_URL", default="").strip()
REDIS_PREFIX = env.str("REDIS_PREFIX", default="ser-clinic:")
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "global_keyprefix": REDIS_PREFIX,
        "visibility_timeout": 24 * 3600,  # longer than the longest training
        "socket_connect_timeout": 3,
        "socket_timeout": 10,
    }
    if REDIS_URL
    else {
        "data_folder_in": str(BROKER_DIR),
        "data_folder_out": str(BROKER_DIR),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.1,
    }
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
CELERY_TASK_DEFAULT_QUEUE = "inference"
CELERY_TASK_ROUTES = {
    "analysis.tasks.retrain": {"queue": "training"},  # its own process: training never delays a recording
    "analysis.tasks.sweep": {"queue": "sweep"},  # its own too: a long recording never delays the sweep
    "analysis.tasks.tidy": {"queue": "sweep"},
    "analysis.tasks.watch": {"queue": "sweep"},
}
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_CONCURRENCY = env.int("WORKER_PROCESSES", default=1)
WORKER_THREADS = env.int("WORKER_THREADS", default=0)  # of each of them; 0 shares the cores among them
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_HIJACK_ROOT_LOGGER = CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(REDIS_URL)  # how compose asks whether a worker is well
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 60.0
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "analysis.tasks.sweep",
        "schedule": 10.0,
        "options": {"expires": 10.0},  # a clock that stood still does not ring a hundred times at once
    },
    "tidy": {"task": "analysis.tasks.tidy", "schedule": 3600.0, "options": {"expires": 3600.0}},
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX + "cache",
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# ── Logging: plain lines, never a patient's name (and no query strings, where a name may be searched) ────
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="WARNING").upper()},
    "loggers": {"django": {"handlers": [], "propagate": True}},
}

# ══ From here on nothing is for the administrator ════════════════════════════════════════════════════════
INSTALLED_APPS = [
    "ser_clinic",
    "patients",
    "analysis",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "django_filters",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "ser_clinic.apps.ApiTokensConfig",
    "rest_framework",
]
MIDDLEWARE = [
    "ser_clinic.loopback.LoopbackOnlyInDemo",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "patients.audit.AddressMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "patients.gate.PresenceMiddleware",
    "patients.gate.SecondFactorMiddleware",
    "analysis.jurisdiction.JurisdictionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "ser_clinic.urls"
ASGI_APPLICATION = "ser_clinic.asgi.application"
WSGI_APPLICATION = "ser_clinic.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "analysis.jurisdiction.site",
            ],
        },
    },
]
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "ser_clinic.finders.PlotlyFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "patients.tokens.ApiTokenAuthentication",  # the first one says how to sign in when nobody has: 401
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
        "rest_framework.throttling.ScopedRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "60/min", "user": "600/min", "login": "10/min", "upload": "60/min"},
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "ser_clinic.problems.problem_details",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "SER Clinic",
    "DESCRIPTION": "Patients, their sessions and recordings, and how these sounded. An estimate of how "
    "speech sounds, from acted training speech. Not a diagnosis; for trained professionals.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "PurposeEnum": "patients.models.Consent.Purpose",
        "DeclaredPurposeEnum": "patients.purposes.Declared",
        "LinkStateEnum": ["open", "answered", "withdrawn", "expired"],
        "JobStateEnum": "analysis.models.Job.State",
        "AlertStateEnum": "analysis.models.Alert.State",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
