"""Make a database from the metadata: tables, protection, partitions."""

from datetime import date

from sqlalchemy import Connection

from xinqiao.kit import schema

from .metadata import all_tables


def build(db: Connection, *, since: date, months: int = 24) -> None:
    """Create every table with its protection and its partitions from `since` on."""
    metadata = all_tables()
    schema.create_role(db)
    metadata.create_all(db)
    for table in metadata.sorted_tables:
        schema.protect(db, table)
    schema.ensure_partitions(db, schema.monthly_tables(metadata.sorted_tables), since=since, months=months)
