"""One's own file: what I agreed to, what is held about me, who looked, and the way to change or end each."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from .. import pages
from .desk import Desk, FriendlyRoute, Posted, go
from .errors import PageMissing
from .session import COOKIE, Session


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=FriendlyRoute, include_in_schema=False)
    Own, Form = Annotated[Session, Depends(desk.session)], Annotated[Posted, Depends(desk.posted)]  # noqa: N806 - types
    here = desk.journeys

    @router.get("/my/consents")
    def consents(request: Request, own: Own) -> Response:
        return desk.show(request, "consents.html", own, receipts=here.receipts(own.application_id))

    @router.get("/my/consents/{receipt_id}/withdraw")
    def withdraw_page(request: Request, receipt_id: UUID, own: Own) -> Response:
        receipt = next((one for one in here.receipts(own.application_id) if one.receipt_id == receipt_id and one.is_live), None)
        if receipt is None:
            raise PageMissing
        return desk.show(request, "withdraw.html", own, receipt=receipt)

    @router.post("/my/consents/{receipt_id}/withdraw")
    def withdraw(receipt_id: UUID, form: Form) -> Response:
        here.withdraw_consent(form.session.application_id, receipt_id)
        return go("/my/consents")

    @router.get("/my/data")
    def data(request: Request, own: Own) -> Response:
        held = here.held(own.application_id)
        return desk.show(request, "data.html", own, held=held, corrected=request.query_params.get("corrected", ""))

    @router.post("/my/data/copy")
    def copy(form: Form) -> Response:
        """A post, so that no link or prefetch takes a copy that nobody asked for."""
        file = pages.harden(Response(here.copy(form.session.application_id), media_type="application/json"))
        file.headers["Content-Disposition"] = 'attachment; filename="xinqiao-my-data.json"'
        return file

    @router.get("/my/data/{field}/correct")
    def correct_page(request: Request, field: str, own: Own) -> Response:
        one = next((one for one in here.held(own.application_id) if one.field == field and one.correctable), None)
        if one is None:
            raise PageMissing
        return desk.show(request, "correct.html", own, one=one)

    @router.post("/my/data/{field}/correct")
    def correct(field: str, form: Form) -> Response:
        here.correct(form.session.application_id, field=field, value=form.need("value"))
        return go(f"/my/data?corrected={field}")

    @router.get("/my/forget")
    def forget_page(request: Request, own: Own) -> Response:
        return desk.show(request, "forget.html", own, standing=here.standing(own.application_id))

    @router.post("/my/forget")
    def forget(request: Request, form: Form) -> Response:
        form.need("sure")
        here.forget(form.session.application_id)
        response = desk.show(request, "forgotten.html", None)
        response.delete_cookie(COOKIE)
        return response

    @router.get("/my/accesses")
    def accesses(request: Request, own: Own) -> Response:
        return desk.show(request, "accesses.html", own, accesses=here.accesses(own.application_id))

    return router
