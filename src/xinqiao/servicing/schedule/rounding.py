"""Rounding of exact numbers to minor units and their multiples. Pure."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

from xinqiao.kit.money import DECIMALS

from ..product.model import Remainder, Rounded, Rounding
from .equal import PRECISION

SETTLED = Decimal("1e-25")
"""Digits beyond this one are the computation's, not the number's."""


def whole(value: Fraction | int, mode: str = Rounding.HALF_EVEN) -> int:
    """The integer that `mode` chooses for `value`; ties and signs as the mode says (Java's and Python's names)."""
    value = Fraction(value)
    floor, rest = divmod(value.numerator, value.denominator)
    twice = 2 * rest
    if rest == 0:
        return floor
    match Rounding(mode):
        case Rounding.HALF_EVEN:
            return floor + (twice > value.denominator or (twice == value.denominator and floor % 2 == 1))
        case Rounding.HALF_UP:
            return floor + (twice > value.denominator or (twice == value.denominator and floor >= 0))
        case Rounding.UP:
            return floor + (floor >= 0)
        case Rounding.DOWN:
            return floor + (floor < 0)
        case Rounding.CEILING:
            return floor + 1
        case Rounding.FLOOR:
            return floor
    raise AssertionError(mode)


def to_minor(value: Fraction, mode: Rounding, multiple: int = 1) -> int:
    """The multiple of `multiple` minor units that `value` minor units round to."""
    return multiple * whole(value / multiple, mode)


def level_to_minor(value: Decimal, rounded: Rounded, currency: str) -> int:
    """A level amount, computed to fifty digits, by the product's rounding."""
    with localcontext(PRECISION):
        return to_minor(Fraction(value.quantize(SETTLED)), rounded.mode, multiple_of(rounded, currency))


def multiple_of(rounded: Rounded, currency: str) -> int:
    """The product's multiple in minor units; 1 when it has none."""
    return int((rounded.instalment_multiple or Decimal(1).scaleb(-DECIMALS[currency])).scaleb(DECIMALS[currency]))


def split(total: int, weights: list[Fraction], rounded: Rounded, currency: str) -> list[int]:
    """`total` in the proportion of `weights`, each part rounded by the product's rule, the remainder where it says; the parts sum to it."""
    together, multiple = sum(weights), multiple_of(rounded, currency)
    if rounded.remainder is Remainder.SPREAD:
        parts = [to_minor(total * weight / together, Rounding.FLOOR) for weight in weights]
        left = total - sum(parts)
        return [part + (index < left) for index, part in enumerate(parts)]
    parts = [to_minor(total * weight / together, rounded.mode, multiple) for weight in weights]
    parts[0 if rounded.remainder is Remainder.FIRST else -1] += total - sum(parts)
    return parts
