"""The audit log's part in a pack: proofs of every entry about the person, and the accesses that they record. Pure but for the gathering."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.vault import audit

from ..house import House

BEFORE = timedelta(minutes=1)
"""The person is enrolled moments before the application has its instant."""
MOST_ENTRIES = 20_000
ACCESSES = frozenset({"vault.read", "vault.refused", "evidence.record_opened"})
EXPORTED = "evidence.exported"


def entries(db: Connection, person: UUID, since: datetime) -> tuple[list[audit.Recorded], list[audit.Recorded]]:
    """Everything the log has about the person: since then, and before."""
    found = audit.of(db, person=person, limit=MOST_ENTRIES)
    return [one for one in found if one.at >= since - BEFORE], [one for one in found if one.at < since - BEFORE]


def proofs(house: House, db: Connection, chosen: Sequence[audit.Recorded]) -> list[audit.Inclusion]:
    """Signed by a checkpoint made now."""
    audit.checkpoint(db, house.vault, house.clock)
    return audit.prove(db, chosen)


def written(found: Sequence[audit.Inclusion]) -> dict[str, Any]:
    """Each checkpoint once, each entry with its path."""
    checkpoints = {one.checkpoint.number: one.checkpoint.to_json() for one in found}
    rows = [{"entry": dict(one.entry), "path": [node.hex() for node in one.path], "checkpoint": one.checkpoint.number} for one in found]
    return {"checkpoints": [checkpoints[number] for number in sorted(checkpoints)], "entries": rows}


def accesses(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Who read which fields for what purpose, when, and on which basis; refusals too. Out of the log's entries alone."""
    return [_access(entry) for entry in rows if entry["kind"] in ACCESSES]


def _access(entry: Mapping[str, Any]) -> dict[str, Any]:
    data = entry["data"]
    told = {"at": entry["at"], "who": entry["actor"], "allowed": entry["kind"] != "vault.refused", "entry": [entry["lane"], entry["seq"]]}
    names = ("fields", "purpose", "masked", "recipient", "basis", "code", "reason")
    return told | {name: data[name] for name in names if name in data}
