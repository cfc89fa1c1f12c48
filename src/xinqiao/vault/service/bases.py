"""Grant and end the legal bases that reads rest on. They are read afresh at every read, so an end is an end at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from .. import audit, store
from ..audit.service import append_at
from ..errors import SourceMissing
from ..model import SYSTEM, Basis, Purpose


def grant_basis(db: Connection, basis: Basis, at: datetime) -> None:
    """Let the person's data be read for the purpose from `at` on. The same basis twice is one; an ended one does not come back.

    Raises SourceMissing when it does not say what it rests on.
    """
    grant_bases(db, [basis], at)


def grant_bases(db: Connection, bases: Sequence[Basis], at: datetime) -> None:
    for one in bases:
        if ":" not in one.source or not one.source.partition(":")[2].strip():
            raise SourceMissing(one.purpose, one.source)
    if bases:
        store.add_bases(db, bases, at)
        append_at(db, at, [audit.Entry("vault.basis_granted", SYSTEM, one.person, _noted(one)) for one in bases])


def _noted(basis: Basis) -> dict[str, object]:
    return {"purpose": basis.purpose, "source": basis.source, "until": basis.until, "recipient": basis.recipient}


def end_basis(
    db: Connection, person: UUID, purpose: Purpose, at: datetime, recipient: str | None = None, *, source: str | None = None
) -> int:
    """End the person's bases for the purpose: for one recipient or for all, resting on one source or on any. Returns how many were open."""
    ended = store.end_bases(db, person, purpose, recipient, source, at)
    if ended:
        data = {"purpose": purpose, "sources": ended, "recipient": recipient}
        append_at(db, at, [audit.Entry("vault.basis_ended", SYSTEM, person, data)])
    return len(ended)


def has_basis(db: Connection, person: UUID, purpose: Purpose, at: datetime, recipient: str | None = None) -> bool:
    """Whether a basis for the purpose and exactly this recipient is in force at `at`."""
    return bool(store.sources(db, person, purpose, recipient, at))


def bases(db: Connection, person: UUID) -> list[Basis]:
    """Every basis there ever was, oldest first; the audit log tells when each began and ended."""
    return [
        Basis(person, Purpose(row.purpose), row.source, row.ended_at or row.until, row.recipient or None)
        for row in store.bases_of(db, person)
    ]
