"""The borrower's wallet: its balance, money in and out by the simulated bank, and its statement."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from xinqiao.kit import new_id

from ..statements.wallet import WHAT
from .desk import Desk, FriendlyRoute, Posted, go
from .errors import FormIncomplete
from .session import Session

WAYS = ("top_up", "pay_out")


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=FriendlyRoute, include_in_schema=False)
    Own, Form = Annotated[Session, Depends(desk.session)], Annotated[Posted, Depends(desk.posted)]  # noqa: N806 - types
    here = desk.journeys

    @router.get("/my/wallet")
    def show(request: Request, own: Own) -> Response:
        standing = here.standing(own.application_id)
        if standing.next != "loan":
            return desk.step(standing)
        keys = {way: str(new_id()) for way in WAYS}
        context = {
            "wallet": here.wallet(own.application_id),
            "keys": keys,
            "what": WHAT,
            "today": desk.clock.today(desk.settings.timezone),
            "moved": "moved" in request.query_params,
        }
        return desk.show(request, "wallet.html", own, **context)

    @router.post("/my/wallet")
    def move(form: Form) -> Response:
        way = form.need("way")
        if way not in WAYS:
            raise FormIncomplete("way", field="way")
        here.move(form.session.application_id, way=way, amount=form.money("amount", "CNY"), key=form.need("payment_key"))
        return go("/my/wallet?moved=1")

    return router
