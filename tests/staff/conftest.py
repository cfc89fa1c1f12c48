from __future__ import annotations

import pytest
from sqlalchemy import Connection

from xinqiao import staff
from xinqiao.kit import FixedClock, Settings, new_id
from xinqiao.vault import Vault

from .staff_desk import PASSWORD, Desk


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault.open(settings)


@pytest.fixture
def tenant() -> str:
    """A fresh tenant, for tests that commit."""
    return f"t-{new_id().hex[-12:]}"


@pytest.fixture
def admin(db: Connection, clock: FixedClock) -> staff.User:
    return staff.create_first_admin(db=db, clock=clock, login="root.admin", password=PASSWORD)


@pytest.fixture
def desk(db: Connection, vault: Vault, clock: FixedClock, admin: staff.User) -> Desk:
    return Desk(db, vault, clock, admin.login)


@pytest.fixture
def session(desk: Desk) -> staff.Session:
    """The administrator's session, with the second factor."""
    return desk.enrol()
