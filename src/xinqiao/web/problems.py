"""Errors as RFC 9457 problem details: a stable code, what was wrong and what would be right, in the caller's language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from xinqiao.kit import Refused
from xinqiao.kit.telemetry import logger

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 50
"""How many wrong fields are named; a body of thousands gets no answer of thousands."""
TITLES = {
    400: "Bad request",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Wrong media type",
    422: "Refused",
    429: "Too many requests",
    500: "Our fault",
    503: "Try again later",
}
CODES = {400: "request.not_json", 404: "not_found", 405: "method_not_allowed", 413: "request.too_large"}
"""What the framework itself refuses."""
NOT_JSON = "The body is not complete JSON in UTF-8, or is nested too deeply; send one JSON object."
log = logger("web")


class Problem(JSONResponse):
    """Half a surrogate pair, which JSON can hold and UTF-8 cannot, is answered as '?'."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def language_of(request: Request) -> str:
    """zh or en: what the caller's Accept-Language names first, else en (an API's callers are programs)."""
    first = request.headers.get("accept-language", "en").split(",")[0].strip().lower()
    return "zh" if first.startswith("zh") else "en"


def problem(status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    body = {"type": f"urn:xinqiao:problem:{code}", "title": TITLES.get(status, "Refused"), "status": status, "code": code, "detail": detail}
    return Problem({**body, **{key: value for key, value in more.items() if value is not None}}, status, dict(headers or {}))


def of_refusal(error: Refused, language: str) -> JSONResponse:
    """A room's refusal; the errors of a form's fields come along, and Retry-After where waiting helps."""
    headers = {}
    wait = getattr(error, "retry_after", None)
    if wait is not None:
        headers["Retry-After"] = str(max(1, int(wait)))
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return problem(
        error.status,
        error.code,
        _says(error, language),
        headers=headers,
        field=error.field,
        errors=_fields(getattr(error, "errors", None), language),
    )


def _says(error: Refused, language: str) -> str:
    """A sentence whose braces were not meant as places is told as it stands: a refusal never becomes a fault for its wording."""
    try:
        return error.message(language)
    except (LookupError, ValueError):
        log.error("refusal cannot be worded", code=error.code)
        return error.says_zh if language == "zh" and error.says_zh else error.says


def _fields(errors: Sequence[Any] | None, language: str) -> list[dict[str, str]] | None:
    if not errors:
        return None
    return [{"field": e.field, "code": e.code, "detail": (e.says_zh if language == "zh" and e.says_zh else e.says)} for e in errors]


def _of_validation(request: Request, error: RequestValidationError) -> JSONResponse:
    """A request that does not have the documented shape: where, and what was expected there (never the value itself)."""
    found = error.errors()
    if any(e["type"] == "json_invalid" for e in found):
        return problem(400, CODES[400], NOT_JSON)
    if any(e["loc"] == ("body",) for e in found) and not _says_json(request):
        return problem(415, "request.wrong_media_type", "Send the body as JSON, with 'Content-Type: application/json'.")
    if any(e["type"] == "missing" and e["loc"] == ("header", "Idempotency-Key") for e in found):
        says = "Send an Idempotency-Key of 8 to 200 visible ASCII characters, new for each new request, such as a UUID."
        return problem(400, "idempotency.key_missing", says, field="Idempotency-Key")
    says = "The request does not have the documented shape; see the fields in 'errors' and /v1/openapi.json."
    return problem(422, "request.shape", says, errors=[_shape(e) for e in found[:MOST_ERRORS]])


def _shape(e: Mapping[str, Any]) -> dict[str, str]:
    where = ".".join(str(part)[:80] for part in e["loc"][1:]) or "body"
    return {"field": where, "code": f"shape.{e['type']}", "detail": e["msg"]}


def _says_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _of_http(error: HTTPException) -> JSONResponse:
    """What the framework refuses by itself; its phrases say little, so the common ones are said again."""
    says = {
        400: NOT_JSON,
        404: "There is nothing at this address; /v1/openapi.json lists what there is.",
        405: f"This address does not take that method; it takes {(error.headers or {}).get('Allow', 'another')}.",
    }.get(error.status_code, str(error.detail))
    return problem(error.status_code, CODES.get(error.status_code, f"http.{error.status_code}"), says, headers=error.headers)


def install(app: FastAPI) -> None:
    """Answer every error of the app as a problem."""

    @app.exception_handler(Refused)
    def _refused(request: Request, error: Refused) -> JSONResponse:
        return of_refusal(error, language_of(request))

    @app.exception_handler(RequestValidationError)
    def _shape(request: Request, error: RequestValidationError) -> JSONResponse:
        return _of_validation(request, error)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> JSONResponse:
        return _of_http(error)

    @app.exception_handler(Exception)
    def _ours(request: Request, error: Exception) -> JSONResponse:
        log.error("request failed", route=getattr(request.scope.get("route"), "path", "none"), error=type(error).__name__, exc_info=error)
        return problem(
            500, "internal", "Something went wrong on our side; nothing was changed. Repeat the request with the same Idempotency-Key."
        )
