"""The access log: who looked at whose data and why, what was refused, and whether the log is as it was written."""

import base64
import binascii
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from xinqiao import staff
from xinqiao.journeys import board
from xinqiao.staff import Permission
from xinqiao.vault import audit

from . import casefile
from .desk import Desk, Operator, Posted, console_route
from .errors import NotUnderstood
from .words import PROBLEMS

PER_PAGE = 50
ACTORS = ("service", "operator", "person", "scene", "funder", "guarantor")


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Auditor = Annotated[Operator, Depends(desk.may(Permission.AUDIT_READ))]  # noqa: N806 - types
    Verifying = Annotated[Posted, Depends(desk.form(Permission.AUDIT_READ))]  # noqa: N806

    @router.get("/console/accesses")
    def show(request: Request, who: Auditor, person: str = "", actor: str = "", refused: str = "", before: str = "") -> Response:
        return _page(desk, request, person=person, actor=actor, refused=bool(refused), before=before)

    @router.post("/console/accesses/verify")
    def verify(request: Request, form: Verifying) -> Response:
        """Hash every entry anew and hold it against its chain and the signed checkpoints."""
        with desk.house.begin() as db:
            report = audit.verify(db, desk.house.vault)
        return _page(desk, request, report=report)

    return router


def _page(
    desk: Desk,
    request: Request,
    *,
    person: str = "",
    actor: str = "",
    refused: bool = False,
    before: str = "",
    report: audit.Report | None = None,
) -> Response:
    words, house = desk.words(request), desk.house
    who = _person(person)
    kind = actor if actor in ACTORS else None
    with house.begin() as db:
        found = audit.page(db, person=who, actor=kind, refused=refused, before=_place(before), limit=PER_PAGE + 1)
        logins = {str(one.id): one.login for one in staff.list_users(db=db)}
        rows = casefile.accesses(words, logins, board.parties(db), found[:PER_PAGE])
        checkpoints = audit.checkpoints(db, limit=5)
    problems = [(words.gettext(PROBLEMS.get(one.kind, one.kind)), one.where, one.says) for one in report.problems] if report else []
    return desk.show(
        request,
        "accesses.html",
        rows=rows,
        next=_cursor(found[PER_PAGE - 1]) if len(found) > PER_PAGE else None,
        person=str(who or ""),
        actor=kind or "",
        refused=refused,
        actors=ACTORS,
        checkpoints=checkpoints,
        keys=[(name, base64.b64encode(raw).decode()) for name, raw in house.vault.signer.public_keys.items()],
        signing=house.vault.signer.key,
        report=report,
        problems=problems,
    )


def _person(text: str) -> UUID | None:
    if not text.strip():
        return None
    try:
        return UUID(text.strip())
    except ValueError:
        raise NotUnderstood(text[:60], "the id of a person is needed", field="person") from None


def _cursor(one: audit.Recorded) -> str:
    return base64.urlsafe_b64encode(f"{one.at.isoformat()}|{one.lane}|{one.seq}".encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[datetime, int, int] | None:
    if not cursor:
        return None
    try:
        at, lane, seq = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("|")
        when = datetime.fromisoformat(at)
        if when.tzinfo is None:
            raise ValueError
        return when, int(lane), int(seq)
    except (ValueError, binascii.Error):
        raise NotUnderstood(cursor[:60], "use the link to the next page", field="before") from None
