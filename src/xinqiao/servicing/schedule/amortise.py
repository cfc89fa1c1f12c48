"""How an instalment divides into principal and interest. Pure; integer minor units.

The level total x of the periods i … n-1 solves: what is owed at the end of period i, grown by each later period's factor, equals the
instalments grown likewise plus the balloon,

    (owed_i + interest_i) · Π_{j>i}(1 + f_j) = x · Σ_{k>=i} w_k · Π_{j>k}(1 + f_j) + balloon,

with weights w of a stepped loan (1 otherwise). For whole periods it is the annuity formula. It is solved anew in each period in which
money is paid out or the rate changes. On flat interest the factors are 0 and all interest stands on the left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from xinqiao.kit import Money

from ..errors import ScheduleImpossible, TooSmallForTerm
from ..product.model import Amortisation, Method, Remainder, Rounding
from .accrual import Frame
from .equal import PRECISION
from .rounding import level_to_minor, multiple_of, split, to_minor


@dataclass(frozen=True, slots=True)
class Part:
    principal: int
    accrued: int
    """The period's interest, rounded."""
    level: int | None = None
    """The level total it was split from."""


LEVEL = (Amortisation.EQUAL_INSTALMENTS, Amortisation.BALLOON, Amortisation.STEPPED)


def amortise(frame: Frame) -> list[Part]:
    """Raises TooSmallForTerm and ScheduleImpossible."""
    if frame.product.amortisation in LEVEL:
        return _level(frame)
    interest = _interest(frame)
    return [Part(principal, interest(i, repaid)) for i, (principal, repaid) in enumerate(_with_repaid(_shares(frame)))]


def _with_repaid(principals: list[int]) -> list[tuple[int, int]]:
    pairs, repaid = [], 0
    for principal in principals:
        pairs.append((principal, repaid))
        repaid += principal
    return pairs


def _interest(frame: Frame) -> Callable[[int, int], int]:
    """The interest of a period, given what was repaid before it, rounded once.

    All flat interest is right to the minor unit: the last period takes what is left of it.
    """
    if frame.product.method is Method.FLAT:
        parts = _flat(frame)
        return lambda index, repaid: parts[index]
    return lambda index, repaid: to_minor(frame.accrued(index, repaid), frame.product.rounding.mode)


def _flat(frame: Frame) -> list[int]:
    mode = frame.product.rounding.mode
    exact = [frame.accrued(index, 0) for index in range(len(frame.periods))]
    left, parts = to_minor(sum(exact, Fraction(0)), mode), []
    for one in exact[:-1]:
        parts.append(min(to_minor(one, mode), left))
        left -= parts[-1]
    return [*parts, left]


# --- principal that does not depend on interest ------------------------------------------------------------------------------------


def _shares(frame: Frame) -> list[int]:
    shape, count = frame.product.amortisation, len(frame.periods)
    if shape is Amortisation.EQUAL_PRINCIPAL:
        return _equal_principal(frame)
    if shape is Amortisation.CUSTOM:
        return _positive(frame, _divided(frame, frame.lent_by[-1], [Fraction(part) for _, part in frame.product.custom]))
    return [0] * (count - 1) + [frame.lent_by[-1]]


def _equal_principal(frame: Frame) -> list[int]:
    """Divided anew over what remains of the term whenever money is paid out."""
    grace, count = frame.product.grace.principal, len(frame.periods)
    parts = [0] * count
    for index in range(grace, count):
        if index == grace or frame.lent_by[index] != frame.lent_by[index - 1]:
            owed = frame.lent_by[index] - sum(parts[:index])
            parts[index:] = _positive(frame, _divided(frame, owed, [Fraction(1)] * (count - index)))
    return parts


def _divided(frame: Frame, owed: int, weights: list[Fraction]) -> list[int]:
    return split(owed, weights, frame.product.rounding, frame.product.currency)


def _positive(frame: Frame, parts: list[int]) -> list[int]:
    if min(parts) <= 0:
        raise TooSmallForTerm(str(Money(sum(parts), frame.product.currency)), len(parts), field="principal")
    return parts


# --- level totals ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Trial:
    parts: list[Part]
    nudge: int
    """Added to the last segment's level."""
    drift: int
    """By how much the last total differs from its level."""


def _level(frame: Frame) -> list[Part]:
    """The level schedule, with the remainder where the product's rule puts it."""
    trial = _walk(frame, 0, {})
    if frame.product.rounding.even_out:
        trial = _evened(frame, trial)
    if frame.product.rounding.remainder is not Remainder.LAST:
        trial = _shifted(frame, trial)
    return _checked(frame, trial.parts)


def _segment(frame: Frame) -> int:
    """The period in which the level is computed for the last time."""
    grace = frame.product.grace.principal
    return max((i for i in range(grace + 1, len(frame.periods)) if frame.fresh[i]), default=grace)


