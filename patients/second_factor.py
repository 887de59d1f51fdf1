"""The second thing that proves who signs in: a code of an authenticator app, or one of ten kept on paper.

Both are django-otp's. A recovery code stands in the database as a keyed digest; the app's key cannot, since
every code is computed from it.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from patients import lock_out, qr
from patients.audit import Action, record
from patients.models import Clinician

RECOVERY_CODES = 10
# Without the letters and figures that handwriting confuses.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
PASSED = "second_factor"  # in a session: whoever it belongs to has given a code


def is_required(clinician: Clinician) -> bool:
    roles = {clinician.role} | ({"admin"} if clinician.is_staff or clinician.is_superuser else set())
    return bool(roles & set(settings.REQUIRE_SECOND_FACTOR))


def has_one(clinician: Clinician) -> bool:
    return bool(TOTPDevice.objects.filter(user=clinician, confirmed=True).exists())


def recovery_codes_left(clinician: Clinician) -> int:
    return sum(device.token_set.count() for device in StaticDevice.objects.filter(user=clinician))


def proposal(clinician: Clinician) -> TOTPDevice:
    """The key that is shown for scanning; it counts once a code has proved that it arrived."""
    device = TOTPDevice.objects.filter(user=clinician, confirmed=False).first()
    return device or TOTPDevice.objects.create(user=clinician, name="authenticator", confirmed=False)


def drawing(device: TOTPDevice) -> tuple[int, str]:
    """The key as a QR code: its side in squares, and the path of an SVG that fills the dark ones."""
    return qr.drawing(device.config_url)


@transaction.atomic
def confirm(clinician: Clinician, code: str) -> list[str] | None:
    """Begin to ask for codes. The recovery codes, never shown again, or nothing for a wrong code."""
    waiting = TOTPDevice.objects.select_for_update().filter(user=clinician, confirmed=False).first()
    if waiting is None or not waiting.verify_token(_plain(code)):
        return None
    TOTPDevice.objects.filter(user=clinician, confirmed=True).delete()
    waiting.confirmed = True
    waiting.save()
    record(actor=clinician, action=Action.SECOND_FACTOR_SET, subject=clinician)
    return new_recovery_codes(clinician)


@transaction.atomic
def new_recovery_codes(clinician: Clinician) -> list[str]:
    StaticDevice.objects.filter(user=clinician).delete()
    device = StaticDevice.objects.create(user=clinician, name="paper")
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    for code in codes:
        device.token_set.create(token=_digest(clinician, code))
    record(actor=clinician, action=Action.RECOVERY_CODES_MADE, subject=clinician)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


@transaction.atomic
def remove(clinician: Clinician, *, by: Clinician) -> None:
    TOTPDevice.objects.filter(user=clinician).delete()
    StaticDevice.objects.filter(user=clinician).delete()
    record(actor=by, action=Action.SECOND_FACTOR_REMOVED, subject=clinician)


def accepts(clinician: Clinician, code: str) -> bool:
    """Whether the code is the app's of this moment, or one from the paper; either is good once.

    Wrong ones count towards the lock of the account: raises ``LockedOut``.
    """
    attempt = lock_out.begin(clinician.get_username())
    with transaction.atomic():
        if _is_from_app(clinician, code) or _is_from_paper(clinician, code):
            attempt.delete()
            return True
    lock_out.failed(attempt, meant=clinician)
    return False


def _is_from_app(clinician: Clinician, code: str) -> bool:
    devices = TOTPDevice.objects.select_for_update().filter(user=clinician, confirmed=True)
    return any(device.verify_token(_plain(code)) for device in devices)


def _is_from_paper(clinician: Clinician, code: str) -> bool:
    devices = StaticDevice.objects.select_for_update().filter(user=clinician)
    if not any(device.verify_token(_digest(clinician, _plain(code))) for device in devices):
        return False
    left = {"left": recovery_codes_left(clinician)}
    record(actor=clinician, action=Action.RECOVERY_CODE_USED, subject=clinician, detail=left)
    return True


def _plain(code: str) -> str:
    """As it was meant: people type the gaps that they see, and capitals."""
    return "".join(character for character in code.lower() if character.isalnum())


def _digest(clinician: Clinician, code: str) -> str:
    """As long as django-otp's column is wide."""
    return salted_hmac(f"patients.second_factor.{clinician.pk}", code, algorithm="sha256").hexdigest()[:16]
