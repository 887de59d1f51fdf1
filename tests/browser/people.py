"""Who the browser signs in as on a live clinic, and the patient that it opens: each test its own."""

from __future__ import annotations

import json
from dataclasses import dataclass

from playwright.sync_api import Error, Page

from tests.live import PASSWORD, LiveStack

ADMIT = """
import json, uuid
from datetime import date
from analysis.governance import active_model
from patients.models import Clinician, Team
from tests.analysis.hearing import make_course, mixture
from tests.cast import make_clinician, make_patient
name = uuid.uuid4().hex[:8]
by = make_clinician(name, team=Team.objects.create(name=name))
desk = make_clinician(name + "-desk", team=by.teams.get(), role=Clinician.Role.STAFF)
patient = make_patient(by, "B-" + name.upper(), name="Ada Fernweh", birth_year=date.today().year - 30)
shares = [mixture(calm=0.4, sad=0.1)] * {sessions} + [mixture(calm=0.2, sad=0.4)] * 3
make_course(by, patient, shares[-{sessions}:] if {sessions} else [], version=active_model(), with_sound=True)
print(json.dumps([name, patient.reference]))
"""


@dataclass(frozen=True)
class Treated:
    """A clinician's user name, the front desk's, and the reference of the patient of both."""

    clinician: str
    desk: str
    reference: str


def admit(stack: LiveStack, *, sessions: int = 0) -> Treated:
    """A patient with ``sessions`` analysed sessions, the latest three of them sadder-sounding."""
    name, reference = json.loads(stack.run(ADMIT.format(sessions=sessions)))
    return Treated(name, f"{name}-desk", reference)


def sign_in(page: Page, stack: LiveStack, username: str, password: str = PASSWORD) -> None:
    page.goto(f"{stack.url}/login/")
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(password)
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url(f"{stack.url}/")


def until(page: Page, expression: str, *, seconds: float = 15) -> None:
    """Wait for a JavaScript expression to be true. (Playwright's own way needs ``unsafe-eval``.)"""
    for _ in range(round(seconds * 10)):
        if _is_so(page, expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"After {seconds} s this is still not so: {expression}")


def _is_so(page: Page, expression: str) -> bool:
    """Whether the page says so; one that is just being left says nothing."""
    try:
        return bool(page.evaluate(expression))
    except Error as error:
        if "context was destroyed" not in error.message:
            raise
        return False
