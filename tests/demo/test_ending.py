"""The demo ends when it is asked to, whoever asks and however often, and leaves no database server behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

XINQIAO = Path(sys.executable).parent / "xinqiao"


def start(home: Path, **also: str) -> subprocess.Popen[str]:
    """The smallest demo, in a process group of its own as a shell makes it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    env |= {"XINQIAO_HOME": str(home), "XINQIAO_PORT": str(port), "PYTHONWARNINGS": "ignore", **also}
    words = [XINQIAO, "demo", "--people", "1", "--book", "2"]
    return subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)


def until(demo: subprocess.Popen[str], words: str) -> str:
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(said)


def ended(demo: subprocess.Popen[str], home: Path) -> tuple[int, str]:
    rest, _ = demo.communicate(timeout=60)
    assert "Traceback" not in rest, rest
    assert list((home / "demo").rglob("PG_VERSION")), "the database ran"
    assert list((home / "demo").rglob("postmaster.pid")) == [], "it was shut down"
    return demo.returncode, rest


@pytest.mark.parametrize(("asks", "times"), [(signal.SIGINT, 3), (signal.SIGTERM, 1)])
def test_a_demo_that_serves_ends_well_when_it_is_asked_to(tmp_path: Path, asks: signal.Signals, times: int) -> None:
    demo = start(tmp_path)
    until(demo, "Serving until Ctrl-C.")
    os.killpg(demo.pid, asks)
    until(demo, "Stopping.")
    for _ in range(times - 1):  # while it is stopping; signals sent at once would be one
        os.killpg(demo.pid, asks)
    code, said = ended(demo, tmp_path)
    assert code == 0, said


@pytest.mark.parametrize(("serve", "expected"), [("1", 0), ("0", 128 + signal.SIGINT)])
def test_a_demo_that_is_still_starting_ends_too_and_a_run_cut_short_is_no_success(tmp_path: Path, serve: str, expected: int) -> None:
    demo = start(tmp_path, DEMO_SERVE=serve)
    until(demo, "Made the key of the blind indexes")
    os.killpg(demo.pid, signal.SIGINT)
    code, said = ended(demo, tmp_path)
    assert code == expected, said
    assert "Stopped before it was ready." in said
