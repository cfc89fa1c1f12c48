"""A million repayment schedules at once, each to the cent what `servicing.schedule` computes for it alone. Pure.

Amounts are int64 minor units, one row a loan; rates are int64 parts of `SCALE` a year (0.108 is 10 800 000). Interest of a period is
balance x rate x days / (SCALE x days in a year), rounded half-even: exact, in integers. Whole months count as 1 day of a year of 12.
The level payment is P·Π(1 + r_i) / Σ_k Π_{i>k}(1 + r_i) in double-double numbers; a row whose payment lies so near to a rounding tie that
these cannot tell the side is computed by the decimal reference instead, and counted in `by_reference`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xinqiao.kit import Money
from xinqiao.servicing.schedule import LONGEST_MONTHS, Base, level_payment

from .exact import LARGEST_PRINCIPAL, U2, compiled, dd_product, dd_quotient, dd_sum, ratio

SCALE = 10**8
"""Parts of one in which rates are given: eight decimals."""
LARGEST_RATE = 10 * SCALE
MONTHS_IN_YEAR = 12
TIED = -1
Ints = NDArray[np.int64]
Kernel = Callable[..., None]


@dataclass(frozen=True, slots=True, eq=False)
class Schedules:
    """One row a loan, one column an instalment; zeros after a row's last instalment and all along a refused row."""

    principal: Ints
    interest: Ints
    balance: Ints
    """Principal still owed once the instalment is paid."""
    months: Ints
    refused: NDArray[np.bool_]
    """Rows whose terms the reference refuses: amounts, rates and terms out of range, or an instalment left without principal."""
    by_reference: int
    """Rows whose level payment lay too near to a rounding tie, and was computed in decimals."""

    @property
    def opening(self) -> Ints:
        """What each instalment's period began with."""
        return self.principal + self.balance


def parts(rate: Decimal, scale: int = SCALE) -> int:
    """A rate in parts of `scale`. Raises ValueError when it has more decimals."""
    scaled = rate * scale
    if scaled != scaled.to_integral_value():
        raise ValueError(f"a rate has at most {len(str(scale)) - 1} decimals, got {rate}")
    return int(scaled)


def equal_instalments(
    principal: ArrayLike, annual_rate: ArrayLike, months: ArrayLike, *, days: ArrayLike | None = None, days_in_year: int = MONTHS_IN_YEAR
) -> Schedules:
    """等额本息: a level payment, the last instalment takes the remainder. `days` (n, m) or (m,): each period's, else whole months."""
    given = _Given.of(principal, annual_rate, months, days, days_in_year)
    payment = np.empty(given.rows, np.int64)
    _level_payments(given.principal, given.rate, given.months, given.days, given.divisor, given.refused, payment)
    tied = np.flatnonzero(payment == TIED)
    for row in tied:
        payment[row] = _payment_by_reference(given, row)
    return given.run(_equal_instalments, payment, by_reference=len(tied))


def equal_principal(
    principal: ArrayLike, annual_rate: ArrayLike, months: ArrayLike, *, days: ArrayLike | None = None, days_in_year: int = MONTHS_IN_YEAR
) -> Schedules:
    """等额本金: principal / months each, half-even, the last takes the remainder; interest on what is still owed."""
    given = _Given.of(principal, annual_rate, months, days, days_in_year)
    return given.run(_equal_principal)


def interest_only(
    principal: ArrayLike, annual_rate: ArrayLike, months: ArrayLike, *, days: ArrayLike | None = None, days_in_year: int = MONTHS_IN_YEAR
) -> Schedules:
    """先息后本: interest each period, all principal with the last."""
    given = _Given.of(principal, annual_rate, months, days, days_in_year)
    return given.run(_interest_only)


def bullet(
    principal: ArrayLike, annual_rate: ArrayLike, months: ArrayLike, *, days: ArrayLike | None = None, days_in_year: int = MONTHS_IN_YEAR
) -> Schedules:
    """到期一次还本付息: one instalment, principal and the interest of the whole term (`days` (n, 1): the term's)."""
    term = np.asarray(months, np.int64)
    whole = np.broadcast_to(term, np.shape(principal))[:, None] if days is None else days
    given = _Given.of(principal, annual_rate, np.ones_like(term), whole, days_in_year)
    given.refused |= (term < 1) | (term > LONGEST_MONTHS)
    return given.run(_interest_only)


