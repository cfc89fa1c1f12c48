"""Alembic's entry: the connection is handed in by `run`, which holds the lock and owns the transaction."""

from alembic import context

from xinqiao.migrations.metadata import all_tables


def is_ours(obj: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    """Leave partitions and foreign schemas out of comparisons: partitions are made by date, not by revision."""
    return not (kind == "table" and reflected and compare_to is None and name not in all_tables().tables)


connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=all_tables(), include_object=is_ours, compare_type=True, compare_server_default=False
)
with context.begin_transaction():
    context.run_migrations()
