"""XIRR: the yearly compound rate over actual days / 365 at which dated flows are worth nothing together.

Flows may change direction as they like. When no rate fits, or more than one, that is said; a number nobody can stand for is never returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np

from ..errors import FlowsRefused, NoAnnualRate
from .model import Dated, Flow, in_order
from .solving import compound, settle

LOWEST, HIGHEST = -13.8, 20.7
"""Logarithms of 1 + rate between which roots are looked for: from -99.9999 % to 98 billion percent."""
LONGEST_LOG = -600.0
"""Below this over the years of the flows, their worth would leave the range of a binary float."""
GRID = 4001
STEPS = 60
TOLERANCE = 1e-7
"""Newton's next error is about the square of its last step."""
ROWS = 8192
"""How many vectors are worked at once: they fit the processor's cache."""


def xirr(flows: Sequence[Dated], *, places: int = 10) -> Decimal:
    """The rate as a fraction of one, negative when less comes back; rounded half-up to `places`, every digit certain.

    Raises FlowsRefused for flows in one direction or on one day, NoAnnualRate when no rate or several fit.
    """
    if len({flow.amount.currency for flow in flows}) > 1:
        raise FlowsRefused("they are in more than one currency")
    moved = in_order([flow for flow in flows if flow.amount.minor])
    if len({flow.signed > 0 for flow in moved}) < 2 or moved[0].on == moved[-1].on:
        raise FlowsRefused("money must move in both directions, and on two days at least")
    days = np.array([(flow.on - moved[0].on).days for flow in moved], dtype=np.float64)
    amounts = np.array([flow.signed for flow in moved], dtype=np.float64)
    found = brackets(days, amounts)
    if len(found) != 1:
        raise NoAnnualRate(_why(found))
    low, high, rises = found[0]
    excess = compound(*_two_sides(moved, rises=rises))
    return settle(excess, _rate(low), _rate(high), scale=Decimal(1), quantum=Decimal(1).scaleb(-places))


