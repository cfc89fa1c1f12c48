"""What the metadata cannot say: the application's role, row-level security, append-only tables and monthly partitions.

A table marks itself by `info`: `{"monthly": "at"}` is partitioned by the month of that column, `{"append_only": True}` takes no
UPDATE or DELETE from the application. Migrations call `protect` for each table they make.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, Table, text

from .database import APP_ROLE

TENANT_IS_MINE = "tenant = current_setting('xinqiao.tenant', true)"


def create_role(db: Connection) -> None:
    """The role that requests act as: no login, no bypass of row-level security. Safe to repeat."""
    db.execute(
        text(f"""DO $$ BEGIN
            CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$""")
    )
    db.execute(text(f"GRANT {APP_ROLE} TO CURRENT_USER"))
    db.execute(text(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}"))


def protect(db: Connection, name: str, *, append_only: bool = False) -> None:
    """Grant the application what it may do with a table and confine it to its tenant's rows."""
    rights = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    db.execute(text(f'GRANT {rights} ON "{name}" TO {APP_ROLE}'))
    db.execute(text(f'ALTER TABLE "{name}" ENABLE ROW LEVEL SECURITY'))
    db.execute(text(f'ALTER TABLE "{name}" FORCE ROW LEVEL SECURITY'))
    db.execute(text(f'CREATE POLICY tenant_is_mine ON "{name}" USING ({TENANT_IS_MINE}) WITH CHECK ({TENANT_IS_MINE})'))


def next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def ensure_partitions(db: Connection, monthly: Iterable[Table], *, since: date, months: int) -> list[str]:
    """Make the missing monthly partitions of each table and its default one; return the names of the new ones."""
    made = []
    for table in monthly:
        if _make(db, f'"{table.name}_default" PARTITION OF "{table.name}" DEFAULT', f"{table.name}_default"):
            made.append(f"{table.name}_default")
        month = since.replace(day=1)
        for _ in range(months):
            name, after = f"{table.name}_{month:%Y_%m}", next_month(month)
            if _make(db, f"\"{name}\" PARTITION OF \"{table.name}\" FOR VALUES FROM ('{month}') TO ('{after}')", name):
                made.append(name)
            month = after
    return made


def _make(db: Connection, definition: str, name: str) -> bool:
    """Make one partition; a month whose rows already lie in the default partition stays there."""
    if db.execute(text("SELECT to_regclass(:name)"), {"name": f'"{name}"'}).scalar() is not None:
        return False
    try:
        with db.begin_nested():
            db.execute(text(f"CREATE TABLE {definition}"))
    except Exception as error:
        if "would be violated by some row" in str(error):
            return False
        raise
    return True


def monthly_tables(all_tables: Iterable[Table]) -> list[Table]:
    return [table for table in all_tables if table.info.get("monthly")]
