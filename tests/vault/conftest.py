import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from xinqiao.kit import Database, Settings
from xinqiao.vault import Actor, Vault

SERVICE = Actor("service", "tests")


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
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"
