"""A loan, what it owes on a day, and what was paid. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from xinqiao.kit import Money

from ..contract import Terms
from ..lifecycle import Agreement, Books, Event, Parts
from ..schedule import Instalment
from .splits import Share

NOTHING = Parts()


@dataclass(frozen=True, slots=True)
class State:
    """One instalment and what has happened to it, as of the loan's last event: enough to tell any later day's arrears of it."""

    instalment: Instalment
    paid: Parts = NOTHING
    """Paid, by part; of principal also what was written off. What was waived is not in the instalment any more."""
    penalties: int = 0
    """Penalty charges that are fixed sums, beyond the interest that overdue principal bears; all penalty where `aged_to` is `states.FROZEN`."""
    late_unit_days: int = 0
    """Overdue principal x days, summed: the exact base of penalty interest, which is rounded only when it is asked for. Ageing a loan day
    by day or all at once therefore charges the same."""
    aged_to: date | None = None
    settled: bool = False

    @property
    def scheduled(self) -> Parts:
        i = self.instalment
        return Parts(self.penalties, i.fee.minor, i.premium.minor, i.interest.minor, i.principal.minor)

    def aged(self, on: date) -> State:
        """With penalty counted through `on`."""
        since = max(self.instalment.due, self.aged_to or self.instalment.due)
        if self.settled or on <= since:
            return self
        late = (self.instalment.principal.minor - self.paid.principal) * (on - since).days
        return replace(self, late_unit_days=self.late_unit_days + late, aged_to=on)

    def unpaid(self, late_rate: Fraction) -> Parts:
        """What is still owed on the instalment in full, with the penalty counted so far."""
        return NOTHING if self.settled else self.scheduled + Parts(penalty=self._interest(late_rate)) - self.paid

    def penalty(self, late_rate: Fraction) -> int:
        """All of it, paid or not."""
        return self.penalties + self._interest(late_rate)

    def _interest(self, late_rate: Fraction) -> int:
        return round(self.late_unit_days * late_rate)


@dataclass(frozen=True, slots=True)
class Loan:
    id: UUID
    person_id: UUID
    offer_id: UUID
    application_id: UUID
    funder_id: UUID
    """Who holds the claim now."""
    guarantor_id: UUID | None
    terms: Terms
    disbursed_on: date
    disbursed_at: datetime
    outstanding: Money
    """Principal that is still owed."""
    closed_on: date | None = None
    state: str = "active"
    """A `lifecycle.Status`."""
    paid: int = 0
    """What came in from the borrower, minor units, less what went back."""
    agreement: Agreement | None = field(default=None, repr=False)
    splits: Mapping[object, tuple[Share, ...]] = field(default_factory=dict, repr=False)
    """Who gets what of each part (`product.Kind`)."""

    @property
    def principal(self) -> Money:
        return self.terms.principal

    @property
    def status(self) -> str:
        return "active" if self.closed_on is None else "closed"

    @property
    def agreed(self) -> Agreement:
        if self.agreement is None:
            raise AssertionError(f"loan {self.id} was read without its agreement")
        return self.agreement


@dataclass(frozen=True, slots=True)
class Happened:
    """An event with who recorded it, when and why."""

    event: Event
    at: datetime
    by: str = "system"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Owed:
    """What a loan owes on a day."""

    now: Money
    """All that is due by today, with penalty."""
    overdue: Money
    """Of it, what was due before today."""
    penalty: Money
    next_due: date | None
    """The next due date, today or later, of an instalment not yet settled."""
    next_amount: Money
    accepted_up_to: Money | None
    """The most that may be paid without settling. Where interest is counted anew from what was paid, anything up to the payoff; elsewhere
    all that falls due through the next instalment, since paying more ahead would save the borrower nothing."""
    payoff: Money | None
    """What settles the loan today. None in lists, as is `accepted_up_to`."""


@dataclass(frozen=True, slots=True)
class Repayment:
    key: str
    at: datetime
    amount: Money
    allocation: Mapping[str, int]
    """Minor units by part: penalty, fee, premium, interest, principal."""
    closed: bool


@dataclass(frozen=True, slots=True)
class View:
    """A loan as its borrower or its funder sees it on a day."""

    loan: Loan
    on: date
    owed: Owed
    paid: Money
    days_past_due: int
    bucket: str | None
    states: tuple[State, ...]

    def status_of(self, state: State) -> str:
        """ "paid", "overdue", "due" or "upcoming"."""
        if state.settled:
            return "paid"
        due = state.instalment.due
        return "overdue" if due < self.on else "due" if due == self.on else "upcoming"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an event did to a loan."""

    loan: Loan
    event: str
    kind: str
    amount: Money
    parts: Parts
    books: Books
    repeated: bool = False
    """The key was known: nothing was done again."""


@dataclass(frozen=True, slots=True)
class Prepayment:
    """What paying an amount on a day would do."""

    on: date
    amount: Money
    settles: bool
    saved: Money
    """Interest, premium and fees that no longer fall due."""
    before: Sequence[Instalment]
    after: Sequence[Instalment]