def charges(schedules: Schedules, annual_rate: ArrayLike, *, base: Base = Base.BALANCE, spread: ArrayLike | None = None) -> Ints:
    """Guarantee premium or fee of every instalment, as `servicing.schedule.Charge` counts it.

    A yearly rate of the balance that a month began with or of the principal lent, a twelfth of it each month; or a sum split over the
    instalments to the cent.
    """
    made = np.zeros_like(schedules.principal)
    if spread is not None:
        _split(_column(spread, len(made)), schedules.months, schedules.refused, made)
        return made
    rate = _column(annual_rate, len(made))
    if np.any((rate < 0) | (rate > LARGEST_RATE)):
        raise ValueError("a charge's rate is a fraction from 0 to 10 a year")
    _charge(schedules.opening, rate, schedules.months, schedules.refused, base is Base.PRINCIPAL, made)
    return made


def _column(values: ArrayLike, rows: int) -> Ints:
    """A copy of its own: kernels are compiled once for plain arrays, and would be again for views and read-only ones."""
    return np.array(np.broadcast_to(np.asarray(values, np.int64), rows))


@dataclass(slots=True)
class _Given:
    """The terms as contiguous arrays; rows that the reference would refuse are marked before anything is computed."""

    principal: Ints
    rate: Ints
    months: Ints
    days: Ints
    """(1 or n, m): one row for all loans, or one for each."""
    divisor: int
    days_in_year: int
    refused: NDArray[np.bool_]

    @classmethod
    def of(cls, principal: ArrayLike, annual_rate: ArrayLike, months: ArrayLike, days: ArrayLike | None, days_in_year: int) -> _Given:
        amounts = np.array(principal, np.int64)
        rate, term = (_column(one, len(amounts)) for one in (annual_rate, months))
        bad = (amounts < 1) | (amounts > LARGEST_PRINCIPAL) | (rate < 0) | (rate > LARGEST_RATE) | (term < 1) | (term > LONGEST_MONTHS)
        longest = int(term[~bad].max(initial=1))
        lengths = np.ones((1, longest), np.int64) if days is None else np.array(np.atleast_2d(days), np.int64)
        if lengths.shape[1] < longest or lengths.shape[0] not in (1, len(amounts)):
            raise ValueError(f"days are given for {lengths.shape}, needed for (1 or {len(amounts)}, {longest})")
        if lengths.min() < 0 or lengths.max() * LARGEST_RATE >= 2**47:
            raise ValueError("a period has from 0 to some 140 thousand days")
        return cls(amounts, rate, term, lengths, SCALE * days_in_year, days_in_year, bad)

    @property
    def rows(self) -> int:
        return len(self.principal)

    def run(self, kernel: Kernel, *more: Ints, by_reference: int = 0) -> Schedules:
        shape = (self.rows, int(self.months[~self.refused].max(initial=1)))
        made = [np.empty(shape, np.int64) for _ in range(3)]
        kernel(self.principal, self.rate, self.months, self.days, self.divisor, *more, self.refused, *made)
        return Schedules(*made, months=self.months, refused=self.refused, by_reference=by_reference)


def _payment_by_reference(given: _Given, row: int) -> int:
    """By `servicing.schedule` for whole months, whose decimals are the norm; exactly, in fractions, for counted days."""
    principal, rate, months = int(given.principal[row]), int(given.rate[row]), int(given.months[row])
    if given.days_in_year == MONTHS_IN_YEAR and (given.days == 1).all():
        return level_payment(Money(principal, "CNY"), Decimal(rate) / SCALE, months).minor
    growth, annuity = Fraction(1), Fraction(0)
    for length in given.days[min(row, len(given.days) - 1), :months]:
        step = 1 + Fraction(rate * int(length), given.divisor)
        growth, annuity = growth * step, 1 + annuity * step
    return round(principal * growth / annuity)


@compiled
def _level_payments(principal: Ints, rate: Ints, months: Ints, days: Ints, divisor: int, refused: NDArray[np.bool_], payment: Ints) -> None:
    for row in range(len(principal)):
        payment[row] = 0
        if not refused[row] and months[row] > 1:
            payment[row] = _level_payment(principal[row], rate[row], months[row], days[min(row, len(days) - 1)], divisor)


