"""What a guarantor sees: the capacity it gave, how much of it stands, and the loans it stands for."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from xinqiao import funding, servicing
from xinqiao.journeys import House
from xinqiao.partners import Kind, Partner

from .callers import Callers, KeyFirst
from .funders import lines, page
from .shapes import CapacityLine, LoanPage


def routes(house: House, callers: Callers) -> APIRouter:
    router = APIRouter(tags=["guarantors"], route_class=KeyFirst)
    Reader = Annotated[Partner, Depends(callers.having(Kind.GUARANTOR, "guarantees:read"))]  # noqa: N806 - a type

    @router.get("/guarantor/capacity", response_model=list[CapacityLine])
    def guarantor_capacity(guarantor: Reader) -> list[dict[str, Any]]:
        """What you cover in all and at most by region, term, scene and funder, and how much of it is taken."""
        with house.begin() as db:
            return lines(funding.book_of(db=db, partner_id=guarantor.id))

    @router.get("/guarantor/loans", response_model=LoanPage)
    def guaranteed_loans(guarantor: Reader, before: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> dict[str, Any]:
        """The loans you stand for, newest first; pass `next` as `before` for the page that follows."""
        with house.begin() as db:
            found = servicing.loans_of_guarantor(db=db, clock=house.clock, guarantor_id=guarantor.id, limit=limit + 1, before=before)
        return page(found, limit)

    return router
