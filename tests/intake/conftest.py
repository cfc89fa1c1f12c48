from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from xinqiao import intake, partners
from xinqiao.kit import FixedClock, Settings, new_id
from xinqiao.vault import Vault


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault.open(settings)


@pytest.fixture
def tenant() -> str:
    """A fresh tenant, for tests that commit."""
    return f"t-{new_id().hex[-12:]}"


@pytest.fixture
def scene(db: Connection, clock: FixedClock) -> partners.Partner:
    return partners.register(db=db, clock=clock, kind="scene", code="corner-shop", name="Corner Shop", name_zh="街角小店")


@pytest.fixture
def body() -> dict[str, Any]:
    """A personal application; the ID number is invented and its check digit fits."""
    return {
        "kind": "personal",
        "name": "王小明",
        "id_number": "11010519491231002X",
        "phone": "138 0013 8000",
        "address": "北京市朝阳区建国路 1 号",
        "amount": "8000.00",
        "term_months": 12,
        "loan_purpose": "household_goods",
        "device": "device-4711-aaaa",
    }


@pytest.fixture
def business(body: dict[str, Any]) -> dict[str, Any]:
    """A micro-business; the credit code is python-stdnum's example."""
    named = {"name": "王记小吃店", "credit_code": "91110000600037341L", "role": "owner"}
    return {**body, "kind": "micro_business", "loan_purpose": "inventory", "business": named}


@pytest.fixture
def submit(db: Connection, vault: Vault, clock: FixedClock, scene: partners.Partner):
    """Submit a body under a key of its own, unless the test gives one."""

    def made(body: object, *, key: str | None = None, by: partners.Partner = scene) -> intake.Application:
        return intake.submit(db=db, vault=vault, clock=clock, scene=by, body=body, idempotency_key=key or str(new_id()))

    return made
