"""The progressive interest model: instalments that are worked out anew, going forward, as things happen. Pure but for its own state.

A loan is a row of repayment periods, each cut into stretches of days on one balance at one rate. A payout or a new rate works out the
level instalment (EMI) of all periods from its own on: EMI = balance x Π(1 + f) / fn. A payment or a correction changes balances, hence
interest; the last instalment not yet settled takes the difference, so that instalments always sum to what was paid out plus its interest.
The method, its precision and its corner cases are those of Apache Fineract's progressive loans, found from its published test figures.

Days are counted (start, end]: the day of a payout bears no interest, the due date does. Amounts are minor units.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from xinqiao.kit import Money

from ..errors import ScheduleImpossible
from ..product.model import DayCount, Every, Rounded, Rounding
from ..schedule.rounding import multiple_of, to_minor
from .factors import annuity, context, growth, rate_factor, total


@dataclass(slots=True)
class Stretch:
    """Days on one balance at one rate. What is paid out or corrected counts from its end on."""

    start: date
    end: date
    factor: Decimal = Decimal(0)
    balance: int = 0
    disbursed: int = 0
    corrected: int = 0
    interest: int = 0

    @property
    def closing(self) -> int:
        return self.balance + self.disbursed + self.corrected


@dataclass(slots=True)
class Period:
    start: date
    due: date
    stretches: list[Stretch]
    emi: int = 0
    agreed: int = 0
    """The level instalment last worked out, before the last period's correction."""
    paid_principal: int = 0
    paid_interest: int = 0
    accrued: int = 0
    """Interest of its stretches and what earlier periods carried over."""
    balance: int = 0
    """Principal owed after its due date, its dues being paid."""

    @property
    def interest(self) -> int:
        """Due: all that accrued, or only what was paid when principal was paid beyond the plan (the rest is carried over)."""
        ahead = self.paid_principal > self.emi - self.accrued
        return max(self.paid_interest if ahead else self.accrued, self.paid_interest)

    @property
    def principal(self) -> int:
        return max(self.emi - self.interest, self.paid_principal)

    @property
    def carried(self) -> int:
        return self.accrued - self.interest

    @property
    def paid(self) -> int:
        return self.paid_principal + self.paid_interest

    @property
    def settled(self) -> bool:
        return self.emi == self.paid

    @property
    def factor(self) -> Decimal:
        return total(stretch.factor for stretch in self.stretches)


@dataclass(frozen=True, slots=True)
class Due:
    """What a period owes when it is paid on a given day."""

    total: Money
    principal: Money
    interest: Money
    balance: Money
    """Principal owed on that day."""


@dataclass(frozen=True, slots=True)
class Payoff:
    principal: Money
    interest: Money

    @property
    def total(self) -> Money:
        return self.principal + self.interest


