"""Exact fractions to minor units. Pure."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from xinqiao.kit.money import DECIMALS

from ..product.model import Product, Rounding


def whole(value: Fraction | int, mode: str = ROUND_HALF_EVEN) -> int:
    """The integer that `mode` chooses for `value`."""
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


def exact(number: Decimal | int | Fraction) -> Fraction:
    return Fraction(number)


def to_multiple(value: Fraction | int, product: Product, mode: str | None = None) -> int:
    """`value` in minor units, rounded to the product's instalment multiple, or to the minor unit when it has none."""
    chosen = mode or product.rounding.mode
    multiple = product.rounding.instalment_multiple
    if multiple is None:
        return whole(value, chosen)
    unit = exact(multiple) * 10 ** DECIMALS[product.currency]
    return whole(whole(Fraction(value) / unit, chosen) * unit, chosen)
