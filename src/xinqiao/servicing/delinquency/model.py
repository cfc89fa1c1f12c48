"""Days past due and ageing buckets. Pure: no database, no clock."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from uuid import UUID

from xinqiao.kit import Money

from ..errors import BucketsNotAscending


@dataclass(frozen=True, slots=True)
class Instalment:
    number: int
    due: date
    unpaid: Money


@dataclass(frozen=True, slots=True)
class Owing:
    """A loan with the instalments it has not paid."""

    loan_id: UUID
    person_id: UUID
    unpaid: Sequence[Instalment]


@dataclass(frozen=True, slots=True)
class Buckets:
    """Ageing buckets (账龄段): `names[i]` holds loans that are at least `starts[i]` days late."""

    starts: tuple[int, ...]
    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Buckets:
        """Read "1:M1 31:M2 …".

        Raises BucketsNotAscending when a start does not exceed the one before it.
        """
        pairs = [part.split(":", 1) for part in text.split()]
        starts = tuple(int(start) for start, _ in pairs)
        if any(later <= earlier for earlier, later in pairwise(starts)):
            raise BucketsNotAscending(text)
        return cls(starts, tuple(name for _, name in pairs))

    def of(self, days: int) -> str | None:
        """The bucket of a loan that is `days` late; None while it is current."""
        found = bisect_right(self.starts, days)
        return self.names[found - 1] if found else None

    def at_least(self, name: str) -> tuple[str, ...]:
        """The named bucket and all later ones."""
        return self.names[self.names.index(name) :]


MONTHLY = Buckets.parse("1:M1 31:M2 61:M3 91:M4 121:M5 151:M6 181:M7+")


def days_past_due(instalments: Iterable[Instalment], *, on: date) -> int:
    """Days from the oldest unpaid due date to `on`; 0 when nothing is late."""
    oldest = min((i.due for i in instalments if i.unpaid.is_positive and i.due < on), default=on)
    return (on - oldest).days
