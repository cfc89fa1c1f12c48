"""The whole book: what is outstanding, how late it is, and how each month's loans went."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from xinqiao.journeys import board
from xinqiao.kit import CNY, Money
from xinqiao.servicing import book
from xinqiao.servicing.book import By, Line
from xinqiao.servicing.delinquency import MONTHLY
from xinqiao.staff import Permission

from ..i18n import Words
from . import pictures
from .desk import Desk, Operator, console_route
from .overview import named
from .words import BUCKETS


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Reader = Annotated[Operator, Depends(desk.may(Permission.BOOK_READ))]  # noqa: N806 - a type
    house = desk.house

    @router.get("/console/book")
    def show(request: Request, who: Reader, late: str = "M1") -> Response:
        words, late = desk.words(request), late if late in MONTHLY.names else "M1"
        with house.begin() as db:
            buckets, vintages, funders = (book.balances(db=db, by=by) for by in (By.BUCKET, By.VINTAGE, By.FUNDER))
            curves = book.vintage_curves(db=db, clock=house.clock, late=late)
            parties = board.parties(db)
        bands = [words.gettext(BUCKETS[one.key]) if one.key in BUCKETS else one.key for one in buckets]
        lenders = [named(words, parties.get(UUID(one.key))) for one in funders]
        return desk.show(
            request,
            "book.html",
            totals=_totals(words, buckets),
            buckets=_part(words, buckets, bands),
            vintages=_part(words, vintages, [one.key for one in vintages]),
            funders=_part(words, funders, lenders),
            curves=pictures.vintages(curves),
            late=late,
            names=MONTHLY.names,
        )

    return router


def _part(words: Words, lines: list[Line], names: list[str]) -> dict[str, Any]:
    rows = [
        {"name": name, "loans": line.loans, "principal": words.money(line.principal), "outstanding": words.money(line.outstanding)}
        for name, line in zip(names, lines, strict=True)
    ]
    return {"rows": rows, "chart": pictures.balances(words, lines, names) if lines else None}


def _totals(words: Words, buckets: list[Line]) -> dict[str, str]:
    """What was lent, what is outstanding, and the share of it that is late."""
    lent, outstanding = (sum((getattr(one, name) for one in buckets), CNY(0)) for name in ("principal", "outstanding"))
    late: Money = sum((one.outstanding for one in buckets if one.key in MONTHLY.names), CNY(0))
    share = Decimal(late.minor) / outstanding.minor if outstanding.minor else Decimal(0)
    return {
        "loans": str(sum(one.loans for one in buckets)),
        "lent": words.money(lent),
        "outstanding": words.money(outstanding),
        "late": words.percent(share),
    }
