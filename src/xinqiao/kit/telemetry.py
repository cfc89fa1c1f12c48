"""Logs, metrics and spans: none of them carries personal data.

Logs are structlog's, one event a line. A processor drops whole values whose key names a personal field and blanks what looks like an
identity number, a phone number or a bank card in any other text, so that a slip in a message does not become a leak.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import structlog
from opentelemetry import trace
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

REGISTRY = CollectorRegistry(auto_describe=True)
REQUESTS = Counter("xinqiao_http_requests_total", "HTTP requests", ["route", "method", "status"], registry=REGISTRY)
LATENCY = Histogram("xinqiao_http_seconds", "Seconds to answer an HTTP request", ["route"], registry=REGISTRY)
STEPS = Histogram("xinqiao_step_seconds", "Seconds a step of a journey took", ["step", "outcome"], registry=REGISTRY)
TAKEN = Counter("xinqiao_steps_total", "Steps that the platform took for applications", ["step"], registry=REGISTRY)

PERSONAL_KEYS = frozenset(
    [
        "name",
        "id_number",
        "phone",
        "address",
        "email",
        "employer",
        "bank_account",
        "portrait",
        "selfie",
        "clip",
        "template",
        "password",
        "secret",
        "token",
        "typed_name",
    ]
)
PERSONAL_SHAPES = re.compile(r"(?<!\d)(\d{17}[\dXx]|1[3-9]\d{9}|\d{16,19})(?!\d)")
BLANK = "[personal]"

_tracer = trace.get_tracer("xinqiao")


def without_personal_data(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: blank personal fields and what looks like a number of a person."""
    for key, value in list(entry.items()):
        if key in PERSONAL_KEYS:
            entry[key] = BLANK
        elif isinstance(value, str):
            entry[key] = PERSONAL_SHAPES.sub(BLANK, value)
    return entry


def configure_logs(*, as_json: bool) -> None:
    last: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            without_personal_data,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def logger(room: str) -> Any:
    return structlog.get_logger(room=room)


@contextmanager
def step(name: str, **attributes: str) -> Iterator[None]:
    """Time a step, as a span and in the histogram; attributes are ids and versions, never personal data."""
    started, outcome = perf_counter(), "ok"
    with _tracer.start_as_current_span(name, attributes=attributes):
        try:
            yield
        except Exception as error:
            outcome = getattr(error, "code", type(error).__name__)
            raise
        finally:
            STEPS.labels(name, outcome).observe(perf_counter() - started)


def exposition() -> bytes:
    """The metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
