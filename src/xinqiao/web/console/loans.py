"""One loan: what it owes and why, all that happened to it, and what staff may do to it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from xinqiao.journeys import requests
from xinqiao.kit import Refused, new_id
from xinqiao.staff import Permission

from . import loanfile
from .desk import Desk, Operator, Posted, console_route, go
from .errors import PageMissing


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Reader = Annotated[Operator, Depends(desk.may(Permission.BOOK_READ))]  # noqa: N806 - types
    Operating = Annotated[Posted, Depends(desk.form(Permission.APPLICATIONS_REVIEW))]  # noqa: N806

    @router.get("/console/loans/{loan}")
    def show(request: Request, who: Reader, loan: UUID, number: int | None = None) -> Response:
        return _page(desk, request, who, loan, number=number)

    @router.get("/console/loans/{loan}/instalments/{number}")
    def explained(request: Request, who: Reader, loan: UUID, number: int) -> Response:
        """How one instalment's numbers came about: a piece of the page, or without script the page with it open."""
        if "hx-request" not in request.headers:
            return go(f"/console/loans/{loan}?number={number}#no-{number}")
        with desk.house.begin() as db:
            why = loanfile.explained(desk, db, desk.words(request), loan, number)
        if why is None:
            raise PageMissing
        return desk.show(request, "explained.html", why=why)

    @router.post("/console/loans/{loan}/{operation}")
    def operate(request: Request, form: Operating, loan: UUID, operation: str) -> Response:
        """Carried out at once, or proposed to a colleague where it needs two."""
        who = form.operator
        try:
            key = f"console/{form.need('key')[:80]}"
            done = requests.operate(
                desk.house, loan, what=operation, given=form.fields, by=who.actor, why=form.fields.get("why", ""), key=key
            )
        except Refused as refusal:
            return _page(desk, request, who, loan, problem=refusal, at=operation, given=form)
        return go(f"/console/loans/{loan}", "operated" if done else "proposed")

    return router


def _page(
    desk: Desk,
    request: Request,
    who: Operator,
    loan: UUID,
    *,
    number: int | None = None,
    problem: Refused | None = None,
    at: str = "",
    given: Posted | None = None,
) -> Response:
    words = desk.words(request)
    with desk.house.begin() as db:
        file = loanfile.gather(desk, db, who, words, loan, number)
    return desk.show(
        request,
        "loan.html",
        status=problem.status if problem else 200,
        problem=problem.message(words.language) if problem else None,
        at=at,
        given=given.fields if given else {},
        key=str(new_id()),
        **file,
    )
