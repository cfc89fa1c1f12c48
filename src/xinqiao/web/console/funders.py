"""Funders and guarantors: capacity used and left, what the market's prices say, questions, and their terms."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from xinqiao import funding, partners
from xinqiao.funding import Standing
from xinqiao.journeys import board
from xinqiao.kit import Money, Refused
from xinqiao.partners import Kind, Partner
from xinqiao.staff import Permission

from ..i18n import Words
from .desk import Desk, Operator, Posted, console_route, go
from .errors import PageMissing, TermsNotJson
from .overview import named
from .words import DIMENSIONS, STATES

NEWEST = 30


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Reader = Annotated[Operator, Depends(desk.may(Permission.BOOK_READ))]  # noqa: N806 - types
    Manager = Annotated[Posted, Depends(desk.form(Permission.POLICY_MANAGE, Permission.PARTNERS_MANAGE))]  # noqa: N806
    house = desk.house

    @router.get("/console/funders")
    def everyone(request: Request, who: Reader) -> Response:
        words = desk.words(request)
        with house.begin() as db:
            parties, standings = board.parties(db), funding.standings(db=db)
        rows = [_summary(words, parties, one) for one in standings]
        unpublished = [one for one in parties.values() if one.kind is not Kind.SCENE and one.id not in {s.partner_id for s in standings}]
        return desk.show(
            request,
            "funders.html",
            funders=sorted((row for row in rows if row["role"] == "funder"), key=lambda row: row["name"]),
            guarantors=sorted((row for row in rows if row["role"] == "guarantor"), key=lambda row: row["name"]),
            unpublished=[{"id": one.id, "name": named(words, one)} for one in unpublished],
        )

    @router.get("/console/funders/{partner}")
    def one(request: Request, who: Reader, partner: UUID) -> Response:
        return _page(desk, request, partner)

    @router.post("/console/funders/{partner}/terms")
    def publish(request: Request, form: Manager, partner: UUID) -> Response:
        """Put new terms in force. What is wrong with them is said, and what was typed stays."""
        typed = form.fields.get("terms", "")
        try:
            data = _parsed(typed)
            with house.begin() as db:
                known = partners.get(db=db, partner=partner)
                if known.kind is Kind.FUNDER:
                    funding.publish_funder(db=db, clock=house.clock, funder_id=partner, data=data)
                elif known.kind is Kind.GUARANTOR:
                    funding.publish_guarantor(db=db, clock=house.clock, guarantor_id=partner, data=data)
                else:
                    raise PageMissing
        except Refused as refusal:
            return _page(desk, request, partner, typed=typed, refusal=refusal)
        return go(f"/console/funders/{partner}", "published")

    return router


def _page(desk: Desk, request: Request, partner: UUID, *, typed: str | None = None, refusal: Refused | None = None) -> Response:
    words, house = desk.words(request), desk.house
    with house.begin() as db:
        known, parties = partners.get(db=db, partner=partner), board.parties(db)
        if known.kind is Kind.SCENE:
            raise PageMissing
        standing = next((one for one in funding.standings(db=db) if one.partner_id == partner), None)
        questions = funding.questions_to(db=db, funder_id=partner) if known.kind is Kind.FUNDER else []
        held = funding.reservations_of(db=db, funder_id=partner, limit=NEWEST) if known.kind is Kind.FUNDER else []
    terms = json.dumps(standing.terms if standing else {}, ensure_ascii=False, indent=2)
    return desk.show(
        request,
        "funder.html",
        status=refusal.status if refusal else 200,
        partner=known,
        name=named(words, known),
        standing=_summary(words, parties, standing) if standing else None,
        questions=questions,
        held=[_held(words, parties, one) for one in held],
        terms=terms if typed is None else typed,
        problem=refusal.message(words.language) if refusal else None,
    )


def _summary(words: Words, parties: Mapping[UUID, Partner], one: Standing) -> dict[str, Any]:
    lines = [_line(words, parties, line) for line in one.lines]
    return {
        "id": one.partner_id,
        "role": one.role,
        "name": named(words, parties.get(one.partner_id)),
        "version": one.version,
        "open": one.open,
        "at": one.published_at,
        "root": lines[0] if lines else None,
        "lines": lines[1:],
        "priced": sum(line["priced"] for line in lines),
    }


def _line(words: Words, parties: Mapping[UUID, Partner], line: Any) -> dict[str, Any]:
    """One capacity as a bar. The price is in the currency's unit for each 10,000 lent: what the market would give for more of it."""
    share = Decimal(max(line.used.minor, 0)) / line.cap.minor if line.cap.minor else Decimal(0)
    return {
        "word": words.gettext(DIMENSIONS.get(line.dimension, line.dimension)),
        "key": _key(words, parties, line.dimension, line.key),
        "used": words.money(line.used),
        "left": words.money(line.left),
        "cap": words.money(line.cap),
        "share": words.percent(share, 0),
        "value": line.used.minor,
        "most": max(line.cap.minor, line.used.minor, 1),
        "price": words.money(Money(line.price, line.cap.currency)) if line.price else "–",
        "priced": line.price > 0,
    }


def _key(words: Words, parties: Mapping[UUID, Partner], dimension: str, key: str) -> str:
    if dimension in ("scene", "guarantor"):
        try:
            return named(words, parties.get(UUID(key)))
        except ValueError:
            return key
    return words.gettext("%(n)s months") % {"n": key} if dimension == "term" else key


def _held(words: Words, parties: Mapping[UUID, Partner], one: Any) -> dict[str, Any]:
    word, tone = STATES.get(one.state.value, (one.state.value, ""))
    return {
        "application": one.application_id,
        "state": (words.gettext(word), tone),
        "amount": words.money(one.amount),
        "outstanding": words.money(one.outstanding),
        "rate": words.percent(one.annual_rate),
        "guarantor": named(words, parties.get(one.guarantor_id)) if one.guarantor_id else "–",
        "at": one.made_at,
    }


def _parsed(typed: str) -> dict[str, Any]:
    """The terms as JSON, numbers kept as they are written. Raises TermsNotJson, which names the place."""
    try:
        data = json.loads(typed, parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise TermsNotJson(error.msg, error.lineno, error.colno, field="terms") from None
    except RecursionError:
        raise TermsNotJson("too deep", 1, 1, field="terms") from None
    if not isinstance(data, dict):
        raise TermsNotJson("an object is needed", 1, 1, field="terms")
    return data
