"""Signing in and out, one's own password, and setting up an authenticator.

The password never rests between the two steps of signing in: the field for the code is added to the same form, and everything is sent again.
"""

import io
import re
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from markupsafe import Markup

from xinqiao import staff
from xinqiao.kit import Refused
from xinqiao.staff import Session
from xinqiao.staff.errors import CodeNeeded

from .. import pages
from .desk import COOKIE, Desk, Operator, Posted, console_route, go, safe_next
from .errors import ForeignForm


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Own, Form = Annotated[Operator, Depends(desk.session)], Annotated[Posted, Depends(desk.posted)]  # noqa: N806 - types
    house = desk.house

    @router.get("/console/login")
    def login_page(request: Request) -> Response:
        return _login(desk, request, None)

    @router.post("/console/login")
    async def login(request: Request) -> Response:
        if not desk.is_ours(request):
            raise ForeignForm
        async with request.form(max_files=0, max_fields=10) as form:
            fields = {name: str(value) for name, value in form.items()}
        try:
            session = await run_in_threadpool(_sign_in, desk, fields)
        except Refused as refusal:
            return _login(desk, request, refusal, fields)
        address = safe_next(fields.get("next"))
        response = desk.begin(session, address)
        if "hx-request" in request.headers:
            response.status_code, response.headers["HX-Redirect"] = 204, address
        return response

    @router.post("/console/logout")
    def logout(form: Form) -> Response:
        with house.begin() as db:
            staff.sign_out(db=db, token=form.operator.token)
        response = go("/console/login")
        response.delete_cookie(COOKIE, path="/console", httponly=True, samesite="strict")
        return response

    @router.get("/console/password")
    def password_page(request: Request, own: Own) -> Response:
        return desk.show(request, "password.html", first=own.user.must_change_password)

    @router.post("/console/password")
    def password(request: Request, form: Form) -> Response:
        operator = form.operator
        try:
            if form.need("new") != form.need("again"):
                raise PasswordsDiffer(field="again")
            with house.begin() as db:
                staff.change_password(db=db, clock=house.clock, by=operator.session, old=form.need("old"), new=form.need("new"))
        except Refused as refusal:
            first = operator.user.must_change_password
            return desk.show(request, "password.html", status=refusal.status, first=first, problem=_said(request, refusal))
        return go("/console", "password") if operator.session.second_factor else go("/console/authenticator")

    @router.get("/console/authenticator")
    def authenticator_page(request: Request, own: Own) -> Response:
        if own.user.has_totp:
            return go("/console")
        return desk.show(request, "authenticator.html")

    @router.post("/console/authenticator")
    def begin(request: Request, form: Form) -> Response:
        """A fresh secret, shown once; asking again makes another and forgets this one."""
        with house.begin() as db:
            enrolment = staff.begin_enrolment(db=db, vault=house.vault, by=form.operator.session)
        return _enrolling(desk, request, enrolment.secret, enrolment.uri)

    @router.post("/console/authenticator/confirm")
    def confirm(request: Request, form: Form) -> Response:
        code = re.sub(r"\s", "", form.need("code"))
        try:
            with house.begin() as db:
                codes = staff.confirm_enrolment(db=db, vault=house.vault, clock=house.clock, by=form.operator.session, code=code)
        except Refused as refusal:
            return desk.show(
                request, "authenticator_code.html", status=refusal.status, problem=_said(request, refusal), qr=None, secret=None
            )
        return desk.show(request, "recovery.html", codes=codes)

    return router


class PasswordsDiffer(Refused):
    code = "console.passwords_differ"
    says = "The two new passwords differ; type the same one twice."
    says_zh = "两次输入的新密码不一致，请重新输入。"


def _sign_in(desk: Desk, fields: dict[str, str]) -> Session:
    """Raises SignInRefused, CodeNeeded, Locked; the attempt is opened after the transaction that counted it."""
    house, code = desk.house, fields.get("code", "").strip() or None
    given = {"login": fields.get("login", "")[:200], "password": fields.get("password", "")[:500], "code": code}
    with house.begin() as db:
        attempt = staff.sign_in(db=db, vault=house.vault, clock=house.clock, **given)
    return attempt.open()


def _login(desk: Desk, request: Request, refusal: Refused | None, fields: dict[str, str] | None = None) -> Response:
    """The form, or for a page with script the part of it that changes."""
    fields = fields or {}
    asks_code = isinstance(refusal, CodeNeeded) or bool(fields.get("code"))
    context = {
        "asks_code": asks_code,
        "refused": _said(request, refusal) if refusal and not isinstance(refusal, CodeNeeded) else None,
        "login": fields.get("login", "")[:200],
        "next": safe_next(fields.get("next") or request.query_params.get("next")),
    }
    if "hx-request" in request.headers:
        return desk.show(request, "login_code.html", **context)
    return desk.show(request, "login.html", status=refusal.status if refusal else 200, **context)


def _enrolling(desk: Desk, request: Request, secret: str, uri: str) -> Response:
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return desk.show(request, "authenticator_code.html", qr=qr_svg(uri), secret=spaced)


def qr_svg(text: str) -> Markup:
    """A QR code as an SVG element, in the colours of its class: nothing is loaded and no style is inline."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", xmldecl=False, svgns=False, omitsize=True, svgclass="qr", lineclass="qr-dark", light=None
    )
    return Markup(re.sub(r' stroke="[^"]*"', "", out.getvalue().decode()))


def _said(request: Request, refusal: Refused) -> str:
    return refusal.message(pages.words_of(request).language)
