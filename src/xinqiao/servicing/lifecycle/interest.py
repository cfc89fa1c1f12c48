"""Interest of a period, of a whole term, and the level instalment that repays a balance. Exact fractions until they are rounded. Pure."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP
from fractions import Fraction

from ..daycount import days, fraction
from ..product.model import Accrual, Every, Unit
from .rounding import to_multiple, whole
from .terms import Terms

YEAR = {Unit.DAYS: 365, Unit.WEEKS: 52, Unit.MONTHS: 12, Unit.YEARS: 1}


def per_period(every: Every, rate: Fraction) -> Fraction:
    """The rate of one whole repayment period."""
    return rate * every.count / YEAR[every.unit]


def period_rate(terms: Terms, rate: Fraction, start: date, due: date) -> Fraction:
    if terms.product.accrual is Accrual.PERIOD:
        return per_period(terms.product.every, rate)
    return rate * fraction(start, due, terms.product.day_count)


def period_interest(terms: Terms, balance: int, rate: Fraction, start: date, due: date) -> Fraction:
    return balance * period_rate(terms, rate, start, due)


def term_interest(terms: Terms, principal: int, rate: Fraction) -> int:
    """Flat interest on the whole sum for the whole term."""
    product = terms.product
    if product.accrual is Accrual.PERIOD:
        return whole(principal * per_period(product.every, rate) * terms.agreement.count)
    from .terms import due_dates

    return whole(principal * rate * fraction(terms.started, due_dates(terms, terms.agreement.count)[-1], product.day_count))


def level_rate(terms: Terms, rate: Fraction, start: date, due: date) -> Fraction:
    """What the level payment is reckoned with: months are of 30 days, so that it does not hang on the month in which the loan begins."""
    product, every = terms.product, terms.product.every
    if product.accrual is Accrual.DAILY and every.unit is Unit.MONTHS:
        year = product.day_count.year
        return rate * 30 * every.count / (365 if year == "actual" else int(year))
    return period_rate(terms, rate, start, due)


def level_instalment(terms: Terms, balance: int, rate: Fraction, count: int, start: date, due: date) -> int:
    """Level payment of `count` instalments, the first of which runs from `start` to `due`; to the product's multiple it is
    rounded half up, to the minor unit by the product's mode."""
    growth = level_rate(terms, rate, start, due)
    if not growth:
        return to_multiple(Fraction(balance, count), terms.product)
    factor = (1 + growth) ** count
    level = balance * growth * factor / (factor - 1)
    return to_multiple(level, terms.product, ROUND_HALF_UP if terms.product.rounding.instalment_multiple else None)


__all__ = ["days", "level_instalment", "per_period", "period_interest", "period_rate", "term_interest"]
