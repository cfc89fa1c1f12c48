"""A real PostgreSQL for the whole session; every test in a transaction that is rolled back."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, text

from xinqiao.kit import Database, FixedClock, Settings, embedded
from xinqiao.migrations.build import build

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an embedded server of this session's own."""
    return embedded.start(tmp_path_factory.mktemp("pg"))


@pytest.fixture(scope="session")
def database(server: str) -> Iterator[Database]:
    admin = Database(server)
    with admin.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("CREATE DATABASE xinqiao_test"))
    made = Database(admin.url.set(database="xinqiao_test").render_as_string(hide_password=False), pool_size=20)
    with made.admin.begin() as db:
        build(db, since=date(2025, 1, 1), months=36)
    yield made
    made.close()
    admin.close()


@pytest.fixture
def db(database: Database) -> Iterator[Connection]:
    with database.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("SELECT set_config('xinqiao.tenant', 'main', true)"))
        yield connection
        transaction.rollback()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")
