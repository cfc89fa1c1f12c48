"""The OpenAPI 3.1 description: complete, true to the application, and its examples work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient

from xinqiao.web import api

from .conftest import Caller

DESCRIPTION: dict[str, Any] = api.describe(api.router(None))  # type: ignore[arg-type]  # nothing is called
OPERATIONS = [(path, method) for path, methods in DESCRIPTION["paths"].items() for method in methods]
NAMES = [f"{method} {path}" for path, method in OPERATIONS]
KINDS = {"applications", "funder", "guarantor", "webhooks", "keys"}


def validator(schema: dict[str, Any]) -> Any:
    """References in the schema point into the description."""
    return jsonschema_rs.Draft202012Validator({**schema, "components": DESCRIPTION["components"]}, validate_formats=True)


def media(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for body in [*([operation["requestBody"]] if "requestBody" in operation else []), *operation["responses"].values()]:
        yield from body.get("content", {}).items()


def test_the_description_served_is_this_one(client: TestClient) -> None:
    assert client.get("/v1/openapi.json").json() == DESCRIPTION
    assert DESCRIPTION["openapi"].startswith("3.1")
    assert {path.split("/")[2] for path in DESCRIPTION["paths"]} == KINDS


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=NAMES)
def test_every_request_and_answer_has_an_example_that_fits_its_schema(path: str, method: str) -> None:
    for kind, body in media(DESCRIPTION["paths"][path][method]):
        if kind == "application/zip":
            continue
        validator(body["schema"]).validate(body["example"])


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=NAMES)
def test_every_operation_says_what_it_does_who_may_and_how_it_fails(path: str, method: str) -> None:
    operation = DESCRIPTION["paths"][path][method]
    assert len(operation["description"]) > 20
    assert operation["security"] == [{"HTTPBearer": []}]
    assert operation["tags"][0] in {tag["name"] for tag in DESCRIPTION["tags"]}
    failing = {status: body["content"] for status, body in operation["responses"].items() if status >= "400"}
    assert {"400", "401", "403", "404", "409", "413", "422", "429", "500"} <= set(failing)
    assert all(list(content) == ["application/problem+json"] for content in failing.values())
    for parameter in operation.get("parameters", ()):
        assert "example" in parameter, parameter["name"]
        schema = parameter["schema"]
        validator(schema).validate(parameter["example"])


def test_operations_have_names_of_their_own() -> None:
    names = [DESCRIPTION["paths"][path][method]["operationId"] for path, method in OPERATIONS]
    assert len(set(names)) == len(names)


def test_messages_that_we_send_are_described() -> None:
    for message in DESCRIPTION["webhooks"].values():
        body = message["post"]["requestBody"]["content"]["application/json"]
        validator(body["schema"]).validate(body["example"])


def test_the_security_scheme_is_a_bearer_key() -> None:
    scheme = DESCRIPTION["components"]["securitySchemes"]["HTTPBearer"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_of_an_application_are_accepted(scene: Caller, number: int) -> None:
    example = DESCRIPTION["components"]["schemas"]["ApplicationRequest"]["examples"][number]
    answer = scene.post("/v1/applications", json=example)
    assert answer.status_code == 201, answer.text
    assert set(answer.json()) == set(DESCRIPTION["components"]["schemas"]["ReceivedAnswer"]["examples"][0])


def test_the_fields_described_are_those_that_intake_reads() -> None:
    from xinqiao.intake.validation import BUSINESS, OPTIONAL, REQUIRED

    schema = DESCRIPTION["components"]["schemas"]["ApplicationRequest"]
    assert set(schema["required"]) == set(REQUIRED)
    assert set(schema["properties"]) == {*REQUIRED, *OPTIONAL, "portrait"}
    assert set(schema["properties"]["business"]["required"]) == set(BUSINESS)
