"""One loan: what it owes and why, its instalments, what was booked on it, and what the bureau was told."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from xinqiao.staff import Permission

from . import loanfile
from .desk import Desk, Operator, console_route


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Reader = Annotated[Operator, Depends(desk.may(Permission.BOOK_READ))]  # noqa: N806 - a type

    @router.get("/console/loans/{loan}")
    def show(request: Request, who: Reader, loan: UUID) -> Response:
        with desk.house.begin() as db:
            file = loanfile.gather(desk, db, desk.words(request), loan)
        return desk.show(request, "loan.html", **file)

    return router
