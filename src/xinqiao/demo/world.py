"""The demo's invented world: a shop, a dozen funders, four guarantors, staff, and a bureau that knows real credit histories."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyotp
from sqlalchemy import Connection

from xinqiao import credit, funding, partners, staff, vault
from xinqiao.journeys import House
from xinqiao.partners import SCOPES, Kind, Partner, webhooks
from xinqiao.vault import Field

from .book import bureau_records

FUNDERS = Path(__file__).parent / "funders.json"
HOOK = "/demo/funder-hook"
SHOP = {"code": "shop", "name": "Xiaoman E-Bikes", "name_zh": "小满电动车"}
STAFF = (("admin", "admin"), ("risk", "risk"), ("compliance", "compliance"), ("viewer", "viewer"))


@dataclass(frozen=True, slots=True)
class Login:
    login: str
    role: str
    password: str
    totp_secret: str


@dataclass(frozen=True, slots=True)
class World:
    shop: Partner
    shop_key: str
    funders: Mapping[str, Partner]
    logins: Sequence[Login]
    hook_secrets: Mapping[str, str]
    """Webhook secrets of the funders that answer for themselves, by code."""
    answer_keys: Mapping[str, str]
    """Their API keys."""


def build(house: House, people: Sequence[Mapping[str, Any]]) -> World:
    """Make the world in an empty database."""
    with house.begin() as db:
        shop = partners.register(db=db, clock=house.clock, kind=Kind.SCENE, **SHOP)
        shop_key = _key(house, db, shop)
        data = json.loads(FUNDERS.read_text("utf-8"))
        funders = {row["code"]: _funder(house, db, row) for row in data["funders"]}
        for row in data["guarantors"]:
            guarantor = partners.register(db=db, clock=house.clock, kind=Kind.GUARANTOR, **_names(row))
            funding.publish_guarantor(db=db, clock=house.clock, guarantor_id=guarantor.id, data=row["terms"])
        asked = [row["code"] for row in data["funders"] if row["terms"].get("answer", {}).get("mode") == "webhook"]
        secrets_of = {code: _subscribe(house, db, funders[code]) for code in asked}
        keys = {code: _key(house, db, funders[code]) for code in asked}
        _load_bureau(house, db, people)
    return World(shop, shop_key, funders, _staff(house), secrets_of, keys)


def _names(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: row[name] for name in ("code", "name", "name_zh")}


def _funder(house: House, db: Connection, row: Mapping[str, Any]) -> Partner:
    made = partners.register(db=db, clock=house.clock, kind=Kind.FUNDER, **_names(row))
    funding.publish_funder(db=db, clock=house.clock, funder_id=made.id, data=row["terms"])
    return made


def _key(house: House, db: Connection, partner: Partner) -> str:
    issued = partners.issue_key(db=db, clock=house.clock, partner=partner.id, scopes=SCOPES[partner.kind], environment="demo")
    assert issued.secret is not None
    return issued.secret


def _subscribe(house: House, db: Connection, funder: Partner) -> str:
    made = webhooks.subscribe(
        db=db,
        vault=house.vault,
        clock=house.clock,
        partner=funder.id,
        url=f"{house.settings.address}{HOOK}/{funder.code}",
        kinds=["offer.*"],
        allow_private=True,
    )
    assert made.secret is not None
    return made.secret


def _load_bureau(house: House, db: Connection, people: Sequence[Mapping[str, Any]]) -> None:
    records = bureau_records(people, lambda number: vault.blind(vault=house.vault, field=Field.ID_NUMBER, value=number))
    credit.BureauSimulator(db).load(records)


def _staff(house: House) -> list[Login]:
    """One user of each role, each with an authenticator, all with passwords made here."""
    admin = Login("admin", "admin", _password(), "")
    with house.begin() as db:
        staff.create_first_admin(db=db, clock=house.clock, login=admin.login, password=admin.password)
        token = _sign_in(house, db, admin)
        made = [_enrol(house, db, admin, token)]
        for login, role in STAFF[1:]:
            made.append(_add_user(house, db, token, login, role))
    return made


def _add_user(house: House, db: Connection, admin_token: str, login: str, role: str) -> Login:
    """The administrator makes the user, who then changes the first password and sets up an authenticator."""
    admin = staff.session_of(db=db, clock=house.clock, token=admin_token)
    first, password = _password(), _password()
    staff.create_user(db=db, clock=house.clock, by=admin, login=login, password=first, role=role)
    token = _sign_in(house, db, Login(login, role, first, ""))
    session = staff.session_of(db=db, clock=house.clock, token=token)
    staff.change_password(db=db, clock=house.clock, by=session, old=first, new=password)
    return _enrol(house, db, Login(login, role, password, ""), token)


def _enrol(house: House, db: Connection, one: Login, token: str) -> Login:
    session = staff.session_of(db=db, clock=house.clock, token=token)
    enrolment = staff.begin_enrolment(db=db, vault=house.vault, by=session)
    code = pyotp.TOTP(enrolment.secret).at(house.clock.now())
    staff.confirm_enrolment(db=db, vault=house.vault, clock=house.clock, by=session, code=code)
    return replace(one, totp_secret=enrolment.secret)


def _sign_in(house: House, db: Connection, one: Login) -> str:
    attempt = staff.sign_in(db=db, vault=house.vault, clock=house.clock, login=one.login, password=one.password)
    token = attempt.open().token
    assert token is not None
    return token


def _password() -> str:
    return f"{secrets.token_urlsafe(9)}-{secrets.token_urlsafe(6)}"
