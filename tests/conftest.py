"""A real PostgreSQL for the whole session; every test in a transaction that is rolled back."""

import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings as properties
from sqlalchemy import Connection, text

from xinqiao.kit import Database, FixedClock, Settings, embedded
from xinqiao.migrations.run import upgrade

properties.register_profile("same", derandomize=True)
properties.register_profile("search", print_blob=True)
properties.load_profile(os.environ.get("XINQIAO_PROPERTIES", "same"))

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of an embedded server of this session's own, in a folder of its own: sessions side by side do not share pytest's."""
    with tempfile.TemporaryDirectory(prefix="xinqiao-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield embedded.start(Path(folder))


@pytest.fixture(scope="session")
def database(server: str) -> Iterator[Database]:
    admin = Database(server)
    with admin.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("CREATE DATABASE xinqiao_test"))
    made = Database(admin.url.set(database="xinqiao_test").render_as_string(hide_password=False), pool_size=20)
    upgrade(made)
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
