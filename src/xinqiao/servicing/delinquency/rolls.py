"""Roll rates: where the loans of each bucket stood some time later, by count and by balance. Pure.

A roll rate is the share of a bucket that is found in another at the second date; a cure rate the share that is current or repaid. Shares are of
what stood in the bucket at the first date: loans paid out since do not count, loans repaid since stand in "closed".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import numpy as np

from .model import MONTHLY, Buckets

CLOSED, CHARGED_OFF = "closed", "charged_off"
SHARE = Decimal("0.000001")


class Weight(StrEnum):
    LOANS = "loans"
    BALANCE = "balance"
    """Principal outstanding at the first date, minor units."""


@dataclass(frozen=True, slots=True)
class RollMatrix:
    """`loans[i, j]` loans, `balance[i, j]` minor units that went from `states[i]` to `states[j]`."""

    states: tuple[str, ...]
    loans: np.ndarray
    balance: np.ndarray

    def moved(self, start: str, end: str, by: Weight = Weight.BALANCE) -> int:
        return int(self._of(by)[self.states.index(start), self.states.index(end)])

    def rate(self, start: str, end: str, by: Weight = Weight.BALANCE) -> Decimal | None:
        """The share of `start` that ended in `end`; None where nothing stood in `start`."""
        whole = int(self._of(by)[self.states.index(start)].sum())
        return (Decimal(self.moved(start, end, by)) / whole).quantize(SHARE) if whole else None

    def cure_rate(self, start: str, by: Weight = Weight.BALANCE) -> Decimal | None:
        """The share of `start` that became current or was repaid."""
        return self._share(start, {"current", CLOSED}, by)

    def worsened(self, start: str, by: Weight = Weight.BALANCE) -> Decimal | None:
        """The share that rolled to a later bucket or was written off."""
        later = set(self.states[self.states.index(start) + 1 :]) - {CLOSED}
        return self._share(start, later, by)

    def rates(self, by: Weight = Weight.BALANCE) -> list[list[Decimal | None]]:
        return [[self.rate(start, end, by) for end in self.states] for start in self.states]

    def _share(self, start: str, ends: set[str], by: Weight) -> Decimal | None:
        row = self._of(by)[self.states.index(start)]
        whole, part = int(row.sum()), sum(int(row[self.states.index(end)]) for end in ends)
        return (Decimal(part) / whole).quantize(SHARE) if whole else None

    def _of(self, by: Weight) -> np.ndarray:
        return self.loans if Weight(by) is Weight.LOANS else self.balance


def states_of(buckets: Buckets = MONTHLY) -> tuple[str, ...]:
    return (*buckets.states, CHARGED_OFF, CLOSED)


def matrix(before: np.ndarray, after: np.ndarray, balance: np.ndarray, *, states: tuple[str, ...] = states_of()) -> RollMatrix:
    """From codes (places in `states`) and the balance at the first date, one row a loan."""
    size = len(states)
    cell = before.astype(np.int64) * size + after
    counts = np.bincount(cell, minlength=size * size)
    sums = np.zeros(size * size, dtype=np.int64)
    np.add.at(sums, cell, balance.astype(np.int64))
    return RollMatrix(states, counts.reshape(size, size), sums.reshape(size, size))


def from_cells(cells: Iterable[tuple[str, str, int, int]], *, states: tuple[str, ...] = states_of()) -> RollMatrix:
    """From sums that a database made: (start, end, loans, balance)."""
    loans, balance = (np.zeros((len(states), len(states)), dtype=np.int64) for _ in range(2))
    for start, end, count, minor in cells:
        at = states.index(start), states.index(end)
        loans[at] += count
        balance[at] += minor
    return RollMatrix(states, loans, balance)
