"""Amounts set aside on accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Row, Select, select, text, update
from sqlalchemy.exc import IntegrityError

from xinqiao.kit import Money

from ..model import Account, Held, Hold, Kind
from .posting import FITS, array, ids, told
from .tables import account, hold

HOLD = text(f"""
WITH given AS (
    SELECT * FROM unnest(CAST(:id AS uuid[]), CAST(:person AS uuid[]), CAST(:what AS text[]), CAST(:subject AS uuid[]),
                         CAST(:debit AS uuid[]), CAST(:credit AS uuid[]), CAST(:minor AS bigint[]), CAST(:currency AS text[]),
                         CAST(:expires_at AS timestamptz[]))
        AS g(id, person_id, what, subject, debit, credit, minor, currency, expires_at)
), fresh AS (
    INSERT INTO ledger_hold (at, person_id, id, what, subject, debit, credit, minor, currency, expires_at)
    SELECT :at, person_id, id, what, subject, debit, credit, minor, currency, expires_at FROM given ORDER BY id
    ON CONFLICT DO NOTHING RETURNING debit, credit, minor
), moved AS (
    SELECT side.account, sum(side.debits) AS debits, sum(side.credits) AS credits
    FROM fresh, LATERAL (VALUES (debit, minor, 0), (credit, 0, minor)) AS side(account, debits, credits) GROUP BY side.account
), locked AS (
    SELECT a.id, a.kind, a.owner, a.currency, a.rule, a.debits, a.credits, a.held_debits + m.debits AS held_debits,
           a.held_credits + m.credits AS held_credits, 0 AS more_debits, 0 AS more_credits, m.debits AS add_debits, m.credits AS add_credits
    FROM ledger_account a JOIN moved m ON a.id = m.account ORDER BY a.id FOR NO KEY UPDATE OF a
), judged AS (
    SELECT l.id, l.add_debits, l.add_credits, {FITS} AS fits FROM locked l
), kept AS (
    UPDATE ledger_account a SET held_debits = a.held_debits + j.add_debits, held_credits = a.held_credits + j.add_credits
    FROM judged j WHERE a.id = j.id AND j.fits RETURNING a.id
)
SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM moved), (SELECT count(*) FROM kept)
""")

FREE = text("""
WITH moved AS (
    SELECT side.account, sum(side.debits) AS debits, sum(side.credits) AS credits
    FROM unnest(CAST(:debit AS uuid[]), CAST(:credit AS uuid[]), CAST(:minor AS bigint[])) AS g(debit, credit, minor),
         LATERAL (VALUES (debit, minor, 0), (credit, 0, minor)) AS side(account, debits, credits) GROUP BY side.account
), locked AS (
    SELECT a.id, m.debits, m.credits FROM ledger_account a JOIN moved m ON a.id = m.account ORDER BY a.id FOR NO KEY UPDATE OF a
)
UPDATE ledger_account a SET held_debits = a.held_debits - l.debits, held_credits = a.held_credits - l.credits FROM locked l WHERE a.id = l.id
""")


def add(db: Connection, holds: Sequence[Hold], *, at: datetime) -> tuple[int, int, int]:
    """Set aside the new ones; return how many were new, how many accounts they move, and how many of those exist."""
    columns = {
        "id": ids(h.id for h in holds),
        "person": ids(h.person for h in holds),
        "what": [h.what for h in holds],
        "subject": ids(h.subject for h in holds),
        "debit": ids(h.debit.id for h in holds),
        "credit": ids(h.credit.id for h in holds),
        "minor": array(h.amount.minor for h in holds),
        "currency": array(h.amount.currency for h in holds),
        "expires_at": [h.expires_at for h in holds],
    }
    try:
        new, moved, kept = db.execute(HOLD, {**columns, "at": at}).one()
    except IntegrityError as error:
        raise told(error) from error
    return new, moved, kept


def free(db: Connection, holds: Sequence[tuple[Held, int]]) -> None:
    """Give back so many minor units of each hold to its accounts."""
    sides = {
        "debit": ids(held.debit.id for held, _ in holds),
        "credit": ids(held.credit.id for held, _ in holds),
        "minor": array(minor for _, minor in holds),
    }
    db.execute(FREE, sides)


def mark(db: Connection, held: Held, *, settled: int, ended: str | None, at: datetime) -> None:
    one = (hold.c.id == held.id) & (hold.c.person_id == held.person)
    db.execute(update(hold).where(one).values(settled=settled, ended=ended, ended_at=at if ended else None))


def end_many(db: Connection, ids: Sequence[UUID], *, ended: str, at: datetime) -> None:
    db.execute(update(hold).where(hold.c.id.in_(ids), hold.c.ended.is_(None)).values(ended=ended, ended_at=at))


def get(db: Connection, ids: Sequence[UUID], *, lock: bool = False) -> list[Held]:
    query = _query().where(hold.c.id.in_(ids)).order_by(hold.c.id)
    return _read(db, query.with_for_update(of=hold) if lock else query)


def expired(db: Connection, now: datetime, *, limit: int) -> list[Held]:
    """Holds past their time, locked; those that another transaction is busy with are left for the next round."""
    past = _query().where(hold.c.ended.is_(None), hold.c.expires_at <= now).order_by(hold.c.expires_at).limit(limit)
    return _read(db, past.with_for_update(of=hold, skip_locked=True))


def of_account(db: Connection, of: Account, *, standing: bool, limit: int) -> list[Held]:
    """Newest first."""
    query = _query().where((hold.c.debit == of.id) | (hold.c.credit == of.id)).order_by(hold.c.at.desc(), hold.c.id).limit(limit)
    return _read(db, query.where(hold.c.ended.is_(None)) if standing else query)


def _query() -> Select:
    debit, credit = account.alias("debit_account"), account.alias("credit_account")
    sides = [side.c[name].label(f"{side.name}_{name}") for side in (debit, credit) for name in ("kind", "owner")]
    joined = hold.join(debit, debit.c.id == hold.c.debit).join(credit, credit.c.id == hold.c.credit)
    return select(hold, *sides).select_from(joined)


def _read(db: Connection, query: Select) -> list[Held]:
    return [_held(row) for row in db.execute(query)]


def _held(row: Row) -> Held:
    return Held(
        id=row.id,
        at=row.at,
        what=row.what,
        debit=Account(Kind(row.debit_account_kind), row.debit_account_owner, row.currency),
        credit=Account(Kind(row.credit_account_kind), row.credit_account_owner, row.currency),
        amount=Money(row.minor, row.currency),
        settled=Money(row.settled, row.currency),
        expires_at=row.expires_at,
        ended=row.ended,
        ended_at=row.ended_at,
        subject=row.subject,
        person=row.person_id,
    )
