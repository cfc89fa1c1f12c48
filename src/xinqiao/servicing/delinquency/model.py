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
    period_days: int = 31
    """The longest of its repayment periods: a cure is counted in them."""


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

    def within(self, coarser: Buckets) -> bool:
        """Whether each of these buckets lies in one bucket of `coarser`, so that the one scheme's sums are sums of the other's."""
        return set(coarser.starts) <= set(self.starts)

    @property
    def states(self) -> tuple[str, ...]:
        """The names by code: 0 is current."""
        return ("current", *self.names)


MONTHLY = Buckets.parse("1:M1 31:M2 61:M3 91:M4 121:M5 151:M6 181:M7+")
"""The trade's months, and the scheme in which a loan's standing is kept."""
STAGES = Buckets.parse("1:1-7 8:8-30 31:M2 61:M3 91:M4 121:M5 151:M6 181:M7+")
"""The same with M1 cut where collection changes: a slip of the first week, and the rest of the month."""
SCHEMES = {"monthly": MONTHLY, "stages": STAGES}


def days_past_due(instalments: Iterable[Instalment], *, on: date) -> int:
    """Days from the oldest unpaid due date to `on`; 0 when nothing is late."""
    oldest = min((i.due for i in instalments if i.unpaid.is_positive and i.due < on), default=on)
    return (on - oldest).days
