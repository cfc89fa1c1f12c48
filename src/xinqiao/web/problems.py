"""Errors as RFC 9457 problem details: a stable code, what was wrong and what would be right, in the caller's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from xinqiao.kit import Refused
from xinqiao.kit.telemetry import logger

MEDIA_TYPE = "application/problem+json"
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
log = logger("web")


def language_of(request: Request) -> str:
    """zh or en: what the caller's Accept-Language names first, else en (an API's callers are programs)."""
    first = request.headers.get("accept-language", "en").split(",")[0].strip().lower()
    return "zh" if first.startswith("zh") else "en"


def problem(status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    body = {"type": f"urn:xinqiao:problem:{code}", "title": TITLES.get(status, "Refused"), "status": status, "code": code, "detail": detail}
    return JSONResponse(
        {**body, **{key: value for key, value in more.items() if value is not None}}, status, dict(headers or {}), MEDIA_TYPE
    )


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
        error.message(language),
        headers=headers,
        field=error.field,
        errors=_fields(getattr(error, "errors", None), language),
    )


def _fields(errors: Sequence[Any] | None, language: str) -> list[dict[str, str]] | None:
    if not errors:
        return None
    return [{"field": e.field, "code": e.code, "detail": (e.says_zh if language == "zh" and e.says_zh else e.says)} for e in errors]


def _of_validation(error: RequestValidationError) -> JSONResponse:
    """A body that does not have the documented shape: where, and what was expected there (never the value itself)."""
    errors = [
        {"field": ".".join(str(part) for part in e["loc"][1:]) or "body", "code": f"shape.{e['type']}", "detail": e["msg"]}
        for e in error.errors()
    ]
    syntax = any(e["code"] == "shape.json_invalid" for e in errors)
    says = (
        "The body is not complete JSON."
        if syntax
        else "The request does not have the documented shape; see the fields in 'errors' and /v1/openapi.json."
    )
    return problem(400 if syntax else 422, "request.not_json" if syntax else "request.shape", says, errors=errors)


def install(app: FastAPI) -> None:
    """Answer every error of the app as a problem."""

    @app.exception_handler(Refused)
    def _refused(request: Request, error: Refused) -> JSONResponse:
        return of_refusal(error, language_of(request))

    @app.exception_handler(RequestValidationError)
    def _shape(request: Request, error: RequestValidationError) -> JSONResponse:
        return _of_validation(error)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> JSONResponse:
        code = {404: "not_found", 405: "method_not_allowed", 413: "request.too_large"}.get(error.status_code, f"http.{error.status_code}")
        return problem(error.status_code, code, str(error.detail), headers=error.headers)

    @app.exception_handler(Exception)
    def _ours(request: Request, error: Exception) -> JSONResponse:
        log.error("request failed", path=request.url.path, error=type(error).__name__, exc_info=error)
        return problem(
            500, "internal", "Something went wrong on our side; nothing was changed. Repeat the request with the same Idempotency-Key."
        )
