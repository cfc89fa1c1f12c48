"""From the link to the decision: one purpose a page, the wait, the answer. The clip between them is `face`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from .. import pages
from .desk import Desk, FriendlyRoute, Posted, address_of, go, sees_offer_first
from .errors import FormIncomplete, WrongMoment
from .session import Session
from .views import TODO, way

WAITING = ("wait", "review")
ENDED = ("declined", "expired", "withdrawn")


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=FriendlyRoute, include_in_schema=False)
    Own, Form = Annotated[Session, Depends(desk.session)], Annotated[Posted, Depends(desk.posted)]  # noqa: N806 - types
    here = desk.journeys

    @router.get("/")
    def welcome(request: Request) -> Response:
        return desk.show(request, "welcome.html", None)

    @router.get("/a/{token}")
    def open_link(request: Request, token: str) -> Response:
        return desk.begin(here.open_link(token), "/my")

    @router.get("/my")
    def home(request: Request, own: Own) -> Response:
        standing = here.standing(own.application_id)
        todo = TODO["offer" if sees_offer_first(standing) else standing.next]
        return desk.show(request, "home.html", own, standing=standing, way=way(standing), todo=todo, address=address_of(standing))

    @router.get("/my/consent")
    def consent(request: Request, own: Own) -> Response:
        standing = here.standing(own.application_id)
        if standing.next not in ("consent", "share"):
            return desk.step(standing)
        text = here.next_consent(own.application_id, pages.words_of(request).language)
        if text is None:
            return desk.step(here.standing(own.application_id))
        return desk.show(request, "consent.html", own, standing=standing, way=way(standing), text=text)

    @router.post("/my/consent")
    def answer(form: Form) -> Response:
        answer = form.need("answer")
        if answer not in ("agree", "decline"):
            raise FormIncomplete("answer", field="answer")
        offered = here.standing(form.session.application_id).has_offer
        here.answer_consent(
            form.session.application_id,
            display_id=_uuid(form, "display_id"),
            text_sha256=form.need("text_sha256"),
            agreed=answer == "agree",
            how=_how(form),
        )
        return _onward(desk, form.session, saw_offer=offered)

    @router.get("/my/wait")
    def wait(request: Request, own: Own) -> Response:
        standing = here.standing(own.application_id)
        if standing.next not in WAITING:
            return go(address_of(standing))
        return desk.show(request, "wait.html", own, standing=standing, way=way(standing))

    @router.get("/my/wait/now")
    def wait_now(request: Request, own: Own) -> Response:
        """A piece of the waiting page, asked for again and again; once there is news, the browser is sent on."""
        standing = here.standing(own.application_id)
        piece = desk.show(request, "wait_now.html", own, standing=standing)
        if standing.next not in WAITING:
            piece.headers["HX-Redirect"] = address_of(standing)
        return piece

    @router.get("/my/end")
    def end(request: Request, own: Own) -> Response:
        standing = here.standing(own.application_id)
        if standing.next not in ENDED:
            return desk.step(standing)
        return desk.show(request, "end.html", own, standing=standing)

    @router.post("/my/human")
    def ask_human(form: Form) -> Response:
        here.ask_human(form.session.application_id)
        return _onward(desk, form.session)

    @router.get("/my/leave")
    def leave_page(request: Request, own: Own) -> Response:
        standing = here.standing(own.application_id)
        if standing.next in (*ENDED, "loan"):
            return desk.step(standing)
        return desk.show(request, "leave.html", own, standing=standing)

    @router.post("/my/leave")
    def leave(form: Form) -> Response:
        here.leave(form.session.application_id)
        return _onward(desk, form.session)

    return router


def _onward(desk: Desk, session: Session, *, saw_offer: bool = False) -> Response:
    return go(address_of(desk.journeys.standing(session.application_id), saw_offer=saw_offer))


def _how(posted: Posted) -> dict[str, object]:
    """How the text was shown and answered, as far as the page can honestly say; without script it says less."""
    how: dict[str, object] = {"surface": "applicant_page", "method": "button", "preticked": False}
    seconds, scrolled = posted.fields.get("seconds_shown", ""), posted.fields.get("scrolled_to_end", "")
    if seconds.replace(".", "", 1).isdecimal() and len(seconds) < 10:
        how["seconds_shown"] = seconds
    if scrolled in ("yes", "no"):
        how["scrolled_to_end"] = scrolled == "yes"
    return how


def _uuid(posted: Posted, name: str) -> UUID:
    try:
        return UUID(posted.need(name))
    except ValueError:
        raise WrongMoment from None
