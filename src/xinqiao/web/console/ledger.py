"""The books: the trial balance of now, of a day or of an instant; accounts, their entries, one transfer with all that belongs to it; closed days."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from xinqiao.journeys import board
from xinqiao.kit import Refused
from xinqiao.servicing import ledger
from xinqiao.servicing.ledger import Account, Cursor, Kind
from xinqiao.staff import Permission

from .. import pages, statements
from .bookkeeping import Teller, chain, standing
from .desk import Desk, Operator, console_route, go
from .errors import NoSuchLoan, NotUnderstood

PER_PAGE = 50
MEDIA = {"csv": "text/csv", "beancount": "text/plain"}
EXPORTED = 20_000
"""Lines of one exported statement; a longer period is exported in parts."""


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Reader = Annotated[Operator, Depends(desk.may(Permission.BOOK_READ))]  # noqa: N806 - a type
    house = desk.house

    @router.get("/console/ledger")
    def trial_balance(request: Request, who: Reader, on: str = "", until: str = "") -> Response:
        """Booked up to a day, or recorded up to an instant; without either, now."""
        problem = None
        try:
            day, instant = _day(on), _instant(desk, until)
        except Refused as refusal:
            day = instant = None
            problem = refusal.message(desk.words(request).language)
        with house.begin() as db:
            rows = ledger.trial_balance(db=db, on=day, until=None if day else instant)
            teller = Teller(desk.words(request), board.parties(db))
            days = standing(teller.words, ledger.closes(db=db, limit=1), house.clock.today(house.settings.timezone))
        return desk.show(
            request,
            "ledger.html",
            groups=teller.trial(rows),
            sums=teller.sums(rows),
            on=day,
            until=until if instant and not day else "",
            days=days,
            problem=problem,
        )

    @router.get("/console/ledger/find")
    def find(request: Request, who: Reader, what: str = "") -> Response:
        """A loan, a transfer (its id or its key) or an account, by what was typed."""
        asked = what.strip()[:200]
        with house.begin() as db:
            return go(_find(db, asked))

    @router.get("/console/ledger/export")
    def export(request: Request, who: Reader, form: str = "csv", since: str = "", until: str = "") -> Response:
        """Every transfer of a period, streamed from one instant of the books: CSV, or a beancount file that checks itself."""
        first, last = _day(since), _day(until)
        if first and last and first > last:
            raise NotUnderstood(since[:40], f"a day up to {last}", field="since")
        kind = "beancount" if form == "beancount" else "csv"
        response = pages.harden(StreamingResponse(_exported(desk, kind, first, last), media_type=f"{MEDIA[kind]}; charset=utf-8"))
        response.headers["Content-Disposition"] = f'attachment; filename="ledger-{first or "all"}-{last or "now"}.{kind}"'
        return response

    @router.get("/console/ledger/closes")
    def closes(request: Request, who: Reader) -> Response:
        words = desk.words(request)
        with house.begin() as db:
            found = ledger.closes(db=db)
        rows, is_whole = chain(words, found)
        days = standing(words, found[:1], house.clock.today(house.settings.timezone))
        return desk.show(request, "closes.html", rows=rows[:400], count=len(rows), is_whole=is_whole, days=days)

    @router.get("/console/ledger/transfers/{transfer}")
    def transfer(request: Request, who: Reader, transfer: UUID) -> Response:
        with house.begin() as db:
            found = ledger.transfer(db=db, transfer=transfer)
            teller = Teller(desk.words(request), board.parties(db))
        return desk.show(request, "transfer.html", **teller.detail(found))

    @router.get("/console/ledger/{kind}")
    def accounts(request: Request, who: Reader, kind: Kind, after: UUID | None = None, moving: str = "") -> Response:
        """The accounts of one kind; `moving` leaves out those that stand at nothing."""
        with house.begin() as db:
            found = ledger.find_accounts(db=db, kind=kind, standing=bool(moving), limit=PER_PAGE, after=after)
            teller = Teller(desk.words(request), board.parties(db))
        return desk.show(
            request,
            "accounts.html",
            heading_of=teller.heading(kind),
            rows=[teller.balance(one) for one in found.rows],
            next=found.next,
            moving=moving,
        )

    @router.get("/console/ledger/{kind}/{owner}")
    def entries(request: Request, who: Reader, kind: Kind, owner: UUID, currency: str = "CNY", after: str = "") -> Response:
        account = Account(kind, owner, currency[:3])
        with house.begin() as db:
            balance = ledger.balances(db=db, accounts=[account]).get(account)
            if balance is None:
                raise NoSuchLoan(str(owner))
            found = ledger.entries(db=db, account=account, limit=PER_PAGE + 1, after=Cursor.parse(after) if after else None)
            teller = Teller(desk.words(request), board.parties(db))
        return desk.show(
            request,
            "account.html",
            heading_of=teller.heading(kind),
            balance=teller.balance(balance),
            rows=[teller.entry(one) for one in found[:PER_PAGE]],
            next=str(found[PER_PAGE - 1].cursor) if len(found) > PER_PAGE else None,
            first=not after,
            today=house.clock.today(house.settings.timezone),
        )

    @router.get("/console/ledger/{kind}/{owner}/statement")
    def statement(
        request: Request, who: Reader, kind: Kind, owner: UUID, since: str = "", until: str = "", currency: str = "CNY", form: str = ""
    ) -> Response:
        """An account between two book dates with its running balance, on a page or as CSV."""
        account, today = Account(kind, owner, currency[:3]), house.clock.today(house.settings.timezone)
        first, last = _day(since) or today.replace(day=1), _day(until) or today
        with house.begin() as db:
            limit = EXPORTED if form == "csv" else 400
            found = ledger.statement(db=db, account=account, since=first, until=last, limit=limit)
            teller = Teller(desk.words(request), board.parties(db))
        if form == "csv":
            response = pages.harden(Response(statements.spreadsheet(*teller.spreadsheet(found)), media_type="text/csv; charset=utf-8"))
            response.headers["Content-Disposition"] = f'attachment; filename="{kind}-{str(owner)[-8:]}-{first}-{last}.csv"'
            return response
        return desk.show(request, "account_statement.html", heading_of=teller.heading(kind), **teller.statement(found))

    return router


def _exported(desk: Desk, kind: str, since: date | None, until: date | None) -> Iterator[str]:
    write = ledger.beancount if kind == "beancount" else ledger.as_csv
    with ledger.steady(desk.house.database, desk.house.settings.tenant) as db:
        yield from write(db=db, since=since, until=until)


def _find(db: object, asked: str) -> str:
    """Where what was typed is shown. Raises NoSuchLoan."""
    try:
        if "/" in asked and (account := Account.parse(asked)):
            return f"/console/ledger/{account.kind.value}/{account.owner}?currency={account.currency}"
    except Refused:
        pass  # a transfer's key has slashes too
    from xinqiao import servicing

    try:
        return f"/console/loans/{servicing.loan(db=db, loan_id=UUID(asked)).id}"  # type: ignore[arg-type]
    except (ValueError, servicing.errors.LoanNotFound):
        pass
    try:
        key = UUID(asked)
    except ValueError:
        key = ledger.transfer_id(asked)
    try:
        return f"/console/ledger/transfers/{ledger.transfer(db=db, transfer=key).posting.id}"  # type: ignore[arg-type]
    except Refused:
        raise NoSuchLoan(asked[:60], field="what") from None


def _day(text: str) -> date | None:
    """Raises NotUnderstood."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise NotUnderstood(text[:40], "2026-11-22", field="on") from None


def _instant(desk: Desk, text: str) -> datetime | None:
    """As a browser's field writes it, in the house's time zone. Raises NotUnderstood."""
    try:
        read = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise NotUnderstood(text[:40], "2026-11-22T18:00", field="until") from None
    return read.replace(tzinfo=ZoneInfo(desk.house.settings.timezone)) if read and read.tzinfo is None else read
