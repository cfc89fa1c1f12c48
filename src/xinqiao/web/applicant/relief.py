"""When paying is hard, and when the bureau was told something wrong: a request that a person answers, an objection with its deadline."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from xinqiao.journeys.requests import Reason, Wish
from xinqiao.servicing.reporting import Ground

from .desk import Desk, FriendlyRoute, Posted, go
from .errors import WrongMoment
from .session import Session
from .views import N_

REASONS = {
    Reason.INCOME: N_("I earn less, or lost my job"),
    Reason.ILLNESS: N_("I am ill, or somebody in my care is"),
    Reason.BUSINESS: N_("My business goes badly"),
    Reason.DISASTER: N_("A disaster or an accident"),
    Reason.FAMILY: N_("Something in the family"),
    Reason.OTHER: N_("Something else"),
}
WISHES = {
    Wish.PAUSE: N_("Skip a payment; everything falls due a month later"),
    Wish.LONGER: N_("More payments, each of them smaller"),
    Wish.LATER: N_("Pay on another day of the month"),
    Wish.SPREAD: N_("Spread what is late over the payments to come"),
}
GROUNDS = {
    Ground.NOT_MINE: N_("This is not my loan"),
    Ground.ALREADY_PAID: N_("I had paid already"),
    Ground.WRONG_AMOUNT: N_("The amount is wrong"),
    Ground.WRONG_DATE: N_("The date is wrong"),
    Ground.NO_CONSENT: N_("I did not agree to reporting"),
    Ground.NO_NOTICE: N_("I was not told before"),
    Ground.OTHER: N_("Something else"),
}
KINDS = {
    "negative": N_("A payment is late"),
    "cleared": N_("What was late has been paid"),
    "deleted": N_("Taken back: it did not stand"),
    "expired": N_("Taken back: its years are over"),
}
STATES = {
    "open": N_("A person is looking at it"),
    "done": N_("Granted"),
    "declined": N_("Not granted"),
    "withdrawn": N_("Taken back by you"),
}
FINDINGS = {"stands": N_("We checked it: it was right and stays."), "corrected": N_("It was corrected."), "deleted": N_("It was deleted.")}


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=FriendlyRoute, include_in_schema=False)
    Own, Form = Annotated[Session, Depends(desk.session)], Annotated[Posted, Depends(desk.posted)]  # noqa: N806 - types
    here = desk.journeys

    @router.get("/my/relief")
    def relief(request: Request, own: Own) -> Response:
        standing = here.standing(own.application_id)
        if standing.next != "loan":
            return desk.step(standing)
        found = here.reliefs(own.application_id)
        context = {
            "reasons": REASONS,
            "wishes": WISHES,
            "states": STATES,
            "asked": found,
            "open": any(one.state == "open" for one in found),
        }
        return desk.show(request, "relief.html", own, **context)

    @router.post("/my/relief")
    def ask(form: Form) -> Response:
        here.ask_relief(form.session.application_id, reason=form.need("reason"), wish=form.need("wish"))
        return go("/my/relief")

    @router.post("/my/relief/{request_id}/withdraw")
    def withdraw(request_id: UUID, form: Form) -> Response:
        here.withdraw_relief(form.session.application_id, request_id)
        return go("/my/relief")

    @router.get("/my/bureau")
    def bureau(request: Request, own: Own) -> Response:
        standing = here.standing(own.application_id)
        if standing.next != "loan":
            return desk.step(standing)
        told = here.told(own.application_id)
        return desk.show(request, "bureau.html", own, told=told, kinds=KINDS, grounds=GROUNDS, findings=FINDINGS)

    @router.post("/my/bureau")
    def dispute(form: Form) -> Response:
        here.dispute(form.session.application_id, _uuid(form), ground=form.need("ground"))
        return go("/my/bureau")

    return router


def _uuid(form: Posted) -> UUID:
    try:
        return UUID(form.need("record"))
    except ValueError:
        raise WrongMoment from None