def xirr_many(days: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """The rates of many vectors of flows at once: `days` and `amounts` are (n, m), a row's days ascending, unused places of amount zero.

    Binary floats (within 1e-9 of `xirr`), for analysis of a book. NaN where no rate or more than one fits.
    """
    if days.shape != amounts.shape or days.ndim != 2:
        raise ValueError(f"days and amounts must be two matrices of one shape, got {days.shape} and {amounts.shape}")
    years, values = np.asarray(days, dtype=np.float64) / 365.0, np.asarray(amounts, dtype=np.float64)
    out = np.empty(len(years))
    for start in range(0, len(years), ROWS):
        out[start : start + ROWS] = _page(years[start : start + ROWS], values[start : start + ROWS])
    return out


def brackets(days: np.ndarray, amounts: np.ndarray) -> list[tuple[float, float, bool]]:
    """Intervals of log(1 + rate) that hold one root each, and whether the value rises through it.

    The value is scanned; where it turns between two points of the grid without changing sign, the turn is looked at closely, so that two
    roots side by side are not taken for none.
    """
    years = days / 365.0
    low = max(LOWEST, LONGEST_LOG / max(years.max(), 1.0))
    grid = np.linspace(low, HIGHEST, GRID)
    grid = np.unique(np.append(grid, 0.0))
    value, slope = _value(grid, years, amounts)
    if _sign_changes(amounts) > 1:
        grid = np.union1d(grid, _turns(grid, value, slope, years, amounts))
        value, _ = _value(grid, years, amounts)
    sign = np.sign(value)
    known = np.flatnonzero(sign)
    pairs = [(int(i), int(j)) for i, j in pairwise(known) if sign[i] != sign[j]]
    return [(float(grid[i]), float(grid[j]), bool(sign[j] > 0)) for i, j in pairs]


def _value(grid: np.ndarray, years: np.ndarray, amounts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Present value and its slope along log(1 + rate)."""
    worth = amounts * np.exp(-np.outer(grid, years))
    return worth.sum(axis=1), -(worth * years).sum(axis=1)


def _turns(grid: np.ndarray, value: np.ndarray, slope: np.ndarray, years: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """Points at which the value turns between two points of the grid where it has one sign."""
    at = np.flatnonzero((np.sign(slope[:-1]) != np.sign(slope[1:])) & (np.sign(value[:-1]) == np.sign(value[1:])))
    low, high, first = grid[at], grid[at + 1], np.sign(slope[at])
    for _ in range(STEPS):
        middle = (low + high) / 2
        same = np.sign(_value(middle, years, amounts)[1]) == first
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return low


def _page(years: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """Newton on log(inflow's worth / outflow's worth), nearly a straight line in log(1 + rate); the rest by the scan."""
    size = np.abs(amounts)
    timed, timed_size = amounts * years, size * years
    done, discount = np.zeros(len(years), dtype=bool), np.empty_like(years)
    with np.errstate(all="ignore"):
        log = np.log(_half(size, -amounts) / _half(size, amounts)) / (timed_size.sum(axis=1) / size.sum(axis=1))
        log = np.where(np.isfinite(log), log, 0.0)
        for _ in range(12):
            np.multiply(years, -log[:, None], out=discount)
            np.exp(discount, out=discount)
            net, gross = np.einsum("ij,ij->i", amounts, discount), np.einsum("ij,ij->i", size, discount)
            late, late_gross = np.einsum("ij,ij->i", timed, discount), np.einsum("ij,ij->i", timed_size, discount)
            inward, outward = gross + net, gross - net
            step = np.log(inward / outward) / ((late_gross - late) / outward - (late_gross + late) / inward)
            log = log - step
            done = np.abs(step) < TOLERANCE
            if done.all():
                break
        span = np.where(amounts != 0, years, 0.0).max(axis=1)
        within = (log >= np.maximum(LOWEST, LONGEST_LOG / np.maximum(span, 1.0))) & (log <= HIGHEST)
        simple = (_sign_changes(amounts) == 1) & within
        rates = np.expm1(log)
    for row in np.flatnonzero(~(done & simple & np.isfinite(rates))):
        rates[row] = _scanned(years[row], amounts[row])
    return rates


def _half(size: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """Twice the sum of the positive amounts."""
    return (size + amounts).sum(axis=1)


def _scanned(years: np.ndarray, amounts: np.ndarray) -> float:
    kept = amounts != 0
    if _sign_changes(amounts) == 0 or not years[kept].max() > years[kept].min():
        return float("nan")
    found = brackets((years[kept] - years[kept].min()) * 365.0, amounts[kept])
    if len(found) != 1:
        return float("nan")
    low, high, rises = found[0]
    for _ in range(STEPS):
        middle = (low + high) / 2
        above = (amounts * np.exp(-middle * (years - years[kept].min()))).sum() > 0
        low, high = (low, middle) if above == rises else (middle, high)
    return float(np.expm1((low + high) / 2))


def _sign_changes(amounts: np.ndarray) -> np.ndarray:
    """How often each row changes its sign, zeros left out: the most roots it can have (Descartes)."""
    rows = np.atleast_2d(np.sign(amounts)).astype(np.int8)
    changes = np.zeros(len(rows), dtype=np.int64)
    last = np.zeros(len(rows), dtype=np.int8)
    for column in rows.T:
        changes += (column != 0) & (last != 0) & (column != last)
        last = np.where(column != 0, column, last)
    return changes if amounts.ndim == 2 else changes[0]


def _two_sides(moved: Sequence[Dated], *, rises: bool) -> tuple[list[Flow], list[Flow]]:
    """As advances and payments, turned so that the value rises with the rate."""
    ups, downs = [], []
    for flow in moved:
        years = Fraction((flow.on - moved[0].on).days, 365)
        side = ups if flow.lent is rises else downs
        side.append(Flow(flow.amount.decimal, years.numerator // years.denominator, years % 1))
    return ups, downs


def _rate(log: float) -> Decimal:
    return Decimal(log).exp() - 1


def _why(found: Sequence[tuple[float, float, bool]]) -> str:
    if not found:
        return "no rate between -99.9999 % and 98 billion percent brings their values together"
    rates = ", ".join(f"{float(np.expm1((low + high) / 2)):.2%}" for low, high, _ in found)
    return f"several do ({rates}), because money changes direction more than once; none of them alone is the rate"
