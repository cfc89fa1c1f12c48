"""`xinqiao loan close-day` as a script sees it."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from xinqiao.kit import Database, FixedClock, SystemClock
from xinqiao.migrations.run import upgrade

from ..servicing.lending import lent

XINQIAO = Path(sys.executable).parent / "xinqiao"


@pytest.fixture(scope="module")
def place(database: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A database of its own with two loans, paid out seventy days ago."""
    with database.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("DROP DATABASE IF EXISTS xinqiao_close"))
        db.execute(text("CREATE DATABASE xinqiao_close"))
    url = database.url.set(database="xinqiao_close").render_as_string(hide_password=False)
    own = Database(url)
    upgrade(own)
    with own.begin() as db:
        for _ in range(2):
            lent(db, FixedClock(datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(days=70)))
    own.close()
    return {**os.environ, "XINQIAO_HOME": str(tmp_path_factory.mktemp("home")), "DATABASE_URL": url, "PYTHONWARNINGS": "ignore"}


def close_day(place: dict[str, str], *words: str) -> tuple[int, str]:
    done = subprocess.run([XINQIAO, "loan", "close-day", *words], env=place, capture_output=True, text=True, timeout=180)
    return done.returncode, done.stdout


def test_the_day_before_today_is_closed_once(place: dict[str, str]) -> None:
    yesterday = SystemClock().today() - timedelta(days=1)
    first, again = (close_day(place, "--json") for _ in range(2))
    assert (first[0], again[0]) == (0, 0)
    told = json.loads(first[1])
    assert (told["day"], told["loans"], told["moved"], told["again"]) == (yesterday.isoformat(), 2, 2, False)
    assert told["earned"]["CNY"] > 0
    assert json.loads(again[1]) == {**told, "again": True}
    code, shown = close_day(place)
    assert code == 0
    assert "was closed before" in shown


def test_a_day_that_is_not_over_is_refused(place: dict[str, str]) -> None:
    code, said = close_day(place, "--on", SystemClock().today().isoformat(), "--json")
    assert code == 1
    assert json.loads(said)["error"]["code"] == "ledger.day_not_over"
