"""What surrounds every request: a bounded body, a request id, metrics, and headers that keep browsers strict."""

from __future__ import annotations

from time import perf_counter

import structlog
from starlette.datastructures import MutableHeaders
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


class TooLarge(Exception):
    """The body outgrew the limit while it was read."""


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
        if exchange.declared > self.limit:
            await self._too_large(exchange)
            return
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except TooLarge:
            if not exchange.status:
                await self._too_large(exchange)
        finally:
            exchange.measure()

    async def _too_large(self, exchange: _Exchange) -> None:
        says = f"The body is larger than {self.limit} bytes; send a shorter clip or a smaller picture."
        await problem(413, "request.too_large", says)(exchange.scope, exchange.receive, exchange.send)


class _Exchange:
    """One request: counts its body, marks its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        self.scope, self._receive, self._send, self._limit = scope, receive, send, limit
        self.started, self.status, self._read = perf_counter(), 0, 0
        self.request_id = str(new_id())
        length = dict(scope["headers"]).get(b"content-length", b"0")
        self.declared = int(length) if length.isdigit() else 0
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=self.request_id)

    async def receive(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self._limit:
            raise TooLarge
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.request_id
            for name, value in STRICT.items():
                headers.setdefault(name, value)
        await self._send(message)

    def measure(self) -> None:
        route = getattr(self.scope.get("route"), "path", "none")
        REQUESTS.labels(route, self.scope["method"], str(self.status or 500)).inc()
        LATENCY.labels(route).observe(perf_counter() - self.started)
