"""Exact fractions to minor units. Pure."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from xinqiao.kit.money import DECIMALS

from ..product.model import Product
from ..schedule.rounding import whole


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


__all__ = ["exact", "to_multiple", "whole"]