@compiled
def _level_payment(principal: int, rate: int, months: int, days: Ints, divisor: int) -> int:
    """Half-even, or TIED when the error bound reaches over a tie."""
    growth, growth_low, annuity, annuity_low = 1.0, 0.0, 0.0, 0.0
    counted, step, step_low = -1, 1.0, 0.0
    for number in range(months):
        if days[number] != counted:
            counted = days[number]
            step, step_low = dd_quotient(float(rate * counted), 0.0, float(divisor), 0.0)
            step, step_low = dd_sum(1.0, 0.0, step, step_low)
        growth, growth_low = dd_product(growth, growth_low, step, step_low)
        annuity, annuity_low = dd_product(annuity, annuity_low, step, step_low)
        annuity, annuity_low = dd_sum(1.0, 0.0, annuity, annuity_low)
    value, value_low = dd_product(growth, growth_low, float(principal), 0.0)
    value, value_low = dd_quotient(value, value_low, annuity, annuity_low)
    bound = (64.0 * months + 64.0) * U2 * value
    whole = np.floor(value)
    over = (value - whole - 0.5) + value_low
    if abs(over) <= bound:
        return TIED
    return int(whole) + (1 if over > 0.0 else 0)


@compiled
def _equal_instalments(
    principal: Ints,
    rate: Ints,
    months: Ints,
    days: Ints,
    divisor: int,
    payment: Ints,
    refused: NDArray[np.bool_],
    repaid: Ints,
    interest: Ints,
    balance: Ints,
) -> None:
    for row in range(len(principal)):
        left, last = principal[row], months[row] - 1
        lengths = days[min(row, len(days) - 1)]
        for number in range(repaid.shape[1]):
            if refused[row] or number > last:
                repaid[row, number] = interest[row, number] = balance[row, number] = 0
                continue
            interest[row, number] = ratio(left, rate[row] * lengths[number], divisor)
            part = left if number == last else payment[row] - interest[row, number]
            if part <= 0 or part > left:
                refused[row] = True
            left -= part
            repaid[row, number], balance[row, number] = part, left
        if refused[row]:
            repaid[row, :], interest[row, :], balance[row, :] = 0, 0, 0


@compiled
def _equal_principal(
    principal: Ints,
    rate: Ints,
    months: Ints,
    days: Ints,
    divisor: int,
    refused: NDArray[np.bool_],
    repaid: Ints,
    interest: Ints,
    balance: Ints,
) -> None:
    for row in range(len(principal)):
        left, last = principal[row], months[row] - 1
        lengths = days[min(row, len(days) - 1)]
        share = 0 if refused[row] else ratio(principal[row], 1, months[row])
        if share < 1 or share * last >= principal[row]:
            refused[row] = True
        for number in range(repaid.shape[1]):
            if refused[row] or number > last:
                repaid[row, number] = interest[row, number] = balance[row, number] = 0
                continue
            interest[row, number] = ratio(left, rate[row] * lengths[number], divisor)
            repaid[row, number] = left if number == last else share
            left -= repaid[row, number]
            balance[row, number] = left


@compiled
def _interest_only(
    principal: Ints,
    rate: Ints,
    months: Ints,
    days: Ints,
    divisor: int,
    refused: NDArray[np.bool_],
    repaid: Ints,
    interest: Ints,
    balance: Ints,
) -> None:
    for row in range(len(principal)):
        lengths = days[min(row, len(days) - 1)]
        for number in range(repaid.shape[1]):
            repaid[row, number] = interest[row, number] = balance[row, number] = 0
            if refused[row] or number >= months[row]:
                continue
            interest[row, number] = ratio(principal[row], rate[row] * lengths[number], divisor)
            if number == months[row] - 1:
                repaid[row, number] = principal[row]
            else:
                balance[row, number] = principal[row]


@compiled
def _charge(opening: Ints, rate: Ints, months: Ints, refused: NDArray[np.bool_], of_principal: bool, made: Ints) -> None:
    for row in range(len(opening)):
        if refused[row] or rate[row] == 0:
            continue
        for number in range(months[row]):
            made[row, number] = ratio(opening[row, 0 if of_principal else number], rate[row], SCALE * MONTHS_IN_YEAR)


@compiled
def _split(sums: Ints, months: Ints, refused: NDArray[np.bool_], made: Ints) -> None:
    for row in range(len(sums)):
        if refused[row]:
            continue
        each = sums[row] // months[row]
        for number in range(months[row]):
            made[row, number] = each + (number < sums[row] - each * months[row])
