"""Who is monitored, who may see them, what they agreed to, and who looked.

Rows are written by the verbs in ``enrolment``, ``care`` and ``audit``; a view never touches
``Patient.objects`` but goes through the doors in ``access``.
"""

from patients.models.audit import AppendOnly, AuditEntry
from patients.models.clinicians import Clinician, Membership, Team
from patients.models.consents import Consent
from patients.models.course import CourseEvent, Note
from patients.models.patients import Patient, language_shape, reference_shape
from patients.models.questionnaires import Instrument, QuestionnaireLink, QuestionnaireResponse
from patients.models.sessions import Session
from patients.models.signing_in import BrowserSession, SignInFailure

__all__ = [
    "AppendOnly",
    "AuditEntry",
    "BrowserSession",
    "Clinician",
    "Consent",
    "CourseEvent",
    "Instrument",
    "Membership",
    "Note",
    "Patient",
    "QuestionnaireLink",
    "QuestionnaireResponse",
    "Session",
    "SignInFailure",
    "Team",
    "language_shape",
    "reference_shape",
]
