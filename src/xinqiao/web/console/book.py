"""The whole book: what is outstanding and at risk, how each month's loans went, how buckets roll, what money is to come."""

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection

from xinqiao import servicing
from xinqiao.journeys import board
from xinqiao.servicing import book, delinquency
from xinqiao.servicing.book import Assumptions, By, Per
from xinqiao.servicing.delinquency import MONTHLY, RollMatrix, Weight
from xinqiao.staff import Permission

from . import portfolio
from .desk import Desk, Operator, console_route
from .errors import NotUnderstood

LIVE = (By.VINTAGE, By.BUCKET, By.FUNDER, By.PRODUCT, By.REGION)
"""What can be told of the loans as they stand; a closed day also tells categories."""
PER_PAGE = 50
EXACT = 100_000
"""Up to so many loans, vintage curves are drawn from every move that was recorded; beyond it, from what the closes added up."""


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Reader = Annotated[Operator, Depends(desk.may(Permission.BOOK_READ))]  # noqa: N806 - a type
    house = desk.house

    @router.get("/console/book")
    def show(request: Request, who: Reader, by: str = By.BUCKET) -> Response:
        words = desk.words(request)
        with house.begin() as db:
            day = book.closed_day(db=db)
            key = By(by) if by in set(By) and (day or by in LIVE) else By.BUCKET
            teller = portfolio.Teller(words, board.parties(db))
            if day:
                told = teller.closed(book.lines(db=db, by=None), book.lines(db=db, by=key), key)
                told["spread"] = teller.spread(book.concentration(db=db))
            else:
                told = teller.live(book.balances(db=db, by=By.BUCKET), book.balances(db=db, by=key), key)
        keys = [(one.value, words.gettext(portfolio.KEYS[one])) for one in (By if day else LIVE)]
        return desk.show(request, "book.html", day=day, by=key.value, keys=keys, word=words.gettext(portfolio.KEYS[key]), **told)

    @router.get("/console/book/loans/{funder}")
    def loans(request: Request, who: Reader, funder: UUID, before: UUID | None = None) -> Response:
        """The loans whose claim a funder holds, newest first."""
        with house.begin() as db:
            found = servicing.loans_of_funder(db=db, clock=house.clock, funder_id=funder, limit=PER_PAGE + 1, before=before)
            teller = portfolio.Teller(desk.words(request), board.parties(db))
        rows = [teller.loan(seen) for seen in found[:PER_PAGE]]
        next_ = found[PER_PAGE - 1].loan.id if len(found) > PER_PAGE else None
        return desk.show(request, "loans.html", funder=funder, name=teller.name(str(funder), By.FUNDER), rows=rows, next=next_)

    @router.get("/console/book/vintages")
    def vintages(request: Request, who: Reader, late: str = "M1") -> Response:
        late = late if late in MONTHLY.names else "M1"
        with house.begin() as db:
            day = book.closed_day(db=db)
            loans = sum(one.loans for one in book.lines(db=db, by=None)) if day else 0
            day = day if loans > EXACT else None
            points = book.curves(db=db, late=late) if day else book.vintage_curves(db=db, clock=house.clock, late=late)
        told = portfolio.Teller(desk.words(request), {}).vintages(points)
        return desk.show(request, "vintages.html", day=day, late=late, names=MONTHLY.names, **told)

    @router.get("/console/book/rolls")
    def rolls(request: Request, who: Reader, since: str = "", until: str = "", by: str = Weight.BALANCE) -> Response:
        """Of the last closed day's month; or between any two days, by the moves that were recorded."""
        weight = Weight(by) if by in set(Weight) else Weight.BALANCE
        with house.begin() as db:
            found, first, last = _rolls(desk, db, _day(since), _day(until))
        told = portfolio.Teller(desk.words(request), {}).rolls(found, weight)
        return desk.show(request, "rolls.html", since=first, until=last, by=weight.value, **told)

    @router.get("/console/book/forecast")
    def forecast(request: Request, who: Reader, per: str = Per.MONTH, rolls: str = "") -> Response:
        """What open instalments will bring, as contracted and as may be expected."""
        period = Per(per) if per in set(Per) else Per.MONTH
        words = desk.words(request)
        with house.begin() as db:
            day = book.closed_day(db=db)
            measured = book.roll_rates(db=db) if day else None
            has_own = measured is not None and bool(measured.loans.sum())
            own = has_own and rolls != "illustration"
            chosen = _measured(words, measured) if own else book.ILLUSTRATION
            expected = book.cash_flow(db=db, per=period, assumptions=chosen)
        told = portfolio.Teller(words, {}).forecast(expected, chosen, period, own=own)
        return desk.show(request, "forecast.html", day=day, per=period.value, own=own, has_own=has_own, **told)

    return router


def _measured(words: Any, matrix: RollMatrix | None) -> Assumptions:
    assert matrix is not None
    return Assumptions.measured(matrix, source=words.gettext("Roll rates of this book's last month."))


def _rolls(desk: Desk, db: Connection, since: date | None, until: date | None) -> tuple[RollMatrix, date | None, date | None]:
    """The matrix and the days between which it was measured; of a closed month the first day is not named."""
    closed = book.closed_day(db=db)
    if since is None and until is None and closed is not None:
        found = book.roll_rates(db=db)
        if found.loans.sum():
            return found, None, closed
    today = desk.house.clock.today(desk.house.settings.timezone)
    last = until or today
    first = since or last.replace(day=1) - timedelta(days=1)
    if first >= last:
        raise NotUnderstood(first.isoformat(), f"a day before {last}", field="since")
    return delinquency.roll_rates_by_moves(db=db, start=first, end=last), first, last


def _day(text: str) -> date | None:
    """Raises NotUnderstood."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise NotUnderstood(text[:40], "2026-11-22", field="since") from None
