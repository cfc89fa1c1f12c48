"""A page of the book in columns, and what is found of it. Pure values; dates count in days from `columns.EPOCH`, amounts in minor units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from xinqiao.servicing.loans import Splits

from .columns import EPOCH

Begin = Callable[[], AbstractContextManager[Connection]]
"""Opens a transaction: `database.begin`, or a house's, which binds events to the log."""
Progress = Callable[[int, int], None]
"""Hears of pages done, and of pages in all."""
NEVER = (date.max - EPOCH).days
"""A day that stands for none."""
RATE_SCALE = 10**10
"""Parts of one in which penalty rates are counted."""
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Instalments:
    """One row an instalment, in the order of loan and number; amounts in minor units, dates in days. What is paid holds what was waived."""

    loan: Ints
    """The loan's row in its page."""
    due: Ints
    principal: Ints
    interest: Ints
    charges: Ints
    """Premium and fee."""
    paid_principal: Ints
    paid_interest: Ints
    paid_charges: Ints
    paid_penalty: Ints
    penalties: Ints
    """Penalty charges that are fixed sums."""
    late_unit_days: Ints
    """Overdue principal x days, summed up to `aged_to`."""
    aged_to: Ints
    settled: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """One row a loan, as of a day."""

    earned_interest: Ints
    earned_penalty: Ints
    collected: Ints
    """Interest and penalty interest paid."""
    overdue: Ints
    """Unpaid of what was due before the day, with penalty."""
    oldest_due: Ints
    """The due date of the oldest instalment that is late, or NEVER."""
    next_due: Ints
    """The next due date, that day or later, not yet settled, or NEVER."""
    next_amount: Ints
    longest: Ints
    """Days of the longest period between two due dates."""
    collected_penalty: Ints
    """The penalty interest in `collected`."""

    def days_past_due(self, on: int) -> Ints:
        return np.where(self.oldest_due == NEVER, 0, on - self.oldest_due)


CURRENCY, PRODUCT, REGION, BUCKET, GRADE, FLAGS = range(6)
WORDS = 6
"""Columns of a page's words."""
WHOLE = 0
Base = tuple[Ints, Ints]
"""Days past due and principal outstanding of each loan at the last close of the month before."""


@dataclass(frozen=True, slots=True, eq=False)
class Before:
    """How each loan stood when it was closed last: zeros for a new one."""

    interest: Ints
    penalty: Ints
    collected: Ints
    collected_penalty: Ints
    worst: Ints
    late: Ints
    """Days past due, -1 for a loan that the last close did not see."""
    outstanding: Ints
    base_late: Ints
    base_outstanding: Ints
    closed: Bools
    funder: NDArray
    """Who held the claim."""
    charged_off: Bools
    shared: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One page of the book in columns; dates count from `columns.EPOCH`."""

    people: NDArray
    loans: NDArray
    funders: NDArray
    start: Ints
    closed: Bools
    """Loans that ended: repaid or written off."""
    lost: Bools
    """Of them, those written off."""
    principal: Ints
    outstanding: Ints
    penalty: tuple[Ints, Ints]
    """Numerators and denominators of a day's penalty rate."""
    before: Before
    since: Ints
    """The day from which the loan stands in its bucket."""
    words: NDArray
    """(n, WORDS): currency, product, region, bucket, category, marks; each may be empty but the first."""
    shared: Ints
    """Which of `splits` tells who has what each loan earns; WHOLE when all of it is its funder's."""
    splits: Sequence[Splits]
    rows: Instalments

    def __len__(self) -> int:
        return len(self.loans)


@dataclass(frozen=True, slots=True)
class Cut:
    number: int
    after: UUID
    until: UUID


@dataclass(frozen=True, slots=True)
class Closed:
    """What the close of a day did, or had done when it ran first."""

    day: date
    loans: int
    moved: int
    """Loans that changed their bucket."""
    transfers: int
    earned: dict[str, int]
    """Interest and penalty interest earned since the close before, in minor units by currency."""
    collected: dict[str, int]
    again: bool = False
    """The day had been closed before; nothing was done."""
