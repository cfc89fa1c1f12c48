"""Totals, snapshots and daily closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, literal, select, text, true, values
from sqlalchemy import column as column_
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.types import BigInteger, Uuid

from ..chart import Kind
from ..closes import Close, Snapshot, Totals
from .tables import account, close, snapshot, transfer

DAY = text("""
SELECT count(*) AS transfers, coalesce(max(entry), 0) AS through, max(at) AS at,
       sha256(coalesce(string_agg(sha256(convert_to(concat_ws('|', id, what, subject, person_id, debit, credit, minor, currency, entry, line,
           CAST(extract(epoch FROM at) * 1000000 AS bigint)), 'UTF8')), CAST('' AS bytea) ORDER BY entry, line, id), CAST('' AS bytea))) AS sha256
FROM ledger_transfer WHERE booked_on = :on AND at >= :earliest
""")
"""The digest covers each transfer's own columns, so that a closed day's transfers cannot be altered, added or taken away unseen."""

BUSY = 64
"""Entries that an account gathers before a close keeps its balance."""

CLOSE_ACCOUNTS = text("""
WITH busy AS (
    SELECT a.id, a.entries FROM ledger_account a WHERE a.entries - a.summed >= :busy AND a.id IN (
        SELECT unnest(ARRAY[t.debit, t.credit]) FROM ledger_transfer t WHERE t.booked_on = :on AND t.at >= :earliest
    ) ORDER BY a.id FOR NO KEY UPDATE
), kept AS (
    INSERT INTO ledger_balance (account, "on", debits, credits)
    SELECT b.id, :on, coalesce(before.debits, 0) + more.debits, coalesce(before.credits, 0) + more.credits
    FROM busy b LEFT JOIN LATERAL (
        SELECT k."on", k.debits, k.credits FROM ledger_balance k WHERE k.account = b.id AND k."on" < :on ORDER BY k."on" DESC LIMIT 1
    ) before ON true CROSS JOIN LATERAL (
        SELECT (SELECT coalesce(sum(t.minor), 0) FROM ledger_transfer t WHERE t.debit = b.id
                AND t.booked_on > CASE WHEN before."on" IS NULL THEN date '-infinity' ELSE before."on" END AND t.booked_on <= :on) AS debits,
               (SELECT coalesce(sum(t.minor), 0) FROM ledger_transfer t WHERE t.credit = b.id
                AND t.booked_on > CASE WHEN before."on" IS NULL THEN date '-infinity' ELSE before."on" END AND t.booked_on <= :on) AS credits
    ) more
)
UPDATE ledger_account a SET summed = b.entries FROM busy b WHERE a.id = b.id
""")
"""CASE, not coalesce: row-level security keeps what might leak a row out of an index search, and PostgreSQL counts coalesce among it, so that all of an
account's past would be read."""


@dataclass(frozen=True, slots=True)
class Day:
    transfers: int
    through: int
    at: datetime | None
    sha256: bytes


def take_all(db: Connection) -> None:
    """Wait until no transaction that posted is still open, and keep others from posting until this one ends."""
    db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('ledger/' || current_setting('xinqiao.tenant'), 0))"))


def first_day(db: Connection) -> date | None:
    """The book date of the first posting ever; looked for once, before the first close."""
    return db.execute(select(func.min(transfer.c.booked_on))).scalar()


def day(db: Connection, on: date) -> Day:
    row = db.execute(DAY, {"on": on, "earliest": earliest(on)}).one()
    return Day(row.transfers, row.through, row.at, bytes(row.sha256))


def close_accounts(db: Connection, on: date) -> None:
    """Keep the balances of the accounts that moved on this day and have gathered enough entries."""
    db.execute(CLOSE_ACCOUNTS, {"on": on, "earliest": earliest(on), "busy": BUSY})


def add_close(db: Connection, one: Close) -> None:
    row = {name: getattr(one, name) for name in ("on", "at", "through", "transfers", "transfers_sha256", "previous_sha256", "sha256")}
    db.execute(insert(close).values(**row, totals=one.totals.rows()))


def closes(db: Connection, *, until: date | None = None, newest_first: bool = False, limit: int | None = None) -> list[Close]:
    query = select(close).order_by(close.c.on.desc() if newest_first else close.c.on).limit(limit)
    return [_close(row) for row in db.execute(query if until is None else query.where(close.c.on <= until))]


