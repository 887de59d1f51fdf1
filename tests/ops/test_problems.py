"""Every refusal of the REST interface has one shape, RFC 9457, whatever raised it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError as DomainValidationError
from django.http import Http404
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated, Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient, APIRequestFactory
from rest_framework.views import APIView

from patients.errors import Refused
from ser_clinic.problems import CONTENT_TYPE


def answer(raised: Exception) -> Response:
    class Raises(APIView):
        authentication_classes = ()
        permission_classes = ()

        def get(self, request: Request) -> Response:
            raise raised

    response = Raises.as_view()(APIRequestFactory().get("/api/v1/tried/"))
    assert isinstance(response, Response)
    return response


def problem(raised: Exception) -> dict[str, Any]:
    response = answer(raised)
    assert response.content_type == CONTENT_TYPE
    body: dict[str, Any] = response.data
    assert body["status"] == response.status_code
    assert body["type"] == "about:blank"
    assert body["instance"] == "/api/v1/tried/"
    return body


def test_what_is_hidden_is_simply_not_there() -> None:
    body = problem(Http404())
    assert (body["status"], body["title"]) == (404, "Not Found")
    assert "errors" not in body


def test_a_refusal_of_the_domain_keeps_its_code_sentence_and_field() -> None:
    body = problem(Refused("no_consent", "Record the consent first.", field="session"))
    assert body["status"] == 400
    assert body["detail"] == "Record the consent first."
    assert body["errors"] == [
        {"pointer": "/session", "detail": "Record the consent first.", "code": "no_consent"}
    ]


def test_a_refusal_of_no_field_in_particular_points_at_the_whole() -> None:
    assert problem(Refused("closed", "The patient is discharged."))["errors"][0]["pointer"] == ""


def test_a_refusal_by_a_model_is_a_refusal_of_the_request() -> None:
    body = problem(DomainValidationError({"reference": ["Use capital letters."]}))
    assert body["errors"][0]["pointer"] == "/reference"


def test_refused_values_are_listed_however_deep_they_lie() -> None:
    class Window(serializers.Serializer[Any]):
        start = serializers.FloatField()

    class Windows(serializers.Serializer[Any]):
        name = serializers.CharField()
        windows = Window(many=True)

    sent = Windows(data={"windows": [{"start": 1.0}, {"start": "soon"}]})
    with pytest.raises(ValidationError) as refused:
        sent.is_valid(raise_exception=True)
    body = problem(refused.value)
    assert {(error["pointer"], error["code"]) for error in body["errors"]} == {
        ("/name", "required"),
        ("/windows/1/start", "invalid"),
    }
    assert body["detail"] == "Some values were refused."


def test_what_a_client_must_do_stays_in_the_headers() -> None:
    assert answer(Throttled(wait=7))["Retry-After"] == "7"
    assert problem(NotAuthenticated())["status"] in (401, 403)


def test_a_programming_error_is_not_dressed_up() -> None:
    with pytest.raises(ZeroDivisionError):
        answer(ZeroDivisionError())


@pytest.mark.django_db
def test_a_real_request_is_answered_so() -> None:
    response = APIClient().get("/api/v1/patients/")
    assert response.status_code == 401
    assert response["Content-Type"] == CONTENT_TYPE
    assert response.json()["title"] == "Unauthorized"
