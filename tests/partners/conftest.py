"""A partner's server on this machine: a real one, that fails, dawdles and answers as the test says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import Connection

from xinqiao import partners
from xinqiao.kit import FixedClock, Settings, new_id
from xinqiao.kit.http import Http
from xinqiao.vault import Vault


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`script` holds what each next request gets: a status, (status, headers), or "hang" or "drip"; then 204."""

    url: str = ""
    script: list[object] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def _receive(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.receiver.received.append(Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self._answer(self.receiver.script.pop(0) if self.receiver.script else 204)

    do_POST = do_GET = _receive  # noqa: N815 - the names http.server looks for

    def _answer(self, what: object) -> None:
        if what == "hang":
            self.receiver.stop.wait(10)
            return
        if what == "drip":
            self._drip()
            return
        status, headers = what if isinstance(what, tuple) else (what, {})
        payload = headers.pop("body", b"")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def _drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            try:
                self.wfile.write(b".")
                self.wfile.flush()
            except OSError:
                return
            if self.receiver.stop.wait(0.05):
                return

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"receiver": made}))
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.stop.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(allow_private=True, timeout=0.3, deadline=0.6, max_bytes=1000) as client:
        yield client


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault.open(settings)


@pytest.fixture
def tenant() -> str:
    """A fresh tenant, for tests that commit."""
    return f"t-{new_id().hex[-12:]}"


@pytest.fixture
def scene(db: Connection, clock: FixedClock) -> partners.Partner:
    return partners.register(db=db, clock=clock, kind="scene", code="corner-shop", name="Corner Shop", name_zh="街角小店")


@pytest.fixture
def funder(db: Connection, clock: FixedClock) -> partners.Partner:
    return partners.register(db=db, clock=clock, kind="funder", code="first-bank", name="First Bank", name_zh="第一银行")
