"""What surrounds every request: a bounded body, a request id, metrics, and headers that keep browsers strict."""

from __future__ import annotations

from time import perf_counter

import structlog
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xinqiao.kit import new_id
from xinqiao.kit.telemetry import LATENCY, REQUESTS

from .problems import problem

STRICT = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


HEAD_AS_GET = ("/v1/", "/healthz", "/readyz")
"""Where HEAD is answered as GET is, without the body (RFC 9110 section 9.3.2). Pages record what they show, so they are not."""


class TooLarge(HTTPException):
    """The body outgrew the limit while it was read."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"The body is larger than {limit} bytes; send a shorter clip or a smaller picture.")


class Surroundings:
    """Pure ASGI, so that streamed answers pass through unbuffered."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self.app = app
        self.limit = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self.limit)
        if exchange.bodiless:
            scope = {**scope, "method": "GET"}
        if exchange.declared > self.limit:
            await self._too_large(exchange)
            return
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except TooLarge:
            if not exchange.status:
                await self._too_large(exchange)
        finally:
            exchange.measure(scope)

    async def _too_large(self, exchange: _Exchange) -> None:
        answer = problem(413, "request.too_large", TooLarge(self.limit).detail)
        await answer(exchange.scope, exchange.receive, exchange.send)


class _Exchange:
    """One request: counts its body, marks its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        self.scope, self._receive, self._send, self._limit = scope, receive, send, limit
        self.started, self.status, self._read = perf_counter(), 0, 0
        self.request_id = str(new_id())
        self.bodiless = scope["method"] == "HEAD" and scope["path"].startswith(HEAD_AS_GET)
        length = dict(scope["headers"]).get(b"content-length", b"0")
        self.declared = int(length) if length.isdigit() else 0
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=self.request_id)

    async def receive(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self._limit:
            raise TooLarge(self._limit)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.request_id
            for name, value in STRICT.items():
                headers.setdefault(name, value)
        elif self.bodiless and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)

    def measure(self, scope: Scope) -> None:
        """`scope` is the one that the application was given: there it notes the route."""
        route = _template(scope)
        REQUESTS.labels(route, self.scope["method"], str(self.status or 500)).inc()
        LATENCY.labels(route).observe(perf_counter() - self.started)


def _template(scope: Scope) -> str:
    """The route's path with its places open, so that no id becomes a label; a route does not know the prefix of its router."""
    route = scope.get("route")
    path = getattr(route, "path", "none")
    if not isinstance(route, APIRoute) or ":path" in path:
        return path
    return "/".join(scope["path"].split("/")[: -path.count("/")]) + path
