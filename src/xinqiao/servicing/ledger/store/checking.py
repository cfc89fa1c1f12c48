"""The questions by which a ledger is checked against itself. They read everything; run them on a connection that stands still (`steady`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import Connection, Row, text

from xinqiao.kit import Database

from ..chart import Kind
from ..closes import Totals

SIDES = "LATERAL (VALUES (t.debit, t.minor, 0), (t.credit, 0, t.minor)) AS side(account, debits, credits)"

ACCOUNTS = text(f"""
SELECT coalesce(a.kind || '/' || a.owner || '/' || a.currency, CAST(s.account AS text)) AS account,
       coalesce(a.debits, 0) - coalesce(s.debits, 0) AS debits, coalesce(a.credits, 0) - coalesce(s.credits, 0) AS credits
FROM ledger_account a FULL JOIN (
    SELECT side.account, sum(side.debits) AS debits, sum(side.credits) AS credits FROM ledger_transfer t, {SIDES} GROUP BY side.account
) s ON s.account = a.id
WHERE a.id IS NULL OR a.debits <> coalesce(s.debits, 0) OR a.credits <> coalesce(s.credits, 0) ORDER BY 1 LIMIT :limit
""")

HELD = text("""
SELECT a.kind || '/' || a.owner || '/' || a.currency AS account
FROM ledger_account a LEFT JOIN (
    SELECT side.account, sum(side.debits) AS debits, sum(side.credits) AS credits
    FROM ledger_hold h, LATERAL (VALUES (h.debit, h.minor - h.settled, 0), (h.credit, 0, h.minor - h.settled)) AS side(account, debits, credits)
    WHERE h.ended IS NULL GROUP BY side.account
) s ON s.account = a.id
WHERE a.held_debits <> coalesce(s.debits, 0) OR a.held_credits <> coalesce(s.credits, 0) ORDER BY 1 LIMIT :limit
""")

DAYS = text(f"""
SELECT m.booked_on, a.kind, a.currency, sum(m.debits) AS debits, sum(m.credits) AS credits
FROM (
    SELECT t.booked_on, side.account, sum(side.debits) AS debits, sum(side.credits) AS credits
    FROM ledger_transfer t, {SIDES} WHERE t.booked_on <= :closed GROUP BY 1, 2
) m JOIN ledger_account a ON a.id = m.account GROUP BY 1, 2, 3 ORDER BY 1
""")

BALANCES = text(f"""
WITH moved AS (
    SELECT side.account, t.booked_on AS "on", sum(side.debits) AS debits, sum(side.credits) AS credits
    FROM ledger_transfer t, {SIDES} WHERE t.booked_on <= :closed AND side.account IN (SELECT account FROM ledger_balance) GROUP BY 1, 2
), running AS (
    SELECT account, "on", sum(debits) OVER past AS debits, sum(credits) OVER past AS credits
    FROM moved WINDOW past AS (PARTITION BY account ORDER BY "on")
)
SELECT count(*) FROM ledger_balance b LEFT JOIN running r ON r.account = b.account AND r."on" = b."on"
WHERE (r.debits, r.credits) IS DISTINCT FROM (b.debits, b.credits)
""")

CURRENCIES = text("""
SELECT count(*) FROM ledger_transfer t JOIN ledger_account a ON a.id = t.debit JOIN ledger_account b ON b.id = t.credit
WHERE a.currency <> t.currency OR b.currency <> t.currency
""")

KEYS = text("""
SELECT count(*) FROM ledger_transfer t FULL JOIN ledger_key k ON (k.person_id, k.at, k.id) = (t.person_id, t.at, t.id)
WHERE t.id IS NULL OR k.id IS NULL
""")

REVERSALS = text("""
SELECT l.id FROM ledger_link l
LEFT JOIN ledger_key rk ON (rk.id, rk.person_id) = (l.id, l.person_id)
LEFT JOIN ledger_transfer r ON (r.person_id, r.at, r.id) = (rk.person_id, rk.at, rk.id)
LEFT JOIN ledger_key ok ON (ok.id, ok.person_id) = (l.of, l.person_id)
LEFT JOIN ledger_transfer o ON (o.person_id, o.at, o.id) = (ok.person_id, ok.at, ok.id)
WHERE l.relation = 'reverses' AND ((r.debit, r.credit, r.minor) = (o.credit, o.debit, o.minor)) IS NOT TRUE ORDER BY l.id LIMIT :limit
""")


@contextmanager
def steady(database: Database, tenant: str = "main") -> Iterator[Connection]:
    """A transaction that sees one instant of the books however long it reads; it cannot write."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with database.engine.connect().execution_options(**options) as db, db.begin():
        db.execute(text("SELECT set_config('xinqiao.tenant', :tenant, true)"), {"tenant": tenant})
        yield db


def accounts_off(db: Connection, *, limit: int) -> list[Row]:
    """Accounts whose kept debits and credits are not the sums of their postings, with the differences."""
    return list(db.execute(ACCOUNTS, {"limit": limit}))


def holds_off(db: Connection, *, limit: int) -> list[str]:
    """Accounts on which more or less is set aside than their standing holds say."""
    return list(db.execute(HELD, {"limit": limit}).scalars())


def days(db: Connection, closed: date) -> Iterator[tuple[date, Totals]]:
    """What was booked on each day up to `closed`, oldest first; days without postings are left out."""
    day: date | None = None
    by: dict[tuple[Kind, str], tuple[int, int]] = {}
    for row in db.execute(DAYS, {"closed": closed}):
        if day is not None and row.booked_on != day:
            yield day, Totals(by)
            by = {}
        day = row.booked_on
        by[Kind(row.kind), row.currency] = (int(row.debits), int(row.credits))
    if day is not None:
        yield day, Totals(by)


def balances_off(db: Connection, closed: date) -> int:
    """How many of the accounts' balances at closed days are not the running sums of their postings."""
    return db.execute(BALANCES, {"closed": closed}).scalar_one()


def currencies_off(db: Connection) -> int:
    """How many transfers are in another currency than one of their accounts."""
    return db.execute(CURRENCIES).scalar_one()


def keys_off(db: Connection) -> int:
    """How many transfers stand without their key, or keys without their transfer."""
    return db.execute(KEYS).scalar_one()


def reversals_off(db: Connection, *, limit: int) -> list[str]:
    """Reversals that are not the mirror of what they reverse."""
    return [str(one) for one in db.execute(REVERSALS, {"limit": limit}).scalars()]


def counts(db: Connection) -> tuple[int, int]:
    """Transfers and accounts."""
    return db.execute(text("SELECT (SELECT count(*) FROM ledger_transfer), (SELECT count(*) FROM ledger_account)")).one()._tuple()
