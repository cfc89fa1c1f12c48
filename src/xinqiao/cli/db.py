"""`db`: the schema."""

from __future__ import annotations

import cyclopts

from xinqiao.kit import Database, Settings
from xinqiao.terminal import OK, REFUSED, Json, refusals, show

group = cyclopts.App(name="db", help="The database: where it stands, bringing it up to date, keys to rotate.")


def add(app: cyclopts.App) -> None:
    app.command(group)


@group.command
def status(*, as_json: Json = False) -> int:
    """Which revision the database is at. Exit code 1 when it is not the newest."""
    from xinqiao.migrations import run

    with refusals(as_json=as_json):
        database = Database.open(Settings())
        with database.admin.connect() as db:
            at, newest = run.revision(db), run.newest()
        database.close()
    show({"at": at, "newest": newest}, as_json=as_json, human=lambda: f"at {at or 'nothing'}, newest is {newest}")
    return OK if at == newest else REFUSED


@group.command
def upgrade(*, as_json: Json = False) -> int:
    """Bring the database to the newest schema and make the coming months' partitions."""
    from xinqiao.migrations import run

    with refusals(as_json=as_json):
        database = Database.open(Settings())
        at = run.upgrade(database)
        database.close()
        show({"at": at}, as_json=as_json, human=lambda: f"at {at}")
    return OK


@group.command
def revision(says: str) -> int:
    """Draft a migration from what the tables say and the database does not (for developers)."""
    from alembic import command

    from xinqiao.migrations import run

    database = Database.open(Settings())
    with database.admin.begin() as db:
        command.revision(run.config(db), message=says, autogenerate=True)
    database.close()
    return OK


@group.command
def rotate_keys(*, as_json: Json = False) -> int:
    """Make a new key-encryption key and rewrap every person's key with it, while everything goes on running."""
    from xinqiao import staff, vault
    from xinqiao.partners import webhooks

    from .house import opened

    with refusals(as_json=as_json), opened() as house:
        version, done = house.vault.keys.renew(), 0
        while True:
            with house.begin() as db:
                moved = vault.rotate(db=db, vault=house.vault, clock=house.clock)
            done += moved
            if not moved:
                break
        with house.begin() as db:
            done += webhooks.rewrap(db=db, vault=house.vault) + staff.rewrap(db=db, vault=house.vault)
        show(
            {"version": version, "rewrapped": done},
            as_json=as_json,
            human=lambda: f"key version {version}: {done} people's keys and stored secrets rewrapped",
        )
    return OK
