"""Consents: how many stand, by purpose and text; the newest answers and withdrawals; the texts in all their versions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from xinqiao import consent
from xinqiao.consent.texts import ALL
from xinqiao.journeys.words import PURPOSES
from xinqiao.staff import Permission

from . import casefile
from .desk import Desk, Operator, console_route
from .words import said

NEWEST = 25


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Reader = Annotated[Operator, Depends(desk.may(Permission.CONSENTS_READ))]  # noqa: N806 - a type

    @router.get("/console/consents")
    def show(request: Request, who: Reader) -> Response:
        words = desk.words(request)
        with desk.house.begin() as db:
            tallies = consent.tallies(db=db)
            newest = consent.recent(db=db, limit=NEWEST)
            ended = consent.recent(db=db, ended=True, limit=NEWEST)
        rows = [{"purpose": said(words, PURPOSES[one.purpose]), "one": one} for one in tallies]
        return desk.show(
            request,
            "consents.html",
            rows=rows,
            given=sum(one.in_force for one in tallies),
            declined=sum(one.declined for one in tallies),
            withdrawn=sum(one.withdrawn for one in tallies),
            newest=[casefile.consent_row(one, words) for one in newest],
            ended=[casefile.consent_row(one, words) for one in ended],
            texts=[text for text in sorted(ALL, key=lambda one: (one.purpose, -one.version)) if text.language == words.language],
            named={purpose.value: said(words, pair) for purpose, pair in PURPOSES.items()},
        )

    return router
