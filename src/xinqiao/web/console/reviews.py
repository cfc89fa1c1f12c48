"""What waits for a person, the longest waiting first."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from xinqiao.journeys import board
from xinqiao.staff import Permission

from .desk import Desk, Operator, console_route
from .overview import PER_PAGE, rows_of


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Reviewer = Annotated[Operator, Depends(desk.may(Permission.APPLICATIONS_REVIEW))]  # noqa: N806 - a type

    @router.get("/console/reviews")
    def queue(request: Request, who: Reviewer, cursor: str = "") -> Response:
        with desk.house.begin() as db:
            page = board.waiting(db, after=cursor or None, limit=PER_PAGE)
            rows = rows_of(desk, db, who, desk.words(request), page.items, board.parties(db))
        return desk.show(request, "reviews.html", rows=rows, next=page.next)

    return router
