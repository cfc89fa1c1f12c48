"""One application: its page, and what an operator may do there."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection

from xinqiao import fraud, staff, vault
from xinqiao.fraud import Label
from xinqiao.journeys import reviewing
from xinqiao.journeys.case import look
from xinqiao.journeys.words import FIELDS, PURPOSES
from xinqiao.kit import Money, Refused
from xinqiao.staff import Permission
from xinqiao.vault import Field, Purpose, audit

from . import casefile
from .desk import Desk, Operator, Posted, console_route, go
from .errors import NotUnderstood
from .words import said


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Reader = Annotated[Operator, Depends(desk.may(Permission.APPLICATIONS_READ))]  # noqa: N806 - types
    Looking = Annotated[Posted, Depends(desk.form(Permission.APPLICATIONS_READ))]  # noqa: N806
    Reviewing = Annotated[Posted, Depends(desk.form(Permission.APPLICATIONS_REVIEW))]  # noqa: N806
    house = desk.house

    @router.get("/console/applications/{application}")
    def show(request: Request, who: Reader, application: UUID) -> Response:
        return page(desk, request, who, application)

    @router.post("/console/applications/{application}/replay")
    def replay(request: Request, form: Looking, application: UUID) -> Response:
        """Make the decisions again from their stored inputs."""
        try:
            with house.begin() as db:
                replayed = casefile.replays(desk, db, form.operator, application)
        except Refused as refusal:
            return page(desk, request, form.operator, application, problem=refusal)
        return page(desk, request, form.operator, application, replayed=replayed)

    @router.post("/console/applications/{application}/clear")
    def clear(request: Request, form: Looking, application: UUID) -> Response:
        """Values in clear: the reason is logged first, then the vault decides, and logs whatever it decides."""
        who = form.operator
        try:
            reason, purpose = form.fields.get("reason", ""), _purpose(form)
            staff.require(who.session, Permission.PERSONAL_UNMASKED, reason=reason)
            fields = [Field(name) for name in form.several.get("fields", []) if name in {one.value for one in FIELDS}]
            shown = _read(desk, who, application, fields, purpose, reason.strip())
        except Refused as refusal:
            return page(desk, request, who, application, problem=refusal, at="person")
        return page(desk, request, who, application, clear=shown, purpose=purpose)

    @router.post("/console/applications/{application}/approve")
    def approve(request: Request, form: Reviewing, application: UUID) -> Response:
        try:
            amount = _amount(form)
            band = form.fields.get("band") or None
            reviewing.approve(house, application, by=form.operator.actor, why=form.fields.get("why", ""), band=band, amount=amount)
        except Refused as refusal:
            return page(desk, request, form.operator, application, problem=refusal)
        return go(f"/console/applications/{application}", "approved")

    @router.post("/console/applications/{application}/decline")
    def decline(request: Request, form: Reviewing, application: UUID) -> Response:
        try:
            reviewing.decline(house, application, by=form.operator.actor, why=form.fields.get("why", ""))
        except Refused as refusal:
            return page(desk, request, form.operator, application, problem=refusal)
        return go(f"/console/applications/{application}", "declined")

    @router.post("/console/applications/{application}/label")
    def label(request: Request, form: Reviewing, application: UUID) -> Response:
        """What staff found out: fraud, or cleared of it."""
        try:
            given = form.need("label")
            if given not in set(Label):
                raise NotUnderstood(given[:40], ", ".join(Label), field="label")
            with house.begin() as db:
                by = str(form.operator.user.id)
                fraud.confirm(db=db, clock=house.clock, application_id=application, label=Label(given), by=by)
        except Refused as refusal:
            return page(desk, request, form.operator, application, problem=refusal)
        return go(f"/console/applications/{application}", "labelled")

    return router


def page(
    desk: Desk,
    request: Request,
    who: Operator,
    application: UUID,
    *,
    problem: Refused | None = None,
    at: str = "",
    clear: list[tuple[str, str]] | None = None,
    purpose: Purpose | None = None,
    replayed: list[dict[str, Any]] | None = None,
) -> Response:
    words = desk.words(request)
    with desk.house.begin() as db:
        file = casefile.gather(desk, db, who, words, application)
    context = {
        "clear": clear,
        "clear_purpose": said(words, PURPOSES[purpose]) if purpose else None,
        "replayed": replayed,
        "purposes": [(one.value, said(words, PURPOSES[one])) for one in casefile.UNMASK_FOR],
        "problem": problem.message(words.language) if problem else None,
        "problem_at": at,
    }
    return desk.show(request, "application.html", status=problem.status if problem else 200, **file, **context)


def _read(desk: Desk, who: Operator, application: UUID, fields: list[Field], purpose: Purpose, reason: str) -> list[tuple[str, str]]:
    """The values of the fields in clear, each with the field's code. Raises AccessDenied, PersonForgotten, NotUnderstood."""
    if not fields:
        raise NotUnderstood("fields", "choose at least one", field="fields")
    house = desk.house
    with house.begin() as db:
        person = look(db, application).person
        told = {"application": application, "purpose": purpose, "fields": fields, "reason": reason}
        audit.append(db, house.clock, [audit.Entry("staff.reason", who.actor, person, told)])
    with house.begin() as db:
        return _values(desk, db, who, person, fields, purpose)


def _values(desk: Desk, db: Connection, who: Operator, person: UUID, fields: list[Field], purpose: Purpose) -> list[tuple[str, str]]:
    common = {"db": db, "vault": desk.house.vault, "clock": desk.house.clock, "purpose": purpose, "actor": who.actor}
    found = vault.read(person=person, fields=fields, **common)
    return [(field.value, value) for field, value in found.items() if isinstance(value, str)]


def _purpose(form: Posted) -> Purpose:
    given = form.need("purpose")
    if given not in {one.value for one in casefile.UNMASK_FOR}:
        raise NotUnderstood(given[:40], ", ".join(casefile.UNMASK_FOR), field="purpose")
    return Purpose(given)


def _amount(form: Posted) -> Money | None:
    given = form.fields.get("amount", "").strip().replace(",", "")
    return Money.parse(given, "CNY") if given else None
