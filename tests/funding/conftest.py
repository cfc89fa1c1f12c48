from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection

from xinqiao import funding
from xinqiao.kit import FixedClock, new_id

from .markets import funder_data, guarantor_data


@pytest.fixture
def funder(db: Connection, clock: FixedClock) -> Callable[..., UUID]:
    def publish(**changes: Any) -> UUID:
        made = new_id()
        funding.publish_funder(db=db, clock=clock, funder_id=made, data=funder_data(**changes))
        return made

    return publish


@pytest.fixture
def guarantor(db: Connection, clock: FixedClock) -> Callable[..., UUID]:
    def publish(**changes: Any) -> UUID:
        made = new_id()
        funding.publish_guarantor(db=db, clock=clock, guarantor_id=made, data=guarantor_data(**changes))
        return made

    return publish


@pytest.fixture
def reserve(db: Connection, clock: FixedClock) -> Callable[..., funding.Reservation | None]:
    def hold(ask: funding.Ask, application: UUID | None = None, **changes: Any) -> funding.Reservation | None:
        ids = {"application_id": application or new_id(), "person_id": new_id()}
        return funding.reserve(db=db, clock=clock, ask=ask, **(ids | changes))

    return hold
