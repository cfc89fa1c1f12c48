"""The operator's pages: what goes on, one application with its evidence, the book, capacity, the ledger, the log, partners, users."""

from __future__ import annotations

from fastapi import APIRouter

from xinqiao.journeys import House

from . import (
    accesses,
    application,
    book,
    checks,
    consents,
    evidence,
    funders,
    gate,
    ledger,
    liveness,
    loans,
    overview,
    partners,
    requests,
    reviews,
    users,
)
from .desk import Desk

__all__ = ["Desk", "router"]

PARTS = (
    gate,
    overview,
    application,
    evidence,
    reviews,
    checks,
    liveness,
    requests,
    book,
    funders,
    loans,
    ledger,
    accesses,
    consents,
    partners,
    users,
)


def router(house: House) -> APIRouter:
    """The pages under /console. Each asks the staff room what its user may do; the menu only shows the same."""
    desk = Desk(house)
    pages = APIRouter()
    for part in PARTS:
        pages.include_router(part.routes(desk))
    return pages
