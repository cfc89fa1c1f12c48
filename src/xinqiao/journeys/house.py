"""What every journey is handed: the platform's parts, made once by the composition root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import fraud
from xinqiao.credit import Bureau, BureauSimulator, CreditModel, Policy
from xinqiao.identity import FaceModels
from xinqiao.kit import Clock, Database, Settings, canonical, events, sha256_hex
from xinqiao.kit.durable import Durable
from xinqiao.vault import SYSTEM, Purpose, Vault, audit

from . import checks
from .notices import tell


@dataclass(frozen=True)
class House:
    settings: Settings
    database: Database
    clock: Clock
    vault: Vault
    faces: FaceModels
    model: CreditModel
    policy: Policy
    durable: Durable | None = None
    """Absent in one-shot commands: what waits for days is then picked up by the next worker."""

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction of this tenant. Its events are bound into the audit chain, and told to partners, before it commits."""
        with self.database.begin(self.settings.tenant) as db:
            yield db
            rows = events.appended_in(db)
            erase_faces_without_consent(db, rows)
            checks.project(db, rows)
            tell(db, self.clock, rows)
            bind(db, self.clock, rows)

    def bureau(self, db: Connection) -> Bureau:
        """The credit bureau; the only adapter that ships is the simulator, and it says so in every event."""
        return BureauSimulator(db)


def erase_faces_without_consent(db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """A consent to face processing that ended, for whatever reason, takes the codes with it by which a face is recognised."""
    for row in rows:
        if row["kind"] == "consent.ended" and row["data"]["purpose"] == Purpose.IDENTITY and row["person_id"]:
            fraud.erase_faces(db=db, person_id=row["person_id"])


def event_hash(event: Mapping[str, Any]) -> str:
    """SHA-256 of an event's canonical form: id, instant, subject, person, kind and data."""
    return sha256_hex(canonical({name: event[name] for name in ("id", "at", "subject", "person_id", "kind", "data")}))


def event_row(event: events.Event) -> dict[str, Any]:
    """An event as its row, which is what `event_hash` covers."""
    return {"id": event.id, "at": event.at, "subject": event.subject, "person_id": event.person, "kind": event.kind, "data": event.data}


def bind(db: Connection, clock: Clock, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the hashes of the events appended in this transaction to the audit log, by one statement."""
    audit.append(
        db, clock, [audit.Entry("event", SYSTEM, row["person_id"], {"event": row["id"], "sha256": event_hash(row)}) for row in rows]
    )


def note(db: Connection, clock: Clock, kind: str, subject: UUID, person: UUID | None, **data: Any) -> None:
    """Append one event of a journey's own."""
    events.append(db, [events.Event(kind, subject, data, person, clock.now())])
