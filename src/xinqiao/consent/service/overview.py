"""What stands in the receipts of everybody: for the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.vault import Purpose

from .. import store
from ..model import Receipt


@dataclass(frozen=True, slots=True)
class Tally:
    """Answers to one text: how many said yes, how many no, and how many of the yeses have ended, and been withdrawn."""

    purpose: Purpose
    version: int
    language: str
    agreed: int
    declined: int
    ended: int
    withdrawn: int

    @property
    def in_force(self) -> int:
        """Agreed and not ended; one that ran out since the last `expire` still counts."""
        return self.agreed - self.ended


def tallies(*, db: Connection) -> list[Tally]:
    """All answers, by purpose, text version and language. Reads every receipt once."""
    found: dict[tuple[str, int, str], list[int]] = {}
    for row in store.counts(db):
        sums = found.setdefault((row.purpose, row.version, row.language), [0, 0, 0, 0])
        sums[0 if row.agreed else 1] += row.n
        sums[2] += row.n if row.agreed and row.why is not None else 0
        sums[3] += row.n if row.agreed and row.why == "withdrawn" else 0
    return [Tally(Purpose(purpose), version, language, *sums) for (purpose, version, language), sums in sorted(found.items())]


def recent(*, db: Connection, ended: bool = False, before: tuple[datetime, UUID] | None = None, limit: int = 50) -> list[Receipt]:
    """A page of everybody's answers, newest first; with `ended`, of those that have ended, by when they did.

    `before` is the (at or ended_at, id) of the last one of the page before.
    """
    return store.recent(db, ended=ended, before=before, limit=limit)
