"""The OpenAPI 3.1 description of version 1, with an example for every request and answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from .examples import APPLICATION_ID, CURSOR, LOAN_ID, MESSAGES, QUESTION_ID, SUBSCRIPTION
from .shapes import Problem

VERSION = "1.0.0"
DESCRIPTION = """Xinqiao (信桥) takes a small loan from consent to evidence.

Authenticate with `Authorization: Bearer xq_…`. Money is a decimal string with a currency. Whatever makes something new takes an
`Idempotency-Key` (an application must have one); a repeat returns the first answer. Withdrawing, stopping and answering can be repeated as they are. Errors are RFC 9457
problems with a stable `code`. Webhooks follow the Standard Webhooks specification."""
TAGS = [
    {"name": "scenes", "description": "Send applications and follow them."},
    {"name": "funders", "description": "Answer what you are asked; see your reservations, loans and capacity."},
    {"name": "guarantors", "description": "See what you cover."},
    {"name": "account", "description": "Your webhooks and keys."},
]
PATHS = {
    "application": APPLICATION_ID,
    "question": QUESTION_ID,
    "loan_id": LOAN_ID,
    "before": LOAN_ID,
    "id": SUBSCRIPTION["id"],
    "limit": 50,
    "cursor": CURSOR,
    "Idempotency-Key": "order-20261122-0001",
    "stage": ["offered"],
    "receiver_key": "de9edb7d7b7dbdb7e1f4f8e1f5f5f1d1a5a5b5c5d5e5f5a5b5c5d5e5f5a5b54f",
}
"""Examples of parameters, by name."""


def describe(v1: APIRouter) -> dict[str, Any]:
    alone = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    alone.include_router(v1)
    made = get_openapi(title="Xinqiao", version=VERSION, openapi_version="3.1.0", description=DESCRIPTION, tags=TAGS, routes=alone.routes)
    schemas = made["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    made["components"]["securitySchemes"]["HTTPBearer"]["bearerFormat"] = "xq_<environment>_<key id>_<secret>"
    for path, operation in _operations(made):
        _exemplify(path, operation, schemas)
    made["webhooks"] = {kind: _message(kind, says, data) for kind, (says, data) in MESSAGES.items()}
    return made


def _operations(made: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in made["paths"].items():
        for operation in methods.values():
            yield path, operation


def _exemplify(path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    for body in [*bodies, *operation["responses"].values()]:
        for media in body.get("content", {}).values():
            shown = _example(media.get("schema", {}), schemas)
            if shown is not None:
                media.setdefault("example", shown)
    for parameter in operation.get("parameters", ()):
        key_id = path.startswith("/v1/keys") and parameter["name"] == "id"
        shown = schemas["KeyAnswer"]["examples"][0]["id"] if key_id else PATHS.get(parameter["name"])
        if shown is not None:
            parameter.setdefault("example", shown)


def _example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return schemas[schema["$ref"].rsplit("/", 1)[1]].get("examples", [None])[0]
    if schema.get("type") == "array":
        one = _example(schema["items"], schemas)
        return None if one is None else [one]
    return None


def _message(kind: str, says: str, data: dict[str, Any]) -> dict[str, Any]:
    """One kind of message that we send."""
    fields = {"type": {"type": "string", "const": kind}, "timestamp": {"type": "string", "format": "date-time"}, "data": {"type": "object"}}
    if kind.startswith("application."):
        fields["type"] = {"type": "string", "pattern": "^application\\.[a-z]+$"}
    schema = {"type": "object", "required": ["type", "timestamp", "data"], "properties": fields}
    example = {"type": kind, "timestamp": "2026-11-22T02:01:10Z", "data": data}
    body = {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}
    return {
        "post": {"summary": says, "requestBody": body, "responses": {"2XX": {"description": "Received; anything else is tried again."}}}
    }
