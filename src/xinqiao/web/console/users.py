"""Console users: an administrator makes them, gives them a role, closes their access, and resets a lost authenticator."""

import secrets
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from xinqiao import staff
from xinqiao.kit import Refused
from xinqiao.staff import PERMISSIONS, Permission, Role

from .desk import Desk, Operator, Posted, console_route, go
from .errors import NotUnderstood
from .words import PERMISSIONS as MAY
from .words import ROLES

ACTIONS = ("role", "activate", "deactivate", "reset")


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Admin = Annotated[Operator, Depends(desk.may(Permission.USERS_MANAGE))]  # noqa: N806 - types
    Form = Annotated[Posted, Depends(desk.form(Permission.USERS_MANAGE))]  # noqa: N806
    house = desk.house

    @router.get("/console/users")
    def everyone(request: Request, who: Admin) -> Response:
        return _page(desk, request)

    @router.post("/console/users")
    def create(request: Request, form: Form) -> Response:
        """A user with a first password that is made here, shown once, and must be changed."""
        password = f"{secrets.token_urlsafe(9)}-{secrets.token_urlsafe(6)}"
        try:
            login, role = form.need("login"), _role(form)
            with house.begin() as db:
                new = staff.create_user(db=db, clock=house.clock, by=form.operator.session, login=login, password=password, role=role)
        except Refused as refusal:
            return _page(desk, request, refusal=refusal)
        return _page(desk, request, fresh=(new.login, password))

    @router.post("/console/users/{user}")
    def change(request: Request, form: Form, user: UUID) -> Response:
        try:
            _change(desk, form, user)
        except Refused as refusal:
            return _page(desk, request, refusal=refusal)
        return go("/console/users", "saved")

    return router


def _change(desk: Desk, form: Posted, user: UUID) -> None:
    """Raises LastAdmin, UserUnknown, NotUnderstood."""
    what, house = form.need("do"), desk.house
    if what not in ACTIONS:
        raise NotUnderstood(what[:40], ", ".join(ACTIONS), field="do")
    with house.begin() as db:
        common = {"db": db, "clock": house.clock, "by": form.operator.session, "user": user}
        if what == "role":
            staff.set_role(**common, role=_role(form))
        elif what == "reset":
            staff.reset_second_factor(**common)
        else:
            staff.set_active(**common, active=what == "activate")


def _may(role: Role) -> list[str]:
    return [one.value for one in Permission if one in PERMISSIONS[role]]


def _role(form: Posted) -> Role:
    given = form.need("role")
    if given not in set(Role):
        raise NotUnderstood(given[:40], ", ".join(Role), field="role")
    return Role(given)


def _page(desk: Desk, request: Request, *, refusal: Refused | None = None, fresh: tuple[str, str] | None = None) -> Response:
    words = desk.words(request)
    with desk.house.begin() as db:
        users = staff.list_users(db=db)
    return desk.show(
        request,
        "users.html",
        status=refusal.status if refusal else 200,
        users=users,
        roles=[(role.value, words.gettext(ROLES[role.value]), [words.gettext(MAY.get(one, one)) for one in _may(role)]) for role in Role],
        fresh=fresh,
        problem=refusal.message(words.language) if refusal else None,
    )
