"""What every page of the console needs: whose session it is, what they may do, the posted form, the frame, and refusals in words."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from xinqiao import staff
from xinqiao.journeys import House
from xinqiao.kit import Refused
from xinqiao.staff import Permission, Role, Session
from xinqiao.staff.errors import PermissionMissing, SecondFactorNeeded, SessionOver
from xinqiao.vault import Actor

from .. import pages
from ..forms import is_from_own_page
from ..i18n import Words
from .errors import ForeignForm, FormIncomplete, NotUnderstood, PageMissing, PasswordFirst, RoleMayNot
from .words import N_, PERMISSIONS, ROLES, ROOMS

COOKIE = "xinqiao_console"
DONE = {
    "saved": N_("Saved."),
    "approved": N_("Approved: the application goes on to the funders."),
    "declined": N_("Declined, for good."),
    "labelled": N_("Recorded; linked applications are judged by it from now on."),
    "granted": N_("Agreed and carried out."),
    "request_declined": N_("Declined; the reason stays with the request."),
    "answered": N_("Answered; the bureau is told."),
    "operated": N_("Done, and booked."),
    "proposed": N_("Proposed: a colleague has to confirm it."),
    "published": N_("Published: the terms are in force."),
    "suspended": N_("Suspended: every key of the partner is refused from now on."),
    "resumed": N_("Resumed."),
    "revoked": N_("Revoked: the key is refused from now on."),
    "redriven": N_("Will be sent again."),
    "password": N_("Your password is changed; your other sessions have ended."),
}
"""What a page says after a form was taken, by the word in its address."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who asks, with the token of their session."""

    session: Session
    token: str

    @property
    def user(self) -> staff.User:
        return self.session.user

    @property
    def actor(self) -> Actor:
        return self.session.user.actor

    @property
    def sees_people(self) -> bool:
        """Whether the vault shows masks to the role; an administrator is not even asked, so that the log is not filled with refusals."""
        return self.user.role is not Role.ADMIN

    @property
    def form_token(self) -> str:
        """Bound to the session: a page that cannot read the cookie cannot make it."""
        digest = hmac.digest(self.token.encode(), b"xinqiao console form", "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def may(self, permission: str) -> bool:
        return self.session.second_factor and self.user.may(Permission(permission))


@dataclass(frozen=True, slots=True)
class Posted:
    """A form that came from our own page."""

    operator: Operator
    fields: Mapping[str, str]
    several: Mapping[str, list[str]]

    def need(self, name: str) -> str:
        """Raises FormIncomplete when the field is absent or blank."""
        value = self.fields.get(name, "").strip()
        if not value:
            raise FormIncomplete(name, field=name)
        return value

    def uuid(self, name: str) -> UUID:
        try:
            return UUID(self.need(name))
        except ValueError:
            raise NotUnderstood(self.need(name)[:80], "an id is needed", field=name) from None


@dataclass(frozen=True, slots=True)
class Desk:
    house: House

    def session(self, request: Request) -> Operator:
        """The session of this request, however far it has come; raises SessionOver."""
        token = request.cookies.get(COOKIE, "")
        with self.house.begin() as db:
            operator = Operator(staff.session_of(db=db, clock=self.house.clock, token=token), token)
        request.state.operator = operator
        return operator

    def may(self, *permissions: Permission) -> Callable[[Request], Operator]:
        """A dependency: the operator, when their role has one of these. Raises SessionOver, PasswordFirst, SecondFactorNeeded, PermissionMissing."""

        def check(request: Request) -> Operator:
            operator = self.session(request)
            if operator.user.must_change_password:
                raise PasswordFirst
            held = [one for one in permissions if operator.may(one)]
            staff.require(operator.session, (held or permissions)[0], reason="checked where the data are read")
            return operator

        return check

    async def posted(self, request: Request) -> Posted:
        """The form of this request, of a session that may still be setting itself up. Raises SessionOver, ForeignForm."""
        operator = await run_in_threadpool(self.session, request)
        return await self._form(request, operator)

    def form(self, *permissions: Permission) -> Callable[[Request], Any]:
        """A dependency: the form, when the role has one of these permissions."""
        check = self.may(*permissions)

        async def read(request: Request) -> Posted:
            return await self._form(request, await run_in_threadpool(check, request))

        return read

    async def _form(self, request: Request, operator: Operator) -> Posted:
        if not self.is_ours(request):
            raise ForeignForm
        async with request.form(max_files=0, max_fields=60) as form:
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            several = {name: [value for value in form.getlist(name) if isinstance(value, str)] for name in form}
        if not hmac.compare_digest(fields.get("form_token", "").encode(), operator.form_token.encode()):
            raise ForeignForm
        return Posted(operator, fields, several)

    def words(self, request: Request) -> Words:
        return pages.words_of(request, self.house.settings.timezone)

    def is_ours(self, request: Request) -> bool:
        return is_from_own_page(request, self.house.settings.address)

    def begin(self, session: Session, address: str) -> Response:
        """Send a signed-in operator on with the cookie of their session; it is sent to the console alone."""
        response = go(address)
        secure = self.house.settings.address.startswith("https://")
        response.set_cookie(COOKIE, session.token or "", path="/console", httponly=True, samesite="strict", secure=secure)
        return response

    def show(self, request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
        operator: Operator | None = getattr(request.state, "operator", None)
        return pages.render(
            request,
            f"console/{template}",
            status=status,
            zone=self.house.settings.timezone,
            demo=self.house.settings.demo,
            now=self.house.clock.now(),
            done=DONE.get(request.query_params.get("done", "")),
            **_frame(request, operator),
            **({"problem": None} | context),
        )

    def refuse(self, request: Request, refusal: Refused) -> Response:
        """A refusal as a page with the console's frame, or the way to where the session must go first."""
        if isinstance(refusal, SessionOver) and pages.wants_page(request):
            back = request.url.path if request.method == "GET" and request.url.path.startswith("/console") else "/console"
            return go(f"/console/login?next={quote(back)}")
        if isinstance(refusal, PasswordFirst):
            return go("/console/password")
        if isinstance(refusal, SecondFactorNeeded):
            return go("/console/authenticator")
        if isinstance(refusal, PermissionMissing) and pages.wants_page(request):
            role, permission = refusal.args
            gettext = self.words(request).gettext
            refusal = RoleMayNot(gettext(ROLES[role]), gettext(PERMISSIONS.get(permission, permission)))
        operator = getattr(request.state, "operator", None)
        context = {
            **_frame(request, operator),
            "done": None,
            "demo": self.house.settings.demo,
            "now": self.house.clock.now(),
        }
        return pages.error(request, refusal, template="console/error.html", **context)


def _frame(request: Request, operator: Operator | None) -> dict[str, Any]:
    """The rail of rooms that the role may use, and who is signed in."""
    if operator is None:
        return {"user": None, "rooms": [], "form_token": "", "operator": None}
    gettext = pages.words_of(request).gettext
    ready = operator.session.second_factor and not operator.user.must_change_password
    groups = [
        (
            group and gettext(group),
            [
                (one.name, one.address, gettext(one.word), one.icon)
                for one in entries
                if operator.may(one.permission) or (one.also and operator.may(one.also))
            ],
        )
        for group, entries in ROOMS
        if ready
    ]
    user = {"name": operator.user.login, "role": gettext(ROLES[operator.user.role.value])}
    return {"user": user, "rooms": [one for one in groups if one[1]], "form_token": operator.form_token, "operator": operator}


def go(address: str, done: str = "") -> Response:
    """Send the browser on; `done` is a word of DONE."""
    mark = f"{'&' if '?' in address else '?'}done={done}" if done else ""
    return pages.harden(RedirectResponse(address + mark, 303))


def safe_next(address: str | None) -> str:
    """Where to go after signing in: a page of the console, never another site."""
    parts = urlsplit(address or "")
    inside = not parts.scheme and not parts.netloc and parts.path.startswith("/console") and "\\" not in parts.path
    return parts.path if inside and not parts.path.startswith(("/console/login", "/console/live")) else "/console"


def console_route(desk: Desk) -> type[APIRoute]:
    """Routes whose refusals are pages of the console."""

    class ConsoleRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Any]:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                try:
                    return await handle(request)
                except Refused as refusal:
                    return desk.refuse(request, refusal)
                except RequestValidationError:
                    return desk.refuse(request, PageMissing())
                except HTTPException as error:
                    return desk.refuse(request, PageMissing() if error.status_code == 404 else ForeignForm())

            return answer

    return ConsoleRoute
