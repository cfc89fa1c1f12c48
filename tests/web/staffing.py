"""Staff of the running house: users made as people make theirs, and forms sent as the console's own pages send them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import httpx
import pyotp

from xinqiao import staff
from xinqiao.journeys import House
from xinqiao.staff import Role

Client = Callable[..., httpx.Client]


def newcomer(house: House, admin: str, login: str, role: Role) -> tuple[str, str, str]:
    """Session token, password and authenticator secret of a new user who has chosen a password."""
    first, own = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
    with house.begin() as db:
        by = staff.session_of(db=db, clock=house.clock, token=admin)
        staff.create_user(db=db, clock=house.clock, by=by, login=login, password=first, role=role)
        token = staff.sign_in(db=db, vault=house.vault, clock=house.clock, login=login, password=first).open().token
        session = staff.session_of(db=db, clock=house.clock, token=token)
        staff.change_password(db=db, clock=house.clock, by=session, old=first, new=own)
    token, secret = enrolled(house, login, own)
    return token, own, secret


def enrolled(house: House, login: str, password: str) -> tuple[str, str]:
    with house.begin() as db:
        token = staff.sign_in(db=db, vault=house.vault, clock=house.clock, login=login, password=password).open().token
        session = staff.session_of(db=db, clock=house.clock, token=token)
        secret = staff.begin_enrolment(db=db, vault=house.vault, by=session).secret
        code = pyotp.TOTP(secret).at(house.clock.now())
        staff.confirm_enrolment(db=db, vault=house.vault, clock=house.clock, by=session, code=code)
    assert token is not None
    return token, secret


def send(client: httpx.Client, address: str, page: str = "/console/password", **fields: object) -> httpx.Response:
    """Post a form with the token that our own page carries."""
    found = re.search(r'name="form_token" value="([^"]+)"', client.get(page).text)
    assert found is not None
    return client.post(address, data={"form_token": found[1], **fields})
