"""From the offer to the last repayment: what it costs, the signature, what is owed."""

import json
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from markupsafe import Markup

from xinqiao.journeys.views import Loan, Prepayment
from xinqiao.kit import Money, Refused, new_id
from xinqiao.servicing import signing_message

from .. import pages
from ..drawings import rate
from . import pictures
from .desk import STEPS, Desk, FriendlyRoute, Posted, go, money_of
from .errors import FormIncomplete
from .session import Session
from .views import way

WITH_OFFER = ("offer", "share", "consent", "sign")


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=FriendlyRoute, include_in_schema=False)
    Own, Form = Annotated[Session, Depends(desk.session)], Annotated[Posted, Depends(desk.posted)]  # noqa: N806 - types
    here = desk.journeys

    @router.get("/my/offer")
    def offer(request: Request, own: Own) -> Response:
        standing = here.standing(own.application_id)
        if not (standing.has_offer and standing.next in WITH_OFFER):
            return desk.step(standing)
        found = here.offer(own.application_id)
        onward = "/my/sign" if standing.next in ("sign", "offer") else "/my/consent"
        language = pages.words_of(request).language
        drawn = {
            "bars": pictures.instalments(found.schedule),
            "whole": pictures.whole(found),
            "rate_drawn": Markup(rate.picture(found.breakdown, language)),  # our own SVG; every word in it is escaped by ElementTree
            "rate_rows": rate.rows(found.breakdown, language),
        }
        return desk.show(request, "offer.html", own, standing=standing, way=way(standing), offer=found, onward=onward, **drawn)

    @router.get("/my/sign")
    def sign_page(request: Request, own: Own) -> Response:
        standing = here.standing(own.application_id)
        if standing.next not in ("sign", "offer"):
            return desk.step(standing)
        offer = here.offer(own.application_id)
        fingerprint = pages.words_of(request).both(offer.contract_sha256.zh, offer.contract_sha256.en)
        context = {"offer": offer, "fingerprint": fingerprint, "signed_text": signing_message(fingerprint).decode()}
        return desk.show(request, "sign.html", own, standing=standing, way=way(standing), **context)

    @router.post("/my/sign")
    def sign(request: Request, form: Form) -> Response:
        here.sign(
            form.session.application_id,
            typed_name=form.need("typed_name"),
            contract_sha256=form.need("contract_sha256"),
            language=form.need("contract_language"),
            key=_key(form),
            signature=form.fields.get("signature") or None,
        )
        return go(STEPS[here.standing(form.session.application_id).next])

    @router.get("/my/loan")
    def loan(request: Request, own: Own, amount: str = "") -> Response:
        standing = here.standing(own.application_id)
        if standing.next != "loan":
            return desk.step(standing)
        found = here.loan(own.application_id)
        context = {
            "loan": found,
            "bars": pictures.instalments(found.schedule),
            "payment_key": str(new_id()),
            "wallet": here.wallet(own.application_id),
            "proposed": amount[:20],
        }
        return desk.show(request, "loan.html", own, standing=standing, paid="paid" in request.query_params, **context)

    @router.post("/my/loan/pay")
    def pay(form: Form) -> Response:
        found = here.loan(form.session.application_id)
        from_wallet = form.fields.get("source") == "wallet"
        here.pay(form.session.application_id, amount=_amount(form, found), key=form.need("payment_key"), from_wallet=from_wallet)
        return go("/my/loan?paid=1")

    @router.get("/my/loan/prepay")
    def prepay(request: Request, own: Own, amount: str = "") -> Response:
        """What an amount would save, asked by a form, by a slider, or by nothing: then what settles the loan."""
        standing = here.standing(own.application_id)
        if standing.next != "loan":
            return desk.step(standing)
        loan = here.loan(own.application_id)
        if not loan.payoff.is_positive:
            return go("/my/loan")
        quote, trouble = _quote(desk, request, own, loan, amount)
        part = "prepay_now.html" if "hx-request" in request.headers else "prepay.html"
        return desk.show(request, part, own, loan=loan, quote=quote, trouble=trouble, amount=amount or str(loan.payoff))

    return router


def _quote(desk: Desk, request: Request, own: Session, loan: Loan, typed: str) -> tuple[Prepayment | None, str]:
    """The quote, or why there is none."""
    try:
        amount = money_of(typed, loan.principal.currency, "amount") if typed.strip() else None
        return desk.journeys.quote(own.application_id, amount), ""
    except Refused as refusal:
        return None, refusal.message(pages.words_of(request).language)


def _amount(posted: Posted, loan: Loan) -> Money:
    """What is due today, the next instalment, all that is left, or an amount that was typed."""
    chosen = posted.need("choice")
    if chosen == "now" and loan.due_now.is_positive:
        return loan.due_now
    if chosen == "next" and loan.next_amount is not None:
        return loan.next_amount
    if chosen == "all":
        return loan.payoff
    return posted.money("amount", loan.principal.currency)


def _key(posted: Posted) -> Mapping[str, str] | None:
    """The public key that the browser made, as a JWK; None when it made none."""
    try:
        key = json.loads(posted.fields.get("public_key_jwk") or "null")
    except ValueError:
        raise FormIncomplete("public_key_jwk", field="public_key_jwk") from None
    if key is None or not posted.fields.get("signature"):
        return None
    if not isinstance(key, dict):
        raise FormIncomplete("public_key_jwk", field="public_key_jwk")
    return {str(name): str(value) for name, value in key.items()}
