"""What a closed day and a snapshot say. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from xinqiao.kit import Money, canonical

from .chart import Kind
from .model import Account, Balance


@dataclass(frozen=True, slots=True)
class Totals:
    """Debits and credits, in minor units, by kind and currency."""

    by: Mapping[tuple[Kind, str], tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))

    def __add__(self, other: Totals) -> Totals:
        made = dict(self.by)
        for key, (debits, credits) in other.by.items():
            had = made.get(key, (0, 0))
            made[key] = (had[0] + debits, had[1] + credits)
        return Totals(made)

    @property
    def differences(self) -> dict[str, int]:
        """Debits less credits of each currency that does not balance."""
        found: dict[str, int] = {}
        for (_, currency), (debits, credits) in self.by.items():
            found[currency] = found.get(currency, 0) + debits - credits
        return {currency: minor for currency, minor in found.items() if minor}

    def balances(self) -> dict[tuple[Kind, str], Balance]:
        """The owner of the accounts shown is nobody: they stand for all owners."""
        return {
            (kind, currency): Balance(Account(kind, currency=currency), Money(debits, currency), Money(credits, currency))
            for (kind, currency), (debits, credits) in sorted(self.by.items(), key=lambda row: (row[0][1], list(Kind).index(row[0][0])))
        }

    def rows(self) -> list[list[Any]]:
        """As they are stored and hashed: kind, currency, debits, credits, sorted."""
        return sorted([str(kind), currency, debits, credits] for (kind, currency), (debits, credits) in self.by.items())

    @classmethod
    def read(cls, rows: Iterable[Sequence[Any]]) -> Totals:
        return cls({(Kind(kind), currency): (debits, credits) for kind, currency, debits, credits in rows})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Totals of all entries up to number `through`; none of them was recorded after `at`, and none after them before it."""

    through: int
    at: datetime
    totals: Totals


@dataclass(frozen=True, slots=True)
class Close:
    """A closed day: the trial balance of all that is booked up to it, bound to the day before."""

    on: date
    at: datetime
    through: int
    """The highest entry number of the day; 0 when nothing was booked on it."""
    transfers: int
    transfers_sha256: bytes
    totals: Totals
    previous_sha256: bytes | None
    sha256: bytes

    def digest(self) -> bytes:
        """SHA-256 of the canonical form of everything here but itself, the previous close's included."""
        told = {
            "on": self.on,
            "at": self.at,
            "through": self.through,
            "transfers": self.transfers,
            "transfers_sha256": self.transfers_sha256,
            "totals": self.totals.rows(),
            "previous_sha256": self.previous_sha256,
        }
        return hashlib.sha256(canonical(told)).digest()
