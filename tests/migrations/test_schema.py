from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from xinqiao.kit import Database
from xinqiao.migrations import run
from xinqiao.migrations.metadata import all_tables


def test_the_migrations_make_exactly_the_tables_that_the_rooms_declare(database: Database) -> None:
    metadata = all_tables()
    with database.admin.connect() as db:
        ours = MigrationContext.configure(
            db,
            opts={
                "compare_type": True,
                "include_object": lambda o, name, kind, reflected, other: kind != "table" or name in metadata.tables,
            },
        )
        assert compare_metadata(ours, metadata) == []
        assert run.revision(db) == run.newest()


def test_every_table_has_a_tenant_and_is_confined_to_it(database: Database) -> None:
    with database.admin.connect() as db:
        loose = db.execute(
            text("""SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'alembic_version'
            AND NOT (c.relrowsecurity AND c.relforcerowsecurity)""")
        ).scalars()
        assert list(loose) == []
    assert all("tenant" in table.c and table.primary_key.columns.keys()[0] == "tenant" for table in all_tables().tables.values())


def test_partitions_are_closed_to_the_application(database: Database) -> None:
    with database.admin.connect() as db:
        granted = db.execute(
            text("""SELECT c.relname FROM pg_class c WHERE c.relispartition AND has_table_privilege('xinqiao_app', c.oid, 'SELECT')""")
        ).scalars()
        assert list(granted) == []


def test_upgrading_again_changes_nothing(database: Database) -> None:
    assert run.upgrade(database) == run.newest()
