"""Bring a database to the newest schema, by Alembic under a lock, and keep its partitions ahead of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from xinqiao.kit import Database, schema

from .metadata import all_tables

HERE = Path(__file__).parent
MONTHS_BEHIND = timedelta(days=62)
MONTHS_AHEAD = 15


def config(connection: Connection | None = None) -> Config:
    made = Config()
    made.set_main_option("script_location", str(HERE))
    made.set_main_option("path_separator", "os")
    if connection is not None:
        made.attributes["connection"] = connection
    return made


def upgrade(database: Database) -> str:
    """Run what is missing; return the revision that the database is at. Processes that start together wait for one another."""
    with database.admin.begin() as db:
        db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("xinqiao:migrations", 0))))
        if revision(db) != newest():
            command.upgrade(config(db), "head")
        ensure_partitions(db)
        return revision(db) or ""


def revision(db: Connection) -> str | None:
    return MigrationContext.configure(db).get_current_revision()


def newest() -> str | None:
    return ScriptDirectory.from_config(config()).get_current_head()


def ensure_partitions(db: Connection) -> list[str]:
    """The months from two back to fifteen ahead; `up` runs it at every start, and the daily flow may."""
    tables = schema.monthly_tables(all_tables().sorted_tables)
    return schema.ensure_partitions(db, tables, since=(datetime.now(UTC) - MONTHS_BEHIND).date(), months=MONTHS_AHEAD)
