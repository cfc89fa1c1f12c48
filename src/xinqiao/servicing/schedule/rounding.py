"""Rounding of exact numbers to minor units and their multiples. Pure."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

from xinqiao.kit.money import DECIMALS

from ..product.model import Remainder, Rounded, Rounding
from .equal import PRECISION

SETTLED = Decimal("1e-25")
"""Digits beyond this one are the computation's, not the number's."""


def to_minor(value: Fraction, mode: Rounding, multiple: int = 1) -> int:
    """The multiple of `multiple` minor units that `value` minor units round to; ties and signs as the mode says (Java's and Python's names)."""
    scaled = value / multiple
    below, rest = divmod(scaled.numerator, scaled.denominator)
    return multiple * (below + _up(below, Fraction(rest, scaled.denominator), mode))


def _up(below: int, rest: Fraction, mode: Rounding) -> bool:
    """Whether to go up from `below` to the next integer, `rest` (0 to 1) being what lies between."""
    negative, half = below < 0, rest - Fraction(1, 2)
    rules = {
        Rounding.FLOOR: False,
        Rounding.CEILING: rest > 0,
        Rounding.DOWN: negative and rest > 0,
        Rounding.UP: not negative and rest > 0,
        Rounding.HALF_UP: half > 0 or (half == 0 and not negative),
        Rounding.HALF_EVEN: half > 0 or (half == 0 and below % 2 == 1),
    }
    return rules[mode]


def level_to_minor(value: Decimal, rounded: Rounded, currency: str) -> int:
    """A level amount, computed to fifty digits, by the product's rounding."""
    with localcontext(PRECISION):
        return to_minor(Fraction(value.quantize(SETTLED)), rounded.mode, multiple_of(rounded, currency))


def multiple_of(rounded: Rounded, currency: str) -> int:
    """The product's multiple in minor units; 1 when it has none."""
    return int((rounded.instalment_multiple or Decimal(1).scaleb(-DECIMALS[currency])).scaleb(DECIMALS[currency]))


def split(total: int, weights: list[Fraction], rounded: Rounded, currency: str) -> list[int]:
    """`total` in the proportion of `weights`, each part rounded by the product's rule, the remainder where it says; the parts sum to it."""
    whole, multiple = sum(weights), multiple_of(rounded, currency)
    if rounded.remainder is Remainder.SPREAD:
        parts = [to_minor(total * weight / whole, Rounding.FLOOR) for weight in weights]
        left = total - sum(parts)
        return [part + (index < left) for index, part in enumerate(parts)]
    parts = [to_minor(total * weight / whole, rounded.mode, multiple) for weight in weights]
    parts[0 if rounded.remainder is Remainder.FIRST else -1] += total - sum(parts)
    return parts
