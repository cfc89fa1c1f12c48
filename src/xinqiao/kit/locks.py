"""Waiting for one's turn: a named lock that a transaction holds until it ends."""

from sqlalchemy import Connection, func, select


def hold(db: Connection, name: str) -> None:
    """Wait until no other transaction holds this name; released by commit or rollback."""
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
