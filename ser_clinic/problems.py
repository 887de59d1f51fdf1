"""Every refusal of the REST interface in one shape: RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError as DomainValidationError
from rest_framework import exceptions
from rest_framework.fields import get_error_detail
from rest_framework.response import Response
from rest_framework.views import exception_handler

from patients.errors import Refused

CONTENT_TYPE = "application/problem+json"


def problem_details(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler; ``None`` leaves a programming error to Django: logged, and answered 500."""
    if isinstance(exc, DomainValidationError):
        exc = exceptions.ValidationError(get_error_detail(exc))
    if isinstance(exc, Refused):
        refusal = exceptions.ErrorDetail(str(exc.sentence), code=exc.code)
        exc = exceptions.ValidationError({exc.field or "non_field_errors": [refusal]})
    response = exception_handler(exc, context)
    if response is None:
        return None
    status = HTTPStatus(response.status_code)
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": "",
        "instance": context["request"].path,
    }
    if isinstance(exc, exceptions.ValidationError):
        problem["errors"] = list(_errors(exc.get_full_details()))
        problem["detail"] = (
            problem["errors"][0]["detail"] if len(problem["errors"]) == 1 else "Some values were refused."
        )
    else:
        problem["detail"] = str(getattr(exc, "detail", "") or exc)
    response.data = problem
    response.content_type = CONTENT_TYPE
    return response


def _errors(details: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """Flatten DRF's nested details into one entry per refused value, with a JSON pointer to it."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {"pointer": pointer, "detail": str(details["message"]), "code": str(details["code"])}
    elif isinstance(details, dict):
        for field, inner in details.items():
            yield from _errors(inner, pointer if field == "non_field_errors" else f"{pointer}/{field}")
    else:
        for position, inner in enumerate(details):
            is_message = isinstance(inner, dict) and set(inner) == {"message", "code"}
            yield from _errors(inner, pointer if is_message else f"{pointer}/{position}")
