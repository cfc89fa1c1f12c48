"""The commands as a script sees them: one JSON value, and exit codes it can trust."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from xinqiao import partners
from xinqiao.demo.book import people
from xinqiao.demo.faces import demo_faces
from xinqiao.kit import Database, SystemClock

XINQIAO = Path(sys.executable).parent / "xinqiao"


@pytest.fixture(scope="module")
def place(database: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with a state folder and a database of its own."""
    with database.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("DROP DATABASE IF EXISTS xinqiao_cli"))
        db.execute(text("CREATE DATABASE xinqiao_cli"))
    url = database.url.set(database="xinqiao_cli").render_as_string(hide_password=False)
    return {**os.environ, "XINQIAO_HOME": str(tmp_path_factory.mktemp("home")), "DATABASE_URL": url, "PYTHONWARNINGS": "ignore"}


def run(place: dict[str, str], *words: str | Path) -> tuple[int, Any]:
    done = subprocess.run([XINQIAO, *map(str, words)], env=place, capture_output=True, text=True, timeout=180)
    return done.returncode, json.loads(done.stdout) if done.stdout.strip().startswith(("{", "[")) else done.stdout + done.stderr


def test_a_quote_says_the_full_annual_cost(place: dict[str, str]) -> None:
    code, answer = run(place, "loan", "quote", "12000.00", "--rate", "0.108", "--months", "6", "--premium", "0.02", "--json")
    assert code == 0
    assert answer["apr_percent"] == "12.80"
    assert len(answer["instalments"]) == 6
    assert answer["instalments"][-1]["balance"] == "0.00"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("loan", "quote", "12.345", "--rate", "0.1", "--months", "6", "--json"), "money.not_an_amount"),
        (("credit", "train", "no-such-file.csv", "--target", "y", "--out", "x", "--json"), "credit."),
        (("apply", "no-such-file.json", "--selfie", "a", "--portrait", "b", "--json"), "cli.file_unreadable"),
    ],
)
def test_a_refusal_is_exit_code_1_and_says_what_was_wrong(place: dict[str, str], words: tuple[str, ...], expected: str) -> None:
    code, answer = run(place, *words)
    assert code == 1
    assert answer["error"]["code"].startswith(expected)
    assert answer["error"]["detail"]


def test_wrong_usage_is_neither_success_nor_silence(place: dict[str, str]) -> None:
    code, answer = run(place, "loan", "quote")
    assert code not in (0,)
    assert "amount" in str(answer).lower()


def test_what_is_no_evidence_pack_fails_with_a_reason(place: dict[str, str], tmp_path: Path) -> None:
    forged = tmp_path / "forged.zip"
    forged.write_bytes(b"not a zip at all")
    code, answer = run(place, "evidence", "verify", forged, "--json")
    assert code == 1
    assert answer["ok"] is False
    assert [check for check in answer["checks"] if check["ok"] is False]


def test_one_application_from_its_file_to_the_offer_and_its_evidence(place: dict[str, str], database: Database, tmp_path: Path) -> None:
    """The commands alone: schema, apply, export, verify, audit. No bureau file is there, so a person must look."""
    assert run(place, "db", "upgrade", "--json")[0] == 0
    cli = Database(place["DATABASE_URL"])
    with cli.begin() as db:
        partners.register(db=db, clock=SystemClock(), kind="scene", code="shop", name="A shop", name_zh="商店")
    cli.close()
    face = demo_faces("live")[0]
    body = tmp_path / "application.json"
    body.write_text(json.dumps(people(1)[0]["application"]), "utf-8")
    code, answer = run(place, "apply", body, "--selfie", face.clip, "--portrait", face.portrait, "--json")
    assert answer["ended"] == "review", "a person without a bureau file is never decided by the machine alone"
    assert code == 1
    code, exported = run(place, "evidence", "export", answer["application"], "--out", tmp_path, "--json")
    assert code == 0
    code, keys = run(place, "audit", "keys", "--json")
    (key,) = keys.values()
    code, verified = run(place, "evidence", "verify", exported["file"], "--key", key, "--json")
    assert (code, verified["ok"]) == (0, True), [check for check in verified["checks"] if check["ok"] is False]
    code, report = run(place, "audit", "verify", "--json")
    assert (code, report["ok"]) == (0, True)
    code, rotated = run(place, "db", "rotate-keys", "--json")
    assert code == 0
    assert rotated["version"] == 2
