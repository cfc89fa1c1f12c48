"""The annualised rate that PBoC notice 3/2021 has shown (unverified): all interest and fees over the principal, by the year.

It may be shown as compound interest (复利, an internal rate of return) or as single interest (单利), named as such. Our reading, for want of
a published example: with flows on a grid of whole months or weeks, the internal rate of one step, x steps in a year or compounded over
them; one advance and one payment off the grid, cost / principal x 365 / days; any other dates, the internal rate over actual days and the
monthly rate that compounds to it, x 12. Single interest of a monthly loan is therefore IRR x 12, as every offer shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from math import gcd

from xinqiao.kit import Money

from .dates import Sides
from .model import AnnualRate, Dated, Flow
from .periods import anchor_of, months_and_days
from .solving import PRECISION, actuarial, as_decimal, compound, solve

FINE = Decimal("1e-16")


def monthly(advance: Money, payments: Sequence[Money], *, deducted: Money | None = None) -> AnnualRate:
    """The annual rate of `advance`, repaid by one payment a month; `deducted` is kept back from the advance.

    Raises NoAnnualRate when the payments do not repay the advance.
    """
    received = advance - deducted if deducted else advance
    flows = [Flow(payment.decimal, month) for month, payment in enumerate(payments, start=1)]
    return _stepwise([Flow(received.decimal)], flows, per_year=Fraction(12))


def chinese_rate(flows: Sequence[Dated]) -> AnnualRate:
    """Single interest as `nominal`, compound as `effective`. Raises NoAnnualRate, FlowsRefused."""
    sides = Sides.of(flows)
    step = _grid(sides)
    if step is not None:
        per_year, count = step
        advances, payments = ([Flow(amount, count(day)) for day, amount in side] for side in (sides.lent, sides.repaid))
        return _stepwise(advances, payments, per_year=per_year)
    if len(sides.lent) == len(sides.repaid) == 1:
        days = (sides.repaid[0][0] - sides.start).days
        return _stepwise([Flow(sides.lent[0][1])], [Flow(sides.repaid[0][1], 1)], per_year=Fraction(365, days))
    return _by_days(sides)


def _grid(sides: Sides):  # type: ignore[no-untyped-def] - (steps in a year, day -> number of steps), or None
    """The widest step of whole months (no more than a year), or else of whole weeks, on which every day lies."""
    days = [day for day, _ in (*sides.lent, *sides.repaid) if day != sides.start]
    anchor = anchor_of([day for day, _ in sides.repaid])
    found = [months_and_days(sides.start, day, anchor=anchor) for day in days]
    if not any(left for _, left in found):
        step = gcd(12, *(months for months, _ in found))
        return Fraction(12, step), lambda day: months_and_days(sides.start, day, anchor=anchor)[0] // step
    lengths = [(day - sides.start).days for day in days]
    if any(length % 7 for length in lengths):
        return None
    weeks = gcd(52, *(length // 7 for length in lengths))
    return Fraction(52, weeks), lambda day: (day - sides.start).days // 7 // weeks


def _stepwise(advances: Sequence[Flow], payments: Sequence[Flow], *, per_year: Fraction) -> AnnualRate:
    rate = solve(actuarial(advances, payments), scale=Decimal(1), quantum=FINE)
    with localcontext(PRECISION):
        times = as_decimal(per_year)
        return AnnualRate(nominal=(rate * times).normalize() if per_year.denominator > 1 else rate * times, effective=_grown(rate, times))


def _by_days(sides: Sides) -> AnnualRate:
    advances, payments = ([_over_365(amount, (day - sides.start).days) for day, amount in side] for side in (sides.lent, sides.repaid))
    yearly = solve(compound(advances, payments), scale=Decimal(1), quantum=FINE)
    with localcontext(PRECISION):
        month = ((1 + yearly).ln() / 12).exp() - 1
        return AnnualRate(nominal=(month * 12).quantize(FINE), effective=yearly)


def _grown(rate: Decimal, times: Decimal) -> Decimal:
    grown = (1 + rate) ** int(times) if times == int(times) else ((1 + rate).ln() * times).exp()
    return (grown - 1).quantize(FINE)


def _over_365(amount: Decimal, days: int) -> Flow:
    years = Fraction(days, 365)
    return Flow(amount, years.numerator // years.denominator, years % 1)
