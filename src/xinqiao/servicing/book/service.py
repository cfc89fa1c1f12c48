from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock
from xinqiao.kit.money import total

from .. import delinquency
from ..delinquency import MONTHLY, Buckets, RollMatrix
from ..delinquency.rolls import from_cells
from . import store
from .forecast import ILLUSTRATION, Assumptions, Expected, Per, forecast
from .model import By, Concentration, Figure, Line, Point, Share, ratio

PAGE = 5000


def balances(*, db: Connection, by: By, currency: str = "CNY", funder_id: UUID | None = None) -> list[Line]:
    """Loans, principal lent and principal outstanding, by month of payout, bucket or funder; of all funders or of one."""
    return store.balances(db, By(by), currency=currency, funder_id=funder_id)


def vintage_curves(
    *, db: Connection, clock: Clock, late: str = "M2", buckets: Buckets = MONTHLY, currency: str = "CNY", funder_id: UUID | None = None
) -> list[Point]:
    """For each month of payout, the share that ever reached bucket `late` or worse, by month on book up to today."""
    return store.vintage_curves(db, buckets.at_least(late), today=clock.today(), currency=currency, funder_id=funder_id)


def closed_day(*, db: Connection) -> date | None:
    """The last day whose figures stand; the verbs below tell of it, or of the closed day they are given."""
    return store.last_day(db)


def lines(*, db: Connection, by: By | None, currency: str = "CNY", funder_id: UUID | None = None, on: date | None = None) -> list[Figure]:
    """Balances of a closed day by one key; by None the whole as one line. A sum over some thousand rows, whatever the book's size."""
    return store.figures(db, by, currency=currency, funder_id=funder_id, day=on or store.last_day(db))


def concentration(
    *, db: Connection, by: By = By.FUNDER, currency: str = "CNY", funder_id: UUID | None = None, on: date | None = None
) -> Concentration:
    """How what is outstanding spreads over funders (or products, regions, months of payout)."""
    found = [one for one in lines(db=db, by=by, currency=currency, funder_id=funder_id, on=on) if one.outstanding.is_positive]
    whole = total((one.outstanding for one in found), currency)
    shares = [Decimal(one.outstanding.minor) / whole.minor for one in found]
    ordered = sorted(found, key=lambda one: (-one.outstanding.minor, one.key))
    made = tuple(Share(one.key, one.outstanding, ratio(one.outstanding, whole)) for one in ordered)
    return Concentration(made, sum((share * share for share in shares), Decimal(0)).quantize(Decimal("0.0001")))


def curves(*, db: Connection, late: str = "M2", currency: str = "CNY", funder_id: UUID | None = None) -> list[Point]:
    """`vintage_curves` as of the last closed day, from what each close added; `late` is one of the buckets that days are closed by."""
    day = store.last_day(db)
    return [] if day is None else store.curves(db, late, day=day, currency=currency, funder_id=funder_id)


def roll_rates(*, db: Connection, currency: str = "CNY", funder_id: UUID | None = None, on: date | None = None) -> RollMatrix:
    """Where the loans of each bucket at the end of the month before stand on a closed day, the last one or another.

    Of a month's last closed day these are the month's roll rates. Empty until a month has ended between two closes.
    """
    return from_cells(store.rolls(db, currency=currency, funder_id=funder_id, day=on or store.last_day(db)))


def cash_flow(
    *,
    db: Connection,
    assumptions: Assumptions = ILLUSTRATION,
    per: Per = Per.MONTH,
    currency: str = "CNY",
    funder_id: UUID | None = None,
) -> list[Expected]:
    """What the open instalments of the last closed day will bring, as contracted and as `assumptions` expect."""
    day = store.last_day(db)
    return [] if day is None else forecast(store.flows(db, currency, funder_id), day, assumptions, per=Per(per), currency=currency)


def age_all(*, db: Connection, clock: Clock, buckets: Buckets = MONTHLY) -> int:
    """Move every loan of the book into its bucket as of today, page by page; return how many moved."""
    moved, after = 0, None
    while page := store.late_or_standing(db, clock.today(), after=after, limit=PAGE):
        moved += delinquency.age(db=db, clock=clock, book=page, buckets=buckets)
        after = page[-1].loan_id
    return moved
