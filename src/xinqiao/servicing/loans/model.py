"""What a loan owes on a day, and how a payment settles it. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from xinqiao.kit import Money

from ..contract import Terms
from ..schedule import Instalment


@dataclass(frozen=True, slots=True)
class Parts:
    """An amount by what it is for, in minor units, in the order in which payments settle it (the waterfall)."""

    penalty: int = 0
    fee: int = 0
    premium: int = 0
    interest: int = 0
    principal: int = 0

    def __add__(self, other: Parts) -> Parts:
        return Parts(*(mine + theirs for mine, theirs in zip(self.amounts, other.amounts, strict=True)))

    def __sub__(self, other: Parts) -> Parts:
        return Parts(*(mine - theirs for mine, theirs in zip(self.amounts, other.amounts, strict=True)))

    @property
    def amounts(self) -> tuple[int, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))

    @property
    def total(self) -> int:
        return sum(self.amounts)

    @property
    def by_name(self) -> dict[str, int]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def take(self, amount: int) -> Parts:
        """As much of these parts as `amount` settles, first things first."""
        taken = []
        for due in self.amounts:
            taken.append(min(due, amount))
            amount -= taken[-1]
        return Parts(*taken)

    def floored(self) -> Parts:
        return Parts(*(max(0, part) for part in self.amounts))


NOTHING = Parts()


@dataclass(frozen=True, slots=True)
class State:
    """One instalment and what has happened to it."""

    instalment: Instalment
    paid: Parts = NOTHING
    late_unit_days: int = 0
    """Overdue principal x days, summed: the exact base of penalty interest, which is rounded only when it is asked for. Ageing a loan day
    by day or all at once therefore charges the same."""
    aged_to: date | None = None
    settled: bool = False

    @property
    def scheduled(self) -> Parts:
        i = self.instalment
        return Parts(0, i.fee.minor, i.premium.minor, i.interest.minor, i.principal.minor)

    def aged(self, on: date) -> State:
        """With penalty counted through `on`."""
        since = max(self.instalment.due, self.aged_to or self.instalment.due)
        if self.settled or on <= since:
            return self
        late = (self.instalment.principal.minor - self.paid.principal) * (on - since).days
        return replace(self, late_unit_days=self.late_unit_days + late, aged_to=on)

    def unpaid(self, late_rate: Fraction) -> Parts:
        """What is still owed on the instalment in full, with the penalty counted so far."""
        return NOTHING if self.settled else self.scheduled + Parts(penalty=self._penalty(late_rate)) - self.paid

    def earned(self, since: date, on: date) -> Parts:
        """What is owed if the loan is settled on `on`, which falls within this instalment's month that began on `since`.

        Charges count by the day, rounded half-even; what was paid ahead is not returned.
        """
        whole = self.scheduled
        days, month = (on - since).days, (self.instalment.due - since).days
        charges = (half_even(part * days, month) for part in (whole.fee, whole.premium, whole.interest))
        return (Parts(0, *charges, whole.principal) - self.paid).floored()

    def pay(self, parts: Parts, late_rate: Fraction) -> State:
        paid = replace(self, paid=self.paid + parts)
        return replace(paid, settled=paid.unpaid(late_rate).total == 0)

    def _penalty(self, late_rate: Fraction) -> int:
        return half_even(self.late_unit_days * late_rate.numerator, late_rate.denominator)


def half_even(numerator: int, denominator: int) -> int:
    """The quotient of a non-negative and a positive integer, rounded half-even."""
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    return quotient + (twice > denominator or (twice == denominator and quotient % 2 == 1))


@dataclass(frozen=True, slots=True)
class Loan:
    id: UUID
    person_id: UUID
    offer_id: UUID
    application_id: UUID
    funder_id: UUID
    guarantor_id: UUID | None
    terms: Terms
    disbursed_on: date
    disbursed_at: datetime
    outstanding: Money
    """Principal not yet repaid."""
    closed_on: date | None = None

    @property
    def principal(self) -> Money:
        return self.terms.principal

    @property
    def status(self) -> str:
        return "active" if self.closed_on is None else "closed"


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
    accepted_up_to: Money
    """The most that may be paid without settling: all that falls due through the next instalment."""
    payoff: Money
    """What settles the loan today."""


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


def owed(loan: Loan, states: Sequence[State], on: date) -> Owed:
    """`states` are in the order of their number and aged to `on`."""
    daily = loan.terms.late_rate
    due = [s for s in states if s.instalment.due <= on]
    unsettled = next((s for s in states if s.instalment.due >= on and not s.settled), None)
    now = sum(s.unpaid(daily).total for s in due)

    def money(minor: int) -> Money:
        return Money(minor, loan.principal.currency)

    ahead = unsettled.unpaid(daily).total if unsettled is not None and unsettled not in due else 0
    return Owed(
        now=money(now),
        overdue=money(sum(s.unpaid(daily).total for s in due if s.instalment.due < on)),
        penalty=money(sum(s.unpaid(daily).penalty for s in due)),
        next_due=unsettled.instalment.due if unsettled else None,
        next_amount=money(unsettled.unpaid(daily).total if unsettled else 0),
        accepted_up_to=money(now + ahead),
        payoff=money(sum(parts.total for parts in settlement(loan, states, on))),
    )


def settlement(loan: Loan, states: Sequence[State], on: date) -> list[Parts]:
    """What settles the loan on `on`, instalment by instalment.

    Within the cooling-off days the principal alone; later what is due, the current month's charges by the day, and the principal left.
    """
    cooling = on <= loan.disbursed_on + timedelta(days=loan.terms.cooling_days)
    return [_settling(loan, state, since, on, cooling) for since, state in _months(loan, states)]


def _settling(loan: Loan, state: State, since: date, on: date, cooling: bool) -> Parts:
    if state.settled:
        return NOTHING
    if state.instalment.due <= on:
        return state.unpaid(loan.terms.late_rate)
    if cooling or since >= on:
        return Parts(principal=state.scheduled.principal - state.paid.principal)
    return state.earned(since, on)


def _months(loan: Loan, states: Sequence[State]) -> Iterator[tuple[date, State]]:
    since = loan.disbursed_on
    for state in states:
        yield since, state
        since = state.instalment.due


def allocate(loan: Loan, states: Sequence[State], amount: int, on: date) -> list[Parts]:
    """How `amount`, which settles nothing ahead of its time, is spread: the oldest instalment first, each by the waterfall."""
    shares = []
    for state in states:
        share = state.unpaid(loan.terms.late_rate).take(amount)
        shares.append(share)
        amount -= share.total
    if amount:
        raise AssertionError(f"{amount} minor units of loan {loan.id} found no instalment")
    return shares
