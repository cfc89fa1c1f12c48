"""The face check: the page, the colours that it shows, the clip that it sends, and the way of who wants none of it.

The page's script asks for JSON and stays where it is until it knows where to go; without script the same form is answered with pages.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from xinqiao.journeys.views import FaceAnswer, Said, Standing
from xinqiao.kit import Refused

from .. import pages
from .desk import Desk, FriendlyRoute, Posted, address_of, go
from .errors import FormIncomplete
from .session import Session
from .views import way

MOST_LABEL, MOST_AGENT = 200, 500
"""Characters kept of what a browser calls its camera, and itself."""
ROOM_FOR_FORM = 256 * 1024


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=FriendlyRoute, include_in_schema=False)
    Own, Form = Annotated[Session, Depends(desk.session)], Annotated[Posted, Depends(desk.posted)]  # noqa: N806 - types
    here = desk.journeys

    @router.get("/my/face")
    def face(request: Request, own: Own) -> Response:
        standing = here.standing(own.application_id)
        if standing.next != "face":
            return desk.step(standing)
        return _page(desk, request, own, standing)

    @router.post("/my/face/challenge")
    def challenge(form: Form) -> Response:
        """What the screen is to show while the camera records; asked for at the last moment, since it lives for seconds."""
        issued = here.issue_challenge(form.session.application_id)
        return pages.harden(Response(issued.to_json(), media_type="application/json"))

    @router.post("/my/face")
    def submit(request: Request, form: Form) -> Response:
        try:
            found = here.submit_face(form.session.application_id, **_sent(request, form))
        except Refused as refusal:
            return _refused(desk, request, form.session.application_id, refusal)
        standing = here.standing(form.session.application_id)
        again = found.outcome == "retry" and standing.next == "face"
        if not pages.wants_page(request):
            return pages.harden(JSONResponse(_told(request, standing, found) if again else {"next": address_of(standing)}))
        return _page(desk, request, form.session, standing, found.instructions) if again else go(address_of(standing))

    @router.post("/my/face/refuse")
    def refuse(form: Form) -> Response:
        here.refuse_face(form.session.application_id)
        return go(address_of(here.standing(form.session.application_id)))

    return router


def _sent(request: Request, form: Posted) -> dict[str, Any]:
    """The clip, and what came with it. Raises FormIncomplete."""
    clip = form.files.get("clip")
    if clip is None:
        raise FormIncomplete("clip", field="clip")
    return {
        "clip": clip,
        "portrait": form.files.get("portrait"),
        "challenge": form.fields.get("challenge") or None,
        "flashes": form.fields.get("flashes") != "no",
        "camera": form.fields.get("camera", "")[:MOST_LABEL] or None,
        "agent": request.headers.get("user-agent", "")[:MOST_AGENT] or None,
    }


def _refused(desk: Desk, request: Request, application: UUID, refusal: Refused) -> Response:
    """A clip or a challenge that cannot be taken leads back to the page; where it was the last try, to what comes next."""
    standing = desk.journeys.standing(application)
    if standing.next != "face":
        return go(address_of(standing)) if pages.wants_page(request) else pages.harden(JSONResponse({"next": address_of(standing)}))
    refusal.field = refusal.field or "clip"
    raise refusal


def _told(request: Request, standing: Standing, found: FaceAnswer) -> dict[str, Any]:
    """What to do better, in the reader's words, and how often it may be tried."""
    words = pages.words_of(request)
    return {"next": None, "instructions": [words.both(said.zh, said.en) for said in found.instructions], "left": standing.face_tries_left}


def _page(desk: Desk, request: Request, session: Session, standing: Standing, tips: Sequence[Said] = ()) -> Response:
    context = {
        "way": way(standing),
        "tips": tips,
        "max_bytes": desk.settings.max_body_bytes - ROOM_FOR_FORM,
        "clip": _played(desk, request),
    }
    return desk.show(request, "face.html", session, camera=True, standing=standing, **context)


def _played(desk: Desk, request: Request) -> str | None:
    """In the demonstration: the address of the rendered clip of the invented person whom the visitor plays."""
    person = request.cookies.get("demo_person", "")
    return f"/shop/clips/{person}.webm" if desk.settings.demo and re.fullmatch(r"[a-z0-9]{1,12}", person) else None
