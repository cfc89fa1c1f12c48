"""What a scene does: send an application, follow it, take it back."""

import base64
import binascii
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query

from xinqiao import intake
from xinqiao.intake import Application, Stage
from xinqiao.journeys import House, applying
from xinqiao.kit import Refused, plain
from xinqiao.partners import Kind, Partner
from xinqiao.vault import Actor

from .callers import Callers, IdempotencyKey, KeyFirst
from .shapes import ApplicationAnswer, ApplicationPage, ApplicationRequest, ReceivedAnswer

MOST_PORTRAIT = 4 * 1024 * 1024


class PortraitUnreadable(Refused):
    code = "api.portrait_unreadable"
    says = "The portrait must be base64 of a JPEG or PNG of at most 4 MB."
    says_zh = "portrait 须为不超过 4 MB 的 JPEG 或 PNG 图片的 base64。"


def shown(application: Application) -> dict[str, Any]:
    names = ("id", "stage", "kind", "amount", "term_months", "loan_purpose", "reference", "created_at", "updated_at")
    return plain({name: getattr(application, name) for name in names})


def routes(house: House, callers: Callers) -> APIRouter:
    router = APIRouter(tags=["scenes"], route_class=KeyFirst)
    Writer = Annotated[Partner, Depends(callers.having(Kind.SCENE, "applications:write"))]  # noqa: N806 - types
    Reader = Annotated[Partner, Depends(callers.having(Kind.SCENE, "applications:read"))]  # noqa: N806

    @router.post("/applications", status_code=201, response_model=ReceivedAnswer)
    def send(scene: Writer, key: IdempotencyKey, body: Annotated[ApplicationRequest, Body()]) -> dict[str, Any]:
        """Send an application. The answer names the address at which the applicant goes on."""
        given = dict(body.model_extra or {})
        portrait = _portrait(given.pop("portrait", None))
        received = applying.receive(house, scene=scene, body=given, portrait=portrait, key=key)
        return shown(received.application) | {"applicant_url": received.applicant_url}

    @router.get("/applications", response_model=ApplicationPage)
    def follow_all(
        scene: Reader,
        stage: Annotated[list[Stage] | None, Query()] = None,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Your applications, newest first."""
        with house.begin() as db:
            page = intake.list(db=db, scene=scene.id, stages=stage or (), cursor=cursor, limit=limit)
        return {"items": [shown(one) for one in page.items], "next": page.next}

    @router.get("/applications/{application}", response_model=ApplicationAnswer)
    def follow(scene: Reader, application: UUID) -> dict[str, Any]:
        """One of your applications and its stage."""
        with house.begin() as db:
            return shown(intake.get(db=db, application=application, scene=scene.id))

    @router.post("/applications/{application}/withdraw", response_model=ApplicationAnswer)
    def take_back(scene: Writer, application: UUID) -> dict[str, Any]:
        """Withdraw an application before its contract is signed. Repeating changes nothing."""
        with house.begin() as db:
            intake.get(db=db, application=application, scene=scene.id)
        applying.withdraw(house, application, by=Actor("scene", str(scene.id)))
        return follow(scene, application)

    return router


def _portrait(text: object) -> bytes | None:
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > MOST_PORTRAIT * 4 // 3 + 4:
        raise PortraitUnreadable(field="portrait")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PortraitUnreadable(field="portrait") from None
