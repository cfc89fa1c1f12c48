"""What the audit log holds: entries in lanes, and the signed checkpoints over them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from xinqiao.kit import canonical, plain

from ..model import Actor
from . import proof


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to personal data, or to the log itself. `data` never holds the personal data."""

    kind: str
    """Dotted, room first: "vault.read"."""
    actor: Actor
    person: UUID | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry in its place: number `seq` (from 1) of its lane, chained to the one before by `previous`."""

    tenant: str
    lane: int
    seq: int
    at: datetime
    kind: str
    actor: str
    person: UUID | None
    data: Mapping[str, Any]
    """In JSON types."""
    previous: bytes
    hash: bytes

    @property
    def place(self) -> str:
        return place(self.lane, self.seq)

    def body(self, *, seq: int | None = None) -> dict[str, Any]:
        """All that the hash covers, in JSON types; `seq` tries another place."""
        return {
            "tenant": self.tenant,
            "lane": self.lane,
            "seq": self.seq if seq is None else seq,
            "at": plain(self.at),
            "kind": self.kind,
            "actor": self.actor,
            "person": None if self.person is None else str(self.person),
            "data": self.data,
            "previous": self.previous.hex(),
        }

    def computed(self, *, seq: int | None = None) -> bytes:
        """The hash that the content has, whatever is stored as its hash."""
        return proof.leaf_hash(canonical(self.body(seq=seq)))


def place(lane: int, seq: int) -> str:
    return f"entry {lane}/{seq}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the log, and where."""

    kind: str
    """changed, dropped, inserted, reordered, truncated, unlinked or checkpoint."""
    where: str
    says: str


@dataclass(frozen=True, slots=True)
class Report:
    entries: int
    lanes: int
    checkpoints: int
    unsealed: int
    """Entries after the last checkpoint: chained, not yet signed."""
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        return not self.problems
