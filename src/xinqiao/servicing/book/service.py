from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock

from .. import delinquency
from ..delinquency import MONTHLY, Buckets
from . import store
from .model import By, Line, Point

PAGE = 5000


def balances(*, db: Connection, by: By, currency: str = "CNY", funder_id: UUID | None = None) -> list[Line]:
    """Loans, principal lent and principal outstanding, by month of payout, bucket or funder; of all funders or of one."""
    return store.balances(db, By(by), currency=currency, funder_id=funder_id)


def vintage_curves(
    *, db: Connection, clock: Clock, late: str = "M2", buckets: Buckets = MONTHLY, currency: str = "CNY", funder_id: UUID | None = None
) -> list[Point]:
    """For each month of payout, the share that ever reached bucket `late` or worse, by month on book up to today."""
    return store.vintage_curves(db, buckets.at_least(late), today=clock.today(), currency=currency, funder_id=funder_id)


def age_all(*, db: Connection, clock: Clock, buckets: Buckets = MONTHLY) -> int:
    """Move every loan of the book into its bucket as of today, page by page; return how many moved."""
    moved, after = 0, None
    while page := store.late_or_standing(db, clock.today(), after=after, limit=PAGE):
        moved += delinquency.age(db=db, clock=clock, book=page, buckets=buckets)
        after = page[-1].loan_id
    return moved
