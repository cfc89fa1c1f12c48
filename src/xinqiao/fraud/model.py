"""What screening looks at and what it answers. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from xinqiao.kit import Money, canonical, sha256_hex

from .errors import FactNotPlain, UnknownIndex

KINDS = ("device", "phone", "id", "face", "address", "account", "ip")
"""The blind indexes that screening counts: keyed hashes made by the vault, and the identity room's face index."""

WINDOWS: dict[str, timedelta] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
LONGEST_WINDOW = WINDOWS["90d"]


class Outcome(StrEnum):
    PASS = "pass"
    REFER = "refer"
    DECLINE = "decline"

    @property
    def severity(self) -> int:
        return ("pass", "refer", "decline").index(self.value)


class Label(StrEnum):
    """What staff found out about an application; the latest label holds."""

    FRAUD = "fraud"
    CLEARED = "cleared"


VELOCITY_SIGNALS = frozenset(f"{kind}.{what}.{window}" for kind in KINDS for what in ("applications", "persons") for window in WINDOWS)
OTHER_SIGNALS = frozenset(
    {
        "face.near_persons",
        "links.applications",
        "links.persons",
        "links.fraud",
        "links.declined",
        "links.truncated",
        "duplicates.applications",
        "duplicates.similarity",
        "duplicates.truncated",
    }
)
SIGNALS = VELOCITY_SIGNALS | OTHER_SIGNALS
"""All signals but the caller's `facts.…`. Counts include this application; `similarity` is in thousandths."""


@dataclass(frozen=True, slots=True)
class Reason:
    rule: str
    outcome: Outcome
    points: int
    zh: str
    en: str
    unknown: tuple[str, ...] = ()
    """The signals that could not be computed, when that is the reason."""


@dataclass(frozen=True, slots=True)
class FraudEvidence:
    """The answer of one screening. `record` is what is stored and what replays to the same bytes."""

    application_id: UUID
    outcome: Outcome
    points: int
    reasons: tuple[Reason, ...]
    rule_version: str
    rules_sha256: str
    signals: Mapping[str, int | str | bool]
    at: datetime

    @property
    def record(self) -> bytes:
        return canonical(self)

    @property
    def sha256(self) -> str:
        return sha256_hex(self.record)

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> FraudEvidence:
        """The evidence back from its JSON form."""
        reasons = tuple(
            Reason(r["rule"], Outcome(r["outcome"]), r["points"], r["zh"], r["en"], tuple(r["unknown"])) for r in stored["reasons"]
        )
        return cls(
            UUID(stored["application_id"]),
            Outcome(stored["outcome"]),
            stored["points"],
            reasons,
            stored["rule_version"],
            stored["rules_sha256"],
            stored["signals"],
            datetime.fromisoformat(stored["at"]),
        )


@dataclass(frozen=True, slots=True)
class Link:
    """Another application that shares values with one, and the kinds of index that they share."""

    application_id: UUID
    kinds: tuple[str, ...]


def checked_indexes(indexes: Mapping[str, bytes]) -> dict[str, bytes]:
    """The indexes in a fixed order, empty ones left out; raises UnknownIndex for a strange name or a value of the wrong size."""
    given = {kind: value for kind, value in indexes.items() if value not in (None, b"")}
    for kind, value in given.items():
        if kind not in KINDS or not isinstance(value, bytes) or not 8 <= len(value) <= 512:
            raise UnknownIndex(kind, ", ".join(KINDS), field=f"indexes.{kind}")
    return {kind: given[kind] for kind in KINDS if kind in given}


def plain_facts(facts: Mapping[str, Any]) -> dict[str, int | str | bool]:
    """The caller's facts as signals `facts.…`; Money counts in minor units, None stays unknown. No binary floats."""
    found: dict[str, int | str | bool] = {}
    for name, value in facts.items():
        if value is None:
            continue
        plain = value.minor if isinstance(value, Money) else str(value) if isinstance(value, (str, UUID)) else value
        if not isinstance(plain, (int, str)):
            raise FactNotPlain(name, type(value).__name__, field=f"facts.{name}")
        found[f"facts.{name}"] = plain
    return found


def jaccard(mine: frozenset[bytes], theirs: frozenset[bytes]) -> int:
    """Shared tokens over all tokens, in thousandths, rounded down; 0 when both are empty."""
    union = len(mine | theirs)
    return len(mine & theirs) * 1000 // union if union else 0