def _evened(frame: Frame, trial: _Trial) -> _Trial:
    """Shift the level by its share of the drift, once, if the drift exceeds half a minor unit an instalment and gets smaller by it."""
    length = len(frame.periods) - _segment(frame)
    if not abs(trial.drift) > length // 2 > 0:
        return trial
    multiple = multiple_of(frame.product.rounding, frame.product.currency)
    nudge = to_minor(Fraction(trial.drift, length), Rounding.HALF_EVEN, multiple)
    better = _walk(frame, nudge, {})
    return better if abs(better.drift) < abs(trial.drift) else trial


def _shifted(frame: Frame, trial: _Trial) -> _Trial:
    """Have the drift paid early: what is paid early saves interest, so the amount is found by two secant steps; the last keeps any minor unit left."""
    best, drift, amount = trial, trial.drift, trial.drift
    for _ in range(3):
        if not best.drift or not amount:
            break
        tried = _walk(frame, trial.nudge, _early(frame, amount))
        best = min(best, tried, key=lambda one: abs(one.drift))
        amount = to_minor(Fraction(drift * amount, drift - tried.drift), Rounding.HALF_EVEN) if tried.drift != drift else 0
    return best


def _early(frame: Frame, amount: int) -> dict[int, int]:
    """The remainder by period: all of it on the segment's first, or a minor unit each from the earliest on."""
    start, length = _segment(frame), len(frame.periods) - _segment(frame)
    if frame.product.rounding.remainder is Remainder.FIRST:
        return {start: amount}
    each, left = divmod(abs(amount), length)
    sign = 1 if amount > 0 else -1
    return {start + k: sign * (each + (k < left)) for k in range(length)}


def _walk(frame: Frame, nudge: int, extra: dict[int, int]) -> _Trial:
    """Period by period: the level where it is due anew, interest, principal; the last takes all that is left."""
    grace, last, segment = frame.product.grace.principal, len(frame.periods) - 1, _segment(frame)
    interest_of, parts = _interest(frame), list[Part]()
    repaid, exact, level = 0, Decimal(0), 0
    for index in range(last + 1):
        interest, owed = interest_of(index, repaid), frame.lent_by[index] - repaid
        if index < grace:
            parts.append(Part(0, interest))
            continue
        if index == grace or frame.fresh[index]:
            exact = _solved(frame, index, repaid)
        level = _total(frame, exact, index) + (nudge if index >= segment else 0)
        principal = owed if index == last else level + extra.get(index, 0) - interest
        parts.append(Part(principal, interest, level))
        repaid += principal
    drift = parts[-1].principal + parts[-1].accrued - _balloon(frame, last) - level
    return _Trial(parts, nudge, drift)


def _total(frame: Frame, exact: Decimal, index: int) -> int:
    with localcontext(PRECISION):
        return level_to_minor(exact * _step(frame, index), frame.product.rounding, frame.product.currency)


def _solved(frame: Frame, index: int, repaid: int) -> Decimal:
    """The level total x of the module's equation, in minor units."""
    owed, interest, flat = frame.lent_by[index] - repaid, frame.accrued(index, repaid), frame.product.method is Method.FLAT
    with localcontext(PRECISION):
        left, right = _decimal(owed + interest), _step(frame, index)
        for later in range(index + 1, len(frame.periods)):
            factor = _decimal(frame.foreseen(index, later))
            left = left + frame.lent_by[index] * factor if flat else left * (1 + factor)
            right = right + _step(frame, later) if flat else right * (1 + factor) + _step(frame, later)
        return (left - _balloon(frame, index)) / right


def _balloon(frame: Frame, index: int) -> int:
    """Of what was lent by then."""
    return to_minor(frame.lent_by[index] * Fraction(frame.product.balloon or 0), frame.product.rounding.mode)


def _step(frame: Frame, index: int) -> Decimal:
    """The relative total of an instalment; the last given one repeats."""
    steps = frame.product.steps
    return steps[min(index - frame.product.grace.principal, len(steps) - 1)] if steps else Decimal(1)


def _decimal(value: Fraction) -> Decimal:
    return PRECISION.divide(Decimal(value.numerator), Decimal(value.denominator))


def _checked(frame: Frame, parts: list[Part]) -> list[Part]:
    """Every instalment after the grace repays something, and none more than is owed."""
    repaid = 0
    for index, part in enumerate(parts):
        if index >= frame.product.grace.principal and part.principal <= 0:
            _refuse(frame, index, part)
        repaid += part.principal
        if index < len(parts) - 1 and repaid >= frame.lent_by[index] and index >= frame.product.grace.principal:
            raise TooSmallForTerm(_money(frame, repaid), len(parts), field="principal")
    return parts


def _refuse(frame: Frame, index: int, part: Part) -> None:
    if part.level is not None and part.level <= part.accrued and part.accrued > 1:
        said = f"instalment {index + 1} of {_money(frame, part.level)} does not cover its interest of {_money(frame, part.accrued)}"
        if frame.product.steps:
            raise ScheduleImpossible(f"{said}; start the steps higher", field="steps")
        raise ScheduleImpossible(f"{said}; let there be fewer instalments, or a shorter period", field="instalments")
    raise TooSmallForTerm(_money(frame, frame.lent_by[-1]), len(frame.periods), field="principal")


def _money(frame: Frame, minor: int) -> str:
    return str(Money(minor, frame.product.currency))
