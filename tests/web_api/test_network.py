"""The same over a real socket: a first integration as the documentation has it, and bodies that are streamed, cut off or false about their size."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient

from xinqiao.kit import new_id
from xinqiao.partners import Kind

from .conftest import Caller, Register

ROOT = Path(__file__).parents[2]
DOCS, README = ROOT / "docs" / "api.md", ROOT / "README.md"
Rows = Callable[[], dict[str, int]]


@pytest.fixture(scope="module")
def address(client: TestClient) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(client.app, host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.05)
        assert thread.is_alive(), "the server did not start"
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def shop(caller: Register) -> Caller:
    return caller(Kind.SCENE)


def headers(shop: Caller) -> dict[str, str]:
    return {"Authorization": f"Bearer {shop.secret}", "Idempotency-Key": str(new_id()), "Content-Type": "application/json"}


def test_the_first_integration_of_the_documentation_works(address: str, shop: Caller, tmp_path: Path) -> None:
    """Send an application, follow it, subscribe to webhooks: the script is taken from the page."""
    script = re.findall(r"```sh\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)[0]
    script = re.sub(r"^(API|KEY)=.*\n", "", script, flags=re.MULTILINE)
    assert len(script.splitlines()) <= 25
    env = {"API": f"{address}/v1", "KEY": shop.secret, "PATH": os.environ["PATH"]}
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    sent, followed, subscribed = (json.loads(line) for line in run.stdout.splitlines() if line.startswith("{"))
    assert sent["applicant_url"].startswith("http")
    assert (followed["id"], followed["stage"]) == (sent["id"], "received")
    assert subscribed["secret"].startswith("whsec_")


def test_the_first_integration_of_the_readme_works(address: str, shop: Caller, tmp_path: Path) -> None:
    script = next(one for one in re.findall(r"```bash\n(.*?)```", README.read_text("utf-8"), re.DOTALL) if "/applications" in one)
    script = re.sub(r"^(API|KEY)=.*\n", "", script, flags=re.MULTILINE).replace("/tmp/", f"{tmp_path}/")
    env = {"API": f"{address}/v1", "KEY": shop.secret, "PATH": os.environ["PATH"]}
    run = subprocess.run(["bash", "-eu", "-c", script], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert "urn:xinqiao:problem" not in run.stdout
    assert '"stage":"received"' in run.stdout
    assert "whsec_" in run.stdout


def test_a_streamed_body_is_cut_off_at_the_limit(address: str, shop: Caller, rows: Rows) -> None:
    before = rows()

    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 2**20

    try:
        answer = httpx.post(f"{address}/v1/applications", content=endless(), headers=headers(shop), timeout=30)
    except httpx.WriteError:
        pass  # the server closed the connection on us, having answered
    else:
        assert answer.status_code == 413
        assert answer.json()["code"] == "request.too_large"
    assert rows() == before
    assert httpx.get(f"{address}/healthz").text == "ok"


@pytest.mark.parametrize("declared", ["99999999999", "20000000"])
def test_a_size_that_is_declared_is_believed_before_anything_is_read(address: str, shop: Caller, declared: str) -> None:
    answer = raw(address, shop, f"Content-Length: {declared}\r\n\r\n".encode())
    assert b" 413 " in answer.split(b"\r\n")[0]
    assert b"request.too_large" in answer


@pytest.mark.parametrize("length", ["-5", "ten", "1, 2"])
def test_a_size_that_is_none_is_refused(address: str, shop: Caller, length: str) -> None:
    assert b" 400 " in raw(address, shop, f"Content-Length: {length}\r\n\r\n{{}}".encode()).split(b"\r\n")[0]


def test_a_body_that_ends_early_leaves_nothing(address: str, shop: Caller, rows: Rows) -> None:
    before = rows()
    raw(address, shop, b'Content-Length: 5000\r\n\r\n{"kind": "personal", "na', wait=False)
    assert httpx.get(f"{address}/healthz").text == "ok"
    assert rows() == before


def test_head_over_the_network_has_no_body(address: str, shop: Caller) -> None:
    answer = raw(address, shop, b"Connection: close\r\n\r\n", start="HEAD /v1/applications")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 200 " in head.split(b"\r\n")[0]
    assert body == b""


def raw(address: str, shop: Caller, rest: bytes, *, start: str = "POST /v1/applications", wait: bool = True) -> bytes:
    """Send bytes as they are; all that comes back, or nothing when we hang up at once."""
    host, port = address.removeprefix("http://").split(":")
    lines = [f"{start} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers(shop).items())]
    found = b""
    with socket.create_connection((host, int(port)), timeout=15) as line:
        line.sendall("\r\n".join(lines).encode() + b"\r\n" + rest)
        while wait and not whole(found):
            block = line.recv(65536)
            if not block:
                break
            found += block
    return found


def whole(found: bytes) -> bool:
    """Whether an answer that is a problem has arrived with all of its body."""
    head, _, body = found.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    return b"problem+json" in head and length is not None and len(body) >= int(length[1])
