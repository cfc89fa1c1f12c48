"""The applicant's pages, made for a phone: consent, clip, decision, offer, signature, loan, and one's own file."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from . import apply, face, loan, relief, rights, statements, wallet
from .desk import Desk
from .port import Journeys
from .session import Sealer, load_key

__all__ = ["Desk", "Journeys", "router"]


def router(house: Any, journeys: Journeys) -> APIRouter:
    """The pages under /a and /my. `house` gives the settings and the clock; `journeys` does all the work."""
    desk = Desk(journeys, house.settings, house.clock, Sealer(load_key(house.settings.home / "keys")))
    pages = APIRouter()
    for part in (apply, face, loan, relief, wallet, statements, rights):
        pages.include_router(part.routes(desk))
    return pages