def last_close(db: Connection, *, until: date | None = None) -> Close | None:
    return next(iter(closes(db, until=until, newest_first=True, limit=1)), None)


def add_snapshot(db: Connection, one: Snapshot) -> None:
    db.execute(pg_insert(snapshot).values(through=one.through, at=one.at, totals=one.totals.rows()).on_conflict_do_nothing())


def last_snapshot(db: Connection, *, until: datetime | None = None) -> Snapshot | None:
    """The last one that holds nothing recorded after `until`."""
    query = select(snapshot).order_by(snapshot.c.through.desc()).limit(1)
    row = db.execute(query if until is None else query.where(snapshot.c.at <= until)).first()
    return None if row is None else Snapshot(row.through, row.at, Totals.read(row.totals))


def snapshots(db: Connection) -> list[Snapshot]:
    return [Snapshot(r.through, r.at, Totals.read(r.totals)) for r in db.execute(select(snapshot).order_by(snapshot.c.through))]


def kept_totals(db: Connection) -> Totals:
    """The accounts' own running balances, summed."""
    moved = account.c.debits + account.c.credits > 0
    query = select(account.c.kind, account.c.currency, func.sum(account.c.debits), func.sum(account.c.credits)).where(moved)
    return _totals(db.execute(query.group_by(account.c.kind, account.c.currency)))


def recorded(db: Connection, *, base: Snapshot | None, until: datetime | None) -> Totals:
    """Totals of what was recorded after a snapshot, up to an instant."""
    where = [] if until is None else [transfer.c.at <= until]
    if base is not None:
        where += [transfer.c.at >= base.at, transfer.c.entry > base.through]
    return _moved(db, where)


def recorded_last(db: Connection, *, base: Snapshot | None) -> tuple[int, datetime | None]:
    """The highest entry number and the latest instant recorded after a snapshot."""
    query = select(func.coalesce(func.max(transfer.c.entry), 0), func.max(transfer.c.at))
    row = db.execute(query if base is None else query.where(transfer.c.at >= base.at, transfer.c.entry > base.through)).one()
    return row[0], row[1]


def booked(db: Connection, *, after: date | None, until: date) -> Totals:
    """Totals of what is booked after one day and not after another."""
    where = [transfer.c.booked_on <= until]
    if after is not None:
        where += [transfer.c.booked_on > after, transfer.c.at >= earliest(after)]
    return _moved(db, where)


def _moved(db: Connection, where: Sequence[ColumnElement[bool]]) -> Totals:
    """Summed by account first, so that each account's kind is looked up once."""
    t = select(transfer.c.debit, transfer.c.credit, transfer.c.minor).where(*where).subquery("t")
    zero = literal(0, BigInteger)
    sides = (
        values(column_("account", Uuid), column_("debits", BigInteger), column_("credits", BigInteger), name="side")
        .data([(t.c.debit, t.c.minor, zero), (t.c.credit, zero, t.c.minor)])
        .lateral()
    )
    summed = (
        select(sides.c.account, func.sum(sides.c.debits).label("debits"), func.sum(sides.c.credits).label("credits"))
        .select_from(t.join(sides, true()))
        .group_by(sides.c.account)
        .subquery("summed")
    )
    query = select(account.c.kind, account.c.currency, func.sum(summed.c.debits), func.sum(summed.c.credits))
    joined = query.select_from(summed.join(account, account.c.id == summed.c.account))
    return _totals(db.execute(joined.group_by(account.c.kind, account.c.currency)))


def _totals(rows: Any) -> Totals:
    return Totals({(Kind(kind), currency): (int(debits), int(credits)) for kind, currency, debits, credits in rows})


def earliest(on: date) -> datetime:
    """Nothing that is booked on `on` or later was recorded before this instant (`not_ahead` on the table)."""
    return datetime(on.year, on.month, on.day, tzinfo=UTC) - timedelta(days=1)


def _close(row: Row) -> Close:
    return Close(
        on=row.on,
        at=row.at,
        through=row.through,
        transfers=row.transfers,
        transfers_sha256=bytes(row.transfers_sha256),
        totals=Totals.read(row.totals),
        previous_sha256=None if row.previous_sha256 is None else bytes(row.previous_sha256),
        sha256=bytes(row.sha256),
    )
