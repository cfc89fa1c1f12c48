"""Every operation against its own description: schemathesis invents requests that fit it and requests that do not.

No answer may be a fault of ours, and each must have a status, a media type and a shape that the description gives.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from xinqiao.kit import FixedClock
from xinqiao.partners import Kind
from xinqiao.web import api

from .conftest import Caller, Lent, Register

DESCRIPTION = api.describe(api.router(None))  # type: ignore[arg-type]  # nothing is called
OPERATIONS = [(path, method) for path, methods in DESCRIPTION["paths"].items() for method in methods]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance]
BOUNDED = settings(max_examples=20, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def schema(client: TestClient) -> Any:
    return schemathesis.openapi.from_asgi("/v1/openapi.json", app=client.app)


@pytest.fixture(scope="module")
def callers(caller: Register, lent: Lent, backed: Lent) -> dict[str, Caller]:
    guarantor = backed.guarantor
    assert guarantor is not None
    scene = caller(Kind.SCENE)
    return {"applications": scene, "webhooks": scene, "keys": scene, "funder": lent.funder, "guarantor": guarantor}


@pytest.fixture(scope="module")
def known(callers: dict[str, Caller], lent: Lent, body: Any) -> dict[str, str]:
    """Ids of things that are there and are the caller's."""
    scene = callers["applications"]
    return {
        "application": scene.post("/v1/applications", json=body()).json()["id"],
        "loan_id": str(lent.loan.id),
        "webhook": scene.post("/v1/webhooks", json={"url": "https://shop.example/"}).json()["id"],
        "key": scene.get("/v1/keys").json()[0]["id"],
    }


@pytest.mark.parametrize("mode", list(GenerationMode), ids=[mode.value for mode in GenerationMode])
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{method} {path}" for path, method in OPERATIONS])
def test_answers_are_as_described(
    schema: Any, callers: dict[str, Caller], known: dict[str, str], clock: FixedClock, path: str, method: str, mode: GenerationMode
) -> None:
    operation, caller = schema[path][method.upper()], callers[path.split("/")[2]]
    described = DESCRIPTION["paths"][path][method]
    if mode is GenerationMode.NEGATIVE and not described.get("parameters") and "requestBody" not in described:
        return  # there is nothing in it that could be wrong
    ours = known | {"id": known["webhook"] if "/webhooks/" in path else known["key"]}

    seen: set[int] = set()

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode), aimed=st.booleans())
    def ask(case: Any, aimed: bool) -> None:
        clock.advance(timedelta(seconds=5))  # so that its bucket of requests never runs out
        if aimed and case.path_parameters:
            case.path_parameters |= {name: ours[name] for name in case.path_parameters if name in ours}
        if aimed and mode is GenerationMode.POSITIVE and case.headers and "Idempotency-Key" in case.headers:
            case.headers["Idempotency-Key"] = str(uuid4())
        answer = case.call(headers={"Authorization": f"Bearer {caller.secret}"})
        seen.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"]

    ask()
    if mode is GenerationMode.POSITIVE and method == "get":
        assert 200 in seen, seen
