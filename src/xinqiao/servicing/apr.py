"""What credit costs in a year: one number that holds interest, guarantee premium and fees together. Pure, and free of binary floats.

Three conventions share one solver:

- actuarial (12 CFR 1026 Appendix J (b)(8)): a flow after t whole unit-periods and a fraction f is worth A / ((1 + f·i)(1 + i)^t); the
  rate is i x unit-periods in a year;
- effective (Directive 2008/48/EC Annex I): A (1 + X)^-t with t in years;
- monthly IRR, shown as IRR x 12 (单利) and as (1 + IRR)^12 - 1 (复利): PBoC notice 3/2021 (unverified).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction
from typing import Any

from xinqiao.kit import Money

from .errors import CaseMalformed, NoAnnualRate

PRECISION = Context(prec=40)
NARROW = Decimal("1e-30")
LARGEST = Decimal(10) ** 9
PERCENT = Decimal(100)
DAYS_IN_YEAR = Fraction(1461, 4)
"""365.25, as the worked examples of the EC and the UK count (unverified beyond them)."""


@dataclass(frozen=True, slots=True)
class Flow:
    amount: Decimal
    periods: int = 0
    """Whole unit-periods after the first advance."""
    odd: Fraction = Fraction(0)
    """What is left over, as a fraction of a unit-period (or of a year): 0 <= odd < 1."""


@dataclass(frozen=True, slots=True)
class AnnualRate:
    """Fractions of one: 0.1446 is 14.46 %."""

    nominal: Decimal
    effective: Decimal

    @property
    def percent(self) -> Decimal:
        """The nominal rate as it is shown, with two decimals."""
        return as_percent(self.nominal)

    @property
    def effective_percent(self) -> Decimal:
        return as_percent(self.effective)


def as_percent(rate: Decimal, places: int = 2) -> Decimal:
    return (rate * PERCENT).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def monthly(advance: Money, payments: Sequence[Money], *, deducted: Money | None = None) -> AnnualRate:
    """The annual rate of `advance`, repaid by one payment a month; `deducted` is kept back from the advance.

    Raises NoAnnualRate when the payments do not repay the advance.
    """
    received = advance - deducted if deducted else advance
    flows = [Flow(payment.decimal, month) for month, payment in enumerate(payments, start=1)]
    rate = solve(_actuarial([Flow(received.decimal)], flows), scale=Decimal(1), quantum=Decimal("1e-16"))
    with localcontext(PRECISION):
        return AnnualRate(nominal=rate * 12, effective=((1 + rate) ** 12 - 1).quantize(Decimal("1e-16")))


def actuarial_percent(advances: Sequence[Flow], payments: Sequence[Flow], *, unit_periods_per_year: int, places: int = 2) -> Decimal:
    """The annual percentage rate of Regulation Z, to `places` decimals."""
    scale = PERCENT * unit_periods_per_year
    return solve(_actuarial(advances, payments), scale=scale, quantum=Decimal(1).scaleb(-places))


def effective_percent(advances: Sequence[Flow], payments: Sequence[Flow], *, places: int = 1) -> Decimal:
    """The annual percentage rate of charge of the consumer-credit directive: one decimal, a half goes up."""
    return solve(_compound(advances, payments), scale=PERCENT, quantum=Decimal(1).scaleb(-places))


def of_case(case: Mapping[str, Any]) -> Decimal:
    """The percentage of a case written as the Regulation Z examples (unit-periods) or as the EC's (days) are.

    Regulation Z: `unit_periods_per_year` and flows [amount, whole periods, [odd days, days in a period]]. EC: flows
    {amount, day}. Raises CaseMalformed, NoAnnualRate.
    """
    try:
        advances, payments = ([_flow(flow) for flow in case[side]] for side in ("advances", "payments"))
        per_year = int(case.get("unit_periods_per_year", 1))
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise CaseMalformed(repr(error)) from error
    if not advances or not payments or per_year < 1:
        raise CaseMalformed("it has no advance, no payment, or no unit-period")
    if "unit_periods_per_year" in case:
        return actuarial_percent(advances, payments, unit_periods_per_year=per_year)
    return effective_percent(advances, payments)


def _flow(flow: Mapping[str, Any] | Sequence[Any]) -> Flow:
    made = _dated_flow(flow) if isinstance(flow, Mapping) else _regz_flow(*flow)
    if not made.amount.is_finite() or made.amount < 0 or made.periods < 0 or not made.odd >= 0:
        raise ValueError(f"amounts and times must be finite and not negative, got {flow}")
    return made


def _regz_flow(amount: Any, periods: int, odd: Sequence[int]) -> Flow:
    return Flow(Decimal(str(amount)), int(periods), Fraction(*odd))


def _dated_flow(flow: Mapping[str, Any]) -> Flow:
    years = Fraction(str(flow["day"])) / DAYS_IN_YEAR
    return Flow(Decimal(str(flow["amount"])), years.numerator // years.denominator, years % 1)


def solve(excess: Callable[[Decimal], Decimal], *, scale: Decimal, quantum: Decimal) -> Decimal:
    """`scale` x the rate at which `excess` (advances less payments, in present value) crosses zero, rounded half-up to `quantum`.

    The root is bracketed and the bracket halved until both of its ends round alike, so that every printed digit is certain; a bracket
    narrower than 1e-30 that still straddles a tie is taken to be the tie. Raises NoAnnualRate when less is repaid than was advanced.
    """
    with localcontext(PRECISION):
        low, high = _bracket(excess)
        while (low * scale).quantize(quantum, ROUND_HALF_UP) != (high * scale).quantize(quantum, ROUND_HALF_UP):
            if high - low < NARROW:
                return ((low + high) / 2 * scale).quantize(quantum * Decimal("1e-4"), ROUND_HALF_UP).quantize(quantum, ROUND_HALF_UP)
            low, high = _narrow(excess, low, high)
        return (high * scale).quantize(quantum, ROUND_HALF_UP)


def _bracket(excess: Callable[[Decimal], Decimal]) -> tuple[Decimal, Decimal]:
    low, high = Decimal(0), Decimal(1) / 8
    if excess(low) > 0:
        raise NoAnnualRate("less is repaid than was advanced")
    if excess(low) == 0:
        return low, low
    while excess(high) < 0:
        low, high = high, high * 2
        if high > LARGEST:
            raise NoAnnualRate("it would exceed a billion times the advance a period")
    return low, high


def _narrow(excess: Callable[[Decimal], Decimal], low: Decimal, high: Decimal) -> tuple[Decimal, Decimal]:
    """A bracket at most half as wide: probe just beside the secant's guess on either side, then the middle."""
    at_low, at_high = excess(low), excess(high)
    if at_high == 0:
        return high, high
    guess = low - at_low * (high - low) / (at_high - at_low)
    margin = (high - low) / 64
    for probe in (guess - margin, guess + margin, (low + high) / 2):
        if low < probe < high:
            low, high = (probe, high) if excess(probe) < 0 else (low, probe)
    return low, high


