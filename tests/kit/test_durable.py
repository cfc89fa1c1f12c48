"""A flow survives the death of its process: a child process is killed in the middle and another finishes its work."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from xinqiao.kit import Database

PROGRAM = """
import sys, time
from datetime import timedelta
from pathlib import Path
from xinqiao.kit import Database
from xinqiao.kit.durable import Durable

url, log, mode = sys.argv[1:]
durable = Durable(Database(url), executor="crash")

def note(word):
    with Path(log).open("a") as out:
        out.write(word + "\\n")
    return word

def body(who):
    durable.step("first", note, "first")
    note("waiting")
    durable.sleep(timedelta(seconds=3))
    durable.step("second", note, "second")
    return who

durable.flow("crash", body)
durable.launch()
durable.start("crash", "one", "me")
note("result " + durable.wait("crash", "one"))
durable.close()
"""


def run(url: str, log: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, url, str(log), "x"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def test_a_killed_flow_resumes_without_repeating_its_finished_step(database: Database, tmp_path: Path) -> None:
    url, log = database.url.render_as_string(hide_password=False), tmp_path / "log"
    first = run(url, log)
    deadline = time.monotonic() + 60
    while "waiting" not in (log.read_text() if log.exists() else ""):
        assert time.monotonic() < deadline, "the flow never began"
        assert first.poll() is None, "the program ended early"
        time.sleep(0.1)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert run(url, log).wait(timeout=90) == 0
    words = log.read_text().split("\n")
    assert words.count("first") == 1
    assert words.count("second") == 1
    assert "result me" in words
