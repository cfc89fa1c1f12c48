"""`xinqiao ledger` as a script sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from xinqiao.kit import Database, FixedClock
from xinqiao.migrations.run import upgrade
from xinqiao.servicing import ledger as l

from .books import ALL, CLEARING, LENT, OWED, move
from .test_ledger_export import Read

XINQIAO = Path(sys.executable).parent / "xinqiao"
LIVED = FixedClock(datetime.now(UTC) - timedelta(days=3))


@pytest.fixture(scope="module")
def place(database: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A database of its own with two postings of three days ago."""
    with database.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("DROP DATABASE IF EXISTS xinqiao_ledger_cli"))
        db.execute(text("CREATE DATABASE xinqiao_ledger_cli"))
    own = Database(database.url.set(database="xinqiao_ledger_cli").render_as_string(hide_password=False))
    upgrade(own)
    with own.begin() as db:
        l.open_accounts(db=db, accounts=ALL)
        l.post(db=db, clock=LIVED, transfers=[move("in", CLEARING, OWED, 50_000), move("lent", LENT, CLEARING, 30_000)])
    url = own.url.render_as_string(hide_password=False)
    own.close()
    return {**os.environ, "XINQIAO_HOME": str(tmp_path_factory.mktemp("home")), "DATABASE_URL": url, "PYTHONWARNINGS": "ignore"}


def run(place: dict[str, str], *words: str | Path) -> tuple[int, Any]:
    done = subprocess.run([XINQIAO, "ledger", *map(str, words)], env=place, capture_output=True, text=True, timeout=180)
    return done.returncode, json.loads(done.stdout) if done.stdout.strip().startswith(("{", "[")) else done.stdout + done.stderr


def test_the_trial_balance_now_and_before_anything_was_recorded(place: dict[str, str]) -> None:
    code, now = run(place, "trial-balance", "--json")
    assert code == 0
    assert [(row["kind"], row["net"]) for row in now] == [("clearing", "200.00"), ("principal", "300.00"), ("funder", "-500.00")]
    before = (LIVED.now() - timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
    assert run(place, "trial-balance", "--at", before, "--json") == (0, [])
    assert run(place, "trial-balance", "--on", str(LIVED.today()), "--json") == (0, now)
    assert run(place, "trial-balance", "--on", str(LIVED.today()), "--at", before)[0] == 2


def test_days_close_and_the_books_verify(place: dict[str, str]) -> None:
    code, closed = run(place, "close", "--json")
    assert (code, len(closed), closed[0]["on"], closed[0]["transfers"]) == (0, 3, str(LIVED.today()), 2)
    assert run(place, "close", "--json") == (0, closed[-1:])
    code, found = run(place, "verify", "--json")
    assert (code, found["sound"], found["closes"], found["transfers"], found["problems"]) == (0, True, 3, 2, [])
    code, refused = run(place, "close", "--through", "2999-01-01", "--json")
    assert (code, refused["error"]["code"]) == (1, "ledger.day_not_over")


def test_a_statement_of_several_accounts(place: dict[str, str]) -> None:
    code, told = run(place, "statement", "clearing", str(OWED), "--from", str(LIVED.today()), "--to", str(LIVED.today()), "--json")
    assert code == 0
    assert [(one["account"], one["opening"], one["closing"]) for one in told] == [
        (str(CLEARING), "0.00", "200.00"),
        (str(OWED), "0.00", "-500.00"),
    ]
    assert [line["balance"] for line in told[0]["lines"]] == ["500.00", "200.00"]
    assert run(place, "statement", "nothing", "--json")[1]["error"]["code"] == "ledger.account_malformed"
    assert run(place, "statement")[0] == 2


def test_the_books_leave_as_a_whole_file_or_none(place: dict[str, str], tmp_path: Path) -> None:
    code, _ = run(place, "export", "--format", "beancount", "--out", tmp_path / "books.beancount")
    assert code == 0
    assert len(Read.parse((tmp_path / "books.beancount").read_text()).told) == 2
    assert run(place, "export", "--format", "csv", "--out", tmp_path / "books.csv")[0] == 0
    assert len((tmp_path / "books.csv").read_text().splitlines()) == 3
    assert run(place, "export", "--from", "2026-02-02", "--to", "2026-02-01", "--out", tmp_path / "none")[0] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["books.beancount", "books.csv"]


def test_a_ledger_that_was_altered_does_not_verify(place: dict[str, str]) -> None:
    own = Database(place["DATABASE_URL"])
    with own.admin.begin() as db:
        db.execute(text("UPDATE ledger_account SET debits = debits + 1 WHERE kind = 'clearing'"))
    code, found = run(place, "verify", "--json")
    with own.admin.begin() as db:
        db.execute(text("UPDATE ledger_account SET debits = debits - 1 WHERE kind = 'clearing'"))
    own.close()
    assert (code, found["sound"]) == (1, False)
    assert any(str(CLEARING) in one["says"] for one in found["problems"])
