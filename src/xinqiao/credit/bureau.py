"""The credit bureau: what it is asked and what it answers. The adapter shipped here is a simulator and says so.

Consent to the query (Credit Reporting Regulation 2013, art. 18; unverified) is the journey's to check before it asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, events

from . import store


class Bureau(Protocol):
    """A credit bureau. Raises a kit Unavailable when it does not answer: the application then waits or goes to a person."""

    name: str
    simulated: bool

    def query(self, id_index: bytes) -> dict[str, Any] | None:
        """The attributes of the person with this blind index of the ID number; None when the bureau has no file."""
        ...


@dataclass(frozen=True, slots=True)
class BureauSimulator:
    """NOT a credit bureau: answers from the table `bureau_sim_record`, which the demo book fills. No personal data is in it."""

    db: Connection
    name: str = "bureau-simulator"
    simulated: bool = True

    def query(self, id_index: bytes) -> dict[str, Any] | None:
        return store.bureau_attributes(self.db, id_index)

    def load(self, records: Mapping[bytes, Mapping[str, Any]]) -> None:
        """Write or replace records: attributes by blind index."""
        store.put_bureau_records(self.db, records)


def ask(*, db: Connection, clock: Clock, bureau: Bureau, application_id: UUID, person_id: UUID, id_index: bytes) -> dict[str, Any] | None:
    """Query the bureau and record the query as the event "bureau.queried", in the caller's transaction.

    The event holds no attribute: which bureau, whether it is a simulator, whether it has a file, and how many attributes came.
    """
    found = bureau.query(id_index)
    told = {
        "bureau": bureau.name,
        "simulated": bureau.simulated,
        "found": found is not None,
        "attributes": len(found or {}),
    }
    events.append(db, [events.Event("bureau.queried", application_id, told, person_id, clock.now())])
    return found
