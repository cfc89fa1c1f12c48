"""What every page of the applicant needs: the session, the posted form, the page itself, and refusals that a person can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from xinqiao.journeys.views import Standing
from xinqiao.kit import Clock, Money, Refused, Settings

from .. import pages
from ..forms import is_from_own_page
from .errors import ForeignForm, FormIncomplete, NoSession, PageMissing
from .port import Journeys
from .session import COOKIE, LASTS, Sealer, Session

STEPS = {
    "consent": "/my/consent",
    "face": "/my/face",
    "wait": "/my/wait",
    "review": "/my/wait",
    "offer": "/my/offer",
    "share": "/my/consent",
    "sign": "/my/sign",
    "loan": "/my/loan",
    "declined": "/my/end",
    "expired": "/my/end",
    "withdrawn": "/my/end",
}
"""The page of each next step."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A form that came from our own page: its fields, and its files that are not empty."""

    session: Session
    fields: Mapping[str, str]
    files: Mapping[str, bytes]

    def need(self, name: str) -> str:
        """Raises FormIncomplete when the field is absent or blank."""
        value = self.fields.get(name, "").strip()
        if not value:
            raise FormIncomplete(name, field=name)
        return value

    def money(self, name: str, currency: str) -> Money:
        """A positive amount as people write it. Raises FormIncomplete, NotAnAmount."""
        return money_of(self.need(name), currency, name)


def money_of(typed: str, currency: str, field: str) -> Money:
    """A positive amount as people write it; a refusal names the field. Raises FormIncomplete, NotAnAmount."""
    try:
        amount = Money.parse(typed.replace(",", "").replace("，", "").strip().lstrip("¥￥").strip(), currency)
    except Refused as refusal:
        refusal.field = field
        raise
    if not amount.is_positive:
        raise FormIncomplete(field, field=field)
    return amount


@dataclass(frozen=True, slots=True)
class Desk:
    journeys: Journeys
    settings: Settings
    clock: Clock
    sealer: Sealer

    def session(self, request: Request) -> Session:
        """The session of this request; raises NoSession."""
        session = self.sealer.read(request.cookies.get(COOKIE), self.clock.now())
        if session is None:
            raise NoSession
        return session

    async def posted(self, request: Request) -> Posted:
        """The form of this request; raises NoSession, ForeignForm."""
        session = self.session(request)
        if not is_from_own_page(request, self.settings.address):
            raise ForeignForm
        async with request.form(max_files=2, max_fields=40) as form:
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            request.state.given = fields
            files = {name: await value.read() for name, value in form.items() if isinstance(value, UploadFile)}
        if not self.sealer.is_form_token(session, fields.get("form_token", "")):
            raise ForeignForm
        return Posted(session, fields, {name: content for name, content in files.items() if content})

    def begin(self, application_id: Any, address: str) -> Response:
        """Send the person on with a session of their application."""
        response = pages.harden(RedirectResponse(address, 303))
        cookie = self.sealer.start(application_id, self.clock.now())
        secure = self.settings.address.startswith("https://")
        response.set_cookie(COOKIE, cookie, max_age=int(LASTS.total_seconds()), httponly=True, samesite="lax", secure=secure)
        return response

    def show(self, request: Request, template: str, session: Session | None, **context: Any) -> Response:
        """A page; after a form that was refused it says what was wrong and holds what was filled in."""
        token = self.sealer.form_token(session) if session else ""
        refusal: Refused | None = getattr(request.state, "refusal", None)
        known = {
            "form_token": token,
            "given": getattr(request.state, "given", {}),
            "problem": refusal.message(pages.words_of(request).language) if refusal else None,
            "wrong": refusal.field if refusal else None,
        }
        return pages.render(
            request, f"applicant/{template}", status=refusal.status if refusal else 200, zone=self.settings.timezone, **known, **context
        )

    def step(self, standing: Standing) -> Response:
        """Send the person to the page of the next step."""
        return go(STEPS[standing.next])


def address_of(standing: Standing, *, saw_offer: bool = False) -> str:
    """The page of the next step; a new offer is seen before anything more is asked."""
    return "/my/offer" if sees_offer_first(standing) and not saw_offer else STEPS[standing.next]


def sees_offer_first(standing: Standing) -> bool:
    return standing.has_offer and standing.next in ("consent", "share", "offer")


def go(address: str) -> Response:
    return pages.harden(RedirectResponse(address, 303))


class FriendlyRoute(APIRoute):
    """Answers a refusal with a page (or with a problem, for a program that asks for one).

    A mistake in a form leads back to the form, with what was filled in and what would be right.
    """

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except Refused as refusal:
                return await again(request, refusal) or pages.error(request, refusal)
            except RequestValidationError:
                return pages.error(request, PageMissing())
            except HTTPException as error:
                return pages.error(request, PageMissing() if error.status_code == 404 else ForeignForm())

        return answer


FORMS = {"/my/loan/pay": "/my/loan", "/my/wallet/statement": "/my/wallet"}
"""Where a form stands whose answer goes to another address than its own page."""


async def again(request: Request, refusal: Refused) -> Response | None:
    """The page of the form whose answer was refused for one of its fields; None where there is none to go back to."""
    fillable = request.method == "POST" and refusal.field is not None and pages.wants_page(request)
    if not fillable or hasattr(request.state, "refusal") or not hasattr(request.state, "given"):
        return None
    path = FORMS.get(request.url.path, request.url.path)
    scope = {**request.scope, "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    scope["state"] = {"given": request.state.given, "refusal": refusal}
    return await _ask(request, scope)


async def _ask(request: Request, scope: dict[str, Any]) -> Response | None:
    """The answer of our own router to another request; None unless it is a page that tells the refusal."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    for name in ("endpoint", "route", "path_params"):
        scope.pop(name, None)
    await request.app.router(scope, receive, send)
    start, *rest = sent
    if start["status"] != scope["state"]["refusal"].status:
        return None
    response = Response(b"".join(part.get("body", b"") for part in rest), start["status"])
    response.raw_headers = list(start["headers"])
    return response
