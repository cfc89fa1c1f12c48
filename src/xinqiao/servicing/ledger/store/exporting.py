"""Reading the books out, a day at a time, without ever holding more of them than a block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, func, select, text

from ..model import Account, Kind, Posting
from .closing import earliest
from .reading import posted, posting_of
from .tables import link, transfer

BLOCK = 5000

MOVED = text("""
SELECT a.kind, a.owner, a.currency,
       a.debits - a.credits - coalesce(m.since, 0) AS opening, coalesce(m.within, 0) AS moved
FROM ledger_account a LEFT JOIN (
    SELECT side.account, sum(side.net) AS since, sum(side.net) FILTER (WHERE t.booked_on <= :until) AS within,
           bool_or(t.booked_on <= :until) AS is_within
    FROM ledger_transfer t, LATERAL (VALUES (t.debit, t.minor), (t.credit, -t.minor)) AS side(account, net)
    WHERE t.booked_on >= :since AND t.at >= :earliest GROUP BY side.account
) m ON m.account = a.id
WHERE m.is_within OR a.debits - a.credits - coalesce(m.since, 0) <> 0
ORDER BY a.kind, a.owner, a.currency
""")


@dataclass(frozen=True, slots=True)
class Moved:
    """An account that stood at something when the period began, or moved in it; minor units, debits less credits."""

    account: Account
    opening: int
    moved: int


def moved(db: Connection, since: date, until: date) -> Iterator[Moved]:
    """What accounts stood at is counted back from what they stand at now."""
    given = {"since": since, "until": until, "earliest": earliest(since)}
    for row in db.execute(MOVED, given, execution_options={"yield_per": BLOCK}):
        yield Moved(Account(Kind(row.kind), row.owner, row.currency), int(row.opening), int(row.moved))


def span(db: Connection, since: date | None, until: date | None) -> tuple[date, date] | None:
    """The first and last book date within the bounds; None when nothing was booked between them."""
    query = select(func.min(transfer.c.booked_on), func.max(transfer.c.booked_on))
    query = query if since is None else query.where(transfer.c.booked_on >= since, transfer.c.at >= earliest(since))
    first, last = db.execute(query if until is None else query.where(transfer.c.booked_on <= until)).one()
    return None if first is None else (first, last)


def day(db: Connection, on: date) -> Iterator[tuple[Posting, UUID | None]]:
    """What was booked on a day, in the order of posting, each with the transfer that it reverses."""
    of_day = posted().where(transfer.c.booked_on == on, transfer.c.at >= earliest(on))
    reverses = (link.c.id == transfer.c.id) & (link.c.person_id == transfer.c.person_id) & (link.c.relation == "reverses")
    query = of_day.add_columns(link.c.of.label("reverses")).outerjoin(link, reverses)
    order = (transfer.c.entry, transfer.c.line, transfer.c.id)
    for row in db.execute(query.order_by(*order), execution_options={"yield_per": BLOCK}):
        yield posting_of(row), row.reverses
