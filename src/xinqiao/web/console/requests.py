"""What waits for a person about loans: borrowers' requests for relief, colleagues' proposals, objections to what the bureau was told."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from xinqiao.journeys import requests
from xinqiao.kit import Money, Refused
from xinqiao.servicing import reporting
from xinqiao.servicing.delinquency import MONTHLY
from xinqiao.servicing.reporting import Finding
from xinqiao.staff import Permission

from . import asking
from .desk import Desk, Operator, Posted, console_route, go
from .errors import NotUnderstood


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Reviewer = Annotated[Operator, Depends(desk.may(Permission.APPLICATIONS_REVIEW, Permission.RIGHTS_ANSWER))]  # noqa: N806 - types
    Deciding = Annotated[Posted, Depends(desk.form(Permission.APPLICATIONS_REVIEW))]  # noqa: N806
    Answering = Annotated[Posted, Depends(desk.form(Permission.RIGHTS_ANSWER, Permission.APPLICATIONS_REVIEW))]  # noqa: N806
    house = desk.house

    @router.get("/console/requests")
    def queue(request: Request, who: Reviewer) -> Response:
        return _page(desk, request)

    @router.post("/console/requests/{one}/grant")
    def grant(request: Request, form: Deciding, one: UUID) -> Response:
        try:
            why, what = form.fields.get("why", ""), form.fields.get("plan", "")
            requests.grant(house, one, by=form.operator.actor, why=why, what=what, given=form.fields)
        except Refused as refusal:
            return _page(desk, request, problem=refusal, at=one, given=form.fields)
        return go("/console/requests", "granted")

    @router.post("/console/requests/{one}/decline")
    def decline(request: Request, form: Deciding, one: UUID) -> Response:
        try:
            requests.decline(house, one, by=form.operator.actor, why=form.fields.get("why", ""))
        except Refused as refusal:
            return _page(desk, request, problem=refusal, at=one, given=form.fields)
        return go("/console/requests", "request_declined")

    @router.post("/console/disputes/{dispute}")
    def answer(request: Request, form: Answering, dispute: UUID) -> Response:
        try:
            finding = form.need("finding")
            if finding not in set(Finding):
                raise NotUnderstood(finding[:40], ", ".join(Finding), field="finding")
            now = _corrected(form) if finding == Finding.CORRECTED else None
            with house.begin() as db:
                by = str(form.operator.user.id)
                reporting.answer_dispute(db=db, clock=house.clock, dispute_id=dispute, finding=Finding(finding), by=by, now=now)
        except Refused as refusal:
            return _page(desk, request, problem=refusal, at=dispute, given=form.fields)
        return go("/console/requests", "answered")

    return router


def _page(desk: Desk, request: Request, *, problem: Refused | None = None, at: UUID | None = None, given: dict | None = None) -> Response:
    with desk.house.begin() as db:
        teller = asking.Teller(desk, db, desk.words(request))
        open_ = [teller.request(one) for one in requests.waiting(db, limit=30)]
        disputes = [teller.dispute(one) for one in reporting.open_disputes(db=db)]
    return desk.show(
        request,
        "requests.html",
        status=problem.status if problem else 200,
        open=open_,
        disputes=disputes,
        problem=problem.message(desk.words(request).language) if problem else None,
        at=at,
        given=given or {},
    )


def _corrected(form: Posted) -> dict[str, object]:
    """What the record should have said. Raises FormIncomplete, NotUnderstood."""
    try:
        since, days = date.fromisoformat(form.need("since")), int(form.need("days"))
        overdue = Money.parse(form.need("overdue"), "CNY")
    except ValueError:
        raise NotUnderstood(form.fields.get("since", "")[:40], "2026-11-22, 12", field="since") from None
    return reporting.arrears(since, days, MONTHLY.of(days) or "", overdue)