def _actuarial(advances: Iterable[Flow], payments: Iterable[Flow]) -> Callable[[Decimal], Decimal]:
    flows = _signed(advances, payments)

    def excess(rate: Decimal) -> Decimal:
        total, power, reached = Decimal(0), Decimal(1), 0
        for flow in flows:
            power, reached = power * (1 + rate) ** (flow.periods - reached), flow.periods
            total += flow.amount / (power * (1 + _decimal(flow.odd) * rate))
        return total

    return excess


def _compound(advances: Iterable[Flow], payments: Iterable[Flow]) -> Callable[[Decimal], Decimal]:
    flows = [(flow.amount, -_decimal(flow.periods + flow.odd)) for flow in _signed(advances, payments)]

    def excess(rate: Decimal) -> Decimal:
        log = (1 + rate).ln()
        return sum((amount * (log * years).exp() for amount, years in flows), Decimal(0))

    return excess


def _signed(advances: Iterable[Flow], payments: Iterable[Flow]) -> list[Flow]:
    """Advances positive, payments negative, in the order of their time."""
    back = (Flow(-flow.amount, flow.periods, flow.odd) for flow in payments)
    return sorted((*advances, *back), key=lambda flow: (flow.periods, flow.odd))


def _decimal(value: Fraction | int) -> Decimal:
    exact = Fraction(value)
    return PRECISION.divide(Decimal(exact.numerator), Decimal(exact.denominator))
