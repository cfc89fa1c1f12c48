"""Finding the rate of an equation of value so that every printed digit is certain. 40-digit decimals; no binary floats."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction

from ..errors import NoAnnualRate
from .model import Flow

PRECISION = Context(prec=40)
NARROW = Decimal("1e-30")
LARGEST = Decimal(10) ** 9


def solve(excess: Callable[[Decimal], Decimal], *, scale: Decimal, quantum: Decimal) -> Decimal:
    """`scale` x the rate at which `excess` (advances less payments, in present value) crosses zero, rounded half-up to `quantum`.

    The root is bracketed and the bracket halved until both of its ends round alike, so that every printed digit is certain; a bracket
    narrower than 1e-30 that still straddles a tie is taken to be the tie. Raises NoAnnualRate when less is repaid than was advanced.
    """
    with localcontext(PRECISION):
        low, high = _bracket(excess)
        return settle(excess, low, high, scale=scale, quantum=quantum)


def settle(excess: Callable[[Decimal], Decimal], low: Decimal, high: Decimal, *, scale: Decimal, quantum: Decimal) -> Decimal:
    """The root between `low`, where `excess` is negative, and `high`, where it is not; as `solve` says."""
    with localcontext(PRECISION):
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


def actuarial(advances: Iterable[Flow], payments: Iterable[Flow]) -> Callable[[Decimal], Decimal]:
    """A / ((1 + f·i)(1 + i)^t), 12 CFR 1026 appendix J (b)(8)."""
    flows = signed(advances, payments)

    def excess(rate: Decimal) -> Decimal:
        total, power, reached = Decimal(0), Decimal(1), 0
        for flow in flows:
            power, reached = power * (1 + rate) ** (flow.periods - reached), flow.periods
            total += flow.amount / (power * (1 + as_decimal(flow.odd) * rate))
        return total

    return excess


def compound(advances: Iterable[Flow], payments: Iterable[Flow]) -> Callable[[Decimal], Decimal]:
    """A (1 + X)^-t, Directive 2008/48/EC annex I."""
    flows = [(flow.amount, -as_decimal(flow.periods + flow.odd)) for flow in signed(advances, payments)]

    def excess(rate: Decimal) -> Decimal:
        log = (1 + rate).ln()
        return sum((amount * (log * years).exp() for amount, years in flows), Decimal(0))

    return excess


def signed(advances: Iterable[Flow], payments: Iterable[Flow]) -> list[Flow]:
    """Advances positive, payments negative, in the order of their time."""
    back = (Flow(-flow.amount, flow.periods, flow.odd) for flow in payments)
    return sorted((*advances, *back), key=lambda flow: (flow.periods, flow.odd))


def as_decimal(value: Fraction | int) -> Decimal:
    exact = Fraction(value)
    return PRECISION.divide(Decimal(exact.numerator), Decimal(exact.denominator))
