import secrets
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import Connection

from xinqiao import vault as safe
from xinqiao.kit import Database, FixedClock, Settings
from xinqiao.vault import Field, Vault


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault.open(settings)


@pytest.fixture
def tenant() -> str:
    """A tenant that no other test writes to."""
    return f"t{secrets.token_hex(8)}"


@pytest.fixture
def own(database: Database, tenant: str) -> Iterator[Connection]:
    """A transaction in a tenant of the test's own."""
    with database.begin(tenant=tenant) as connection:
        yield connection


@pytest.fixture
def person(own: Connection, vault: Vault, clock: FixedClock) -> UUID:
    made = safe.enrol(db=own, vault=vault, clock=clock)
    values = {Field.NAME: "张小明", Field.ID_NUMBER: "11010519491231002X", Field.PHONE: "13800138000", Field.INCOME: "8000"}
    safe.put(db=own, vault=vault, clock=clock, person=made, values=values)
    return made