@dataclass(slots=True)
class InterestModel:
    """`periods` are (start, due) in order; `digits` is the precision of factors and instalments."""

    dates: Sequence[tuple[date, date]]
    annual_rate: Decimal
    day_count: DayCount = field(default_factory=DayCount)
    every: Every = field(default_factory=Every)
    currency: str = "CNY"
    rounding: Rounded = field(default_factory=Rounded)
    digits: int = 12
    periods: list[Period] = field(init=False)
    rates: list[tuple[date, Decimal]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.periods = [Period(start, due, [Stretch(start, due)]) for start, due in self.dates]

    # --- what happens -------------------------------------------------------------------------------------------------------------

    def add_disbursement(self, on: date, amount: Money) -> None:
        """Pay out; the instalments from that day on are worked out anew. Raises ScheduleImpossible outside the loan's term."""
        index = self._index(on)
        if index is None:
            raise ScheduleImpossible(
                f"payouts fall from {self.periods[0].start} to {self.periods[-1].due}, not on {on}", field="disbursement"
            )
        self._cut(index, on).disbursed += amount.minor
        self._work_out(self._from(index, on))

    def change_rate(self, on: date, annual_rate: Decimal) -> None:
        """`on` is the first day that bears the new rate; the instalments from its period on are worked out anew."""
        before = on - timedelta(1)
        self.rates = sorted([*(known for known in self.rates if known[0] != before), (before, annual_rate)])
        index = self._index(before)
        if index is not None:
            self._cut(index, before)
            self._work_out(self._from(index, before))
        elif before < self.periods[0].start:
            self._work_out(0)

    def add_balance_correction(self, on: date, amount: Money) -> None:
        """Change the balance that bears interest from `on`; instalments stay, the last unsettled one takes the difference.

        A day outside the term changes nothing: there is no interest to change.
        """
        index = self._index(on)
        if index is not None:
            self._cut(index, on).corrected += amount.minor
            self._set_factors(self.periods[index : index + 1])
            self._settle_up()

    def pay_principal(self, due: date, on: date, amount: Money) -> None:
        """Principal paid on the period due on `due`; interest falls from the day paid, or from the due date when paid late."""
        if not amount.minor:
            return
        period = self.period(due)
        period.paid_principal += amount.minor
        self.add_balance_correction(min(on, due), -amount)
        if period.paid > period.emi:
            period.emi = period.paid
            self._settle_up()

    def pay_interest(self, due: date, on: date, amount: Money) -> None:
        self.period(due).paid_interest += amount.minor
        self._settle_up()

    def pay(self, due: date, on: date, *, principal: Money, interest: Money) -> None:
        self.pay_principal(due, on, principal)
        self.pay_interest(due, on, interest)

    # --- what is owed -------------------------------------------------------------------------------------------------------------

    def period(self, due: date) -> Period:
        found = next((period for period in self.periods if period.due == due), None)
        if found is None:
            raise ScheduleImpossible(f"no instalment is due on {due}", field="due")
        return found

    def due_amounts(self, due: date, on: date) -> Due:
        """What the period owes when paid on `on`: interest runs to that day and no further."""
        till = self.copy()
        period, last = till._cut_off(due, on)
        several = sum(not one.settled for one in till.periods) > 1
        if several and on <= period.start:
            period.emi = period.agreed
        return Due(*(till._money(value) for value in (period.emi, period.principal, period.interest, last.balance + last.disbursed)))

    def payoff(self, on: date) -> Payoff:
        """What settles the loan on `on`: all principal, and interest to that day."""
        till = self.copy()
        till._stop(on)
        lent = sum(stretch.disbursed for stretch in till._stretches())
        paid = (sum(period.paid_principal for period in till.periods), sum(period.paid_interest for period in till.periods))
        interest = sum(stretch.interest for stretch in till._stretches())
        return Payoff(self._money(max(lent - paid[0], 0)), self._money(max(interest - paid[1], 0)))

    def copy(self) -> InterestModel:
        return deepcopy(self)

    # --- inside -------------------------------------------------------------------------------------------------------------------

    def _money(self, minor: int) -> Money:
        return Money(minor, self.currency)

    def _stretches(self) -> Iterator[Stretch]:
        return (stretch for period in self.periods for stretch in period.stretches)

    def _rate_on(self, day: date) -> Decimal:
        return next((rate for since, rate in reversed(self.rates) if since <= day), self.annual_rate)

    def _index(self, on: date) -> int | None:
        """The period (start, due] of a day; the first one includes its start."""
        found = (i for i, p in enumerate(self.periods) if p.start < on <= p.due or (i == 0 and on == p.start))
        return next(found, None)

    def _from(self, index: int, on: date) -> int:
        """What happens on a due date bears on the next period, if there is one."""
        return index + 1 if on == self.periods[index].due and index + 1 < len(self.periods) else index

    def _cut(self, index: int, on: date) -> Stretch:
        """The stretch that ends on `on`, cut out if need be."""
        stretches = self.periods[index].stretches
        for position, stretch in enumerate(stretches):
            if stretch.end == on:
                return stretch
            if stretch.start <= on < stretch.end:
                before = Stretch(stretch.start, on)
                stretch.start = on
                stretches.insert(position, before)
                return before
        raise AssertionError(f"{on} lies in no stretch of its period")

    def _set_factors(self, periods: Sequence[Period]) -> None:
        to = context(self.digits)
        for period in periods:
            for stretch in period.stretches:
                rate, days = self._rate_on(stretch.start), (stretch.start, stretch.end)
                stretch.factor = rate_factor(rate, days, (period.start, period.due), self.every, self.day_count, to)

    def _refresh(self) -> None:
        """Balances and interest in one pass: each follows from the ones before it."""
        to, opening, carried = context(self.digits), 0, 0
        for period in self.periods:
            for stretch in period.stretches:
                stretch.balance = max(opening, 0)
                stretch.interest = self._rounded(to.multiply(Decimal(stretch.balance), stretch.factor))
                opening = stretch.closing
            period.accrued = sum(stretch.interest for stretch in period.stretches) + carried
            carried = period.carried
            opening += period.paid_principal - period.principal
            period.balance = max(opening, 0)

    def _rounded(self, value: Decimal, multiple: int = 1) -> int:
        return to_minor(Fraction(value), self.rounding.mode, multiple)

    def _settle_up(self) -> None:
        """Instalments sum to what was paid out and its interest: the last unsettled one takes the difference; where all are settled, the last
        one takes what was lent since."""
        self._refresh()
        owed = sum(stretch.disbursed for stretch in self._stretches()) + sum(period.interest for period in self.periods)
        missing = owed - sum(period.emi for period in self.periods)
        unsettled = [period for period in self.periods if not period.settled]
        if unsettled or missing > 0:
            (unsettled or self.periods)[-1].emi += missing
        self._refresh()

    def _work_out(self, index: int) -> None:
        """The level instalment of the periods from `index` on."""
        related = self.periods[index:]
        self._set_factors(related)
        self._refresh()
        self._set_emi(related, self._level(index))
        self._settle_up()
        self._even_out(index)

    def _level(self, index: int) -> int:
        to, related = context(self.digits), self.periods[index:]
        factors = [period.factor for period in related]
        opening = self.periods[index - 1].balance if index else 0
        balance = Decimal(opening + sum(stretch.disbursed for stretch in related[0].stretches))
        level = to.divide(to.multiply(growth(factors, to), balance), annuity(factors, to))
        return self._rounded(level, multiple_of(self.rounding, self.currency))

    @staticmethod
    def _set_emi(periods: Sequence[Period], emi: int) -> None:
        """Where more was paid already, the instalment stays."""
        for period in periods:
            if emi >= period.paid:
                period.emi = period.agreed = emi

    def _even_out(self, index: int) -> None:
        """Try once the level plus its share of what the last instalment is off by, if that is over half a minor unit an instalment."""
        related = self.periods[index:]
        off, level = self._off(index), related[-2].emi if len(related) > 1 else 0
        if not abs(off) > len(related) // 2 > 0:
            return
        countable = sum(period.paid <= level for period in related)
        share = to_minor(Fraction(off, max(1, countable)), Rounding.HALF_EVEN)
        tried = self._rounded(Decimal(level + share), multiple_of(self.rounding, self.currency))
        other = self.copy()
        other._set_emi(other.periods[index:], tried)
        other._settle_up()
        if tried != level and abs(other._off(index)) < abs(off):
            self.periods = other.periods

    def _off(self, index: int) -> int:
        """By how much the last instalment differs from the one before it."""
        related = self.periods[index:]
        return related[-1].emi - related[-2].emi if len(related) > 1 else 0

    def _cut_off(self, due: date, on: date) -> tuple[Period, Stretch]:
        """Let the period's interest run to `on` only (within the period), and drop what follows; return it and its last stretch."""
        period = self.period(due)
        at = min(max(on, period.start), period.due)
        kept = [stretch for stretch in period.stretches if stretch.start < at or stretch is period.stretches[0]]
        kept[-1].end = at
        period.stretches = kept
        for other in self.periods:
            if other is not period:
                self._shorten(other, on)
        self._set_factors(self.periods)
        self._settle_up()
        return period, kept[-1]

    @staticmethod
    def _shorten(period: Period, on: date) -> None:
        """Stretches end on `on` at the latest; a period keeps one, if empty."""
        for stretch in period.stretches:
            stretch.start, stretch.end = min(stretch.start, max(on, period.start)), min(stretch.end, max(on, period.start))

    def _stop(self, on: date) -> None:
        """No interest after `on`."""
        for period in self.periods:
            self._shorten(period, on)
        self._set_factors(self.periods)
        self._refresh()
