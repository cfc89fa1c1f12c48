"""What a guarantor sees: the capacity it gave, and how much of it stands."""


from typing import Annotated, Any

from fastapi import APIRouter, Depends

from xinqiao import funding
from xinqiao.journeys import House
from xinqiao.partners import Kind, Partner

from .callers import Callers
from .funders import lines
from .shapes import CapacityLine


def routes(house: House, callers: Callers) -> APIRouter:
    router = APIRouter(tags=["guarantors"])
    Reader = Annotated[Partner, Depends(callers.having(Kind.GUARANTOR, "guarantees:read"))]  # noqa: N806 - a type

    @router.get("/guarantor/capacity", response_model=list[CapacityLine])
    def capacity(guarantor: Reader) -> list[dict[str, Any]]:
        with house.begin() as db:
            return lines(funding.book_of(db=db, partner_id=guarantor.id))

    return router
