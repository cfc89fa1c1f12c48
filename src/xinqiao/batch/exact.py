"""Exact arithmetic for compiled loops: integer quotients rounded half-even, and double-double numbers with a proved error. Pure.

`a`, `b` below are double-double numbers: the unevaluated sum of two binary64, of some 106 bits. They never become money: they only tell on
which side of a rounding tie an amount lies, and `BOUND` tells how near to a tie they may be believed.

Errors, in units of u² = 2^-106 relative (Joldes, Muller, Popescu, "Tight and rigorous error bounds for basic building blocks of double-word
arithmetic", ACM TOMS 44(2), 2017): product 7, sum of numbers of one sign 3, quotient 15. Numba compiles without `fastmath`, so that every
operation rounds as written.
"""

from __future__ import annotations

import numba

SPLITTER = 134217729.0
"""2^27 + 1 (Veltkamp)."""
U2 = 2.0**-106
compiled = numba.njit(cache=True, error_model="numpy")
inlined = numba.njit(cache=True, error_model="numpy", inline="always")

LARGEST_PRINCIPAL = 10**15
"""Minor units."""
FITS = 2.0**62
LIMB, LIMBS = 15, 3
"""A long division takes 15 bits of the numerator at a time, so that no step needs more than 63."""


@compiled
def half_even(numerator: int, denominator: int) -> int:
    """The quotient of a non-negative and a positive integer, rounded half-even; `2 * denominator` fits 63 bits."""
    quotient = numerator // denominator
    twice = 2 * (numerator - quotient * denominator)
    if twice > denominator or (twice == denominator and quotient & 1):
        quotient += 1
    return quotient


@compiled
def ratio(amount: int, numerator: int, denominator: int) -> int:
    """`amount * numerator / denominator` rounded half-even, exactly, where the product may need more than 64 bits.

    `amount` and `numerator` are not negative, both `numerator` and `denominator` below 2^47, and the result fits 62 bits.
    """
    if numerator == 0 or amount == 0:
        return 0
    if float(amount) * float(numerator) < FITS:
        return half_even(amount * numerator, denominator)
    whole = amount // denominator
    quotient, rest, part = 0, 0, amount - whole * denominator
    for shift in range(LIMBS * LIMB, -1, -LIMB):
        rest = (rest << LIMB) + part * ((numerator >> shift) & (2**LIMB - 1))
        quotient = (quotient << LIMB) + rest // denominator
        rest %= denominator
    twice = 2 * rest
    up = twice > denominator or (twice == denominator and (quotient + whole * numerator) & 1)
    return whole * numerator + quotient + up


@inlined
def two_sum(a: float, b: float) -> tuple[float, float]:
    s = a + b
    part = s - a
    return s, (a - (s - part)) + (b - part)


@inlined
def fast_two_sum(a: float, b: float) -> tuple[float, float]:
    s = a + b
    return s, b - (s - a)


@inlined
def two_product(a: float, b: float) -> tuple[float, float]:
    p = a * b
    c = SPLITTER * a
    a_high = c - (c - a)
    a_low = a - a_high
    c = SPLITTER * b
    b_high = c - (c - b)
    b_low = b - b_high
    return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low


@inlined
def dd_product(a_high: float, a_low: float, b_high: float, b_low: float) -> tuple[float, float]:
    high, low = two_product(a_high, b_high)
    return fast_two_sum(high, low + (a_high * b_low + a_low * b_high))


@inlined
def dd_sum(a_high: float, a_low: float, b_high: float, b_low: float) -> tuple[float, float]:
    """Of two numbers of one sign."""
    high, low = two_sum(a_high, b_high)
    rest, rest_low = two_sum(a_low, b_low)
    high, low = fast_two_sum(high, low + rest)
    return fast_two_sum(high, low + rest_low)


@inlined
def dd_quotient(a_high: float, a_low: float, b_high: float, b_low: float) -> tuple[float, float]:
    first = a_high / b_high
    product, product_low = dd_product(first, 0.0, b_high, b_low)
    rest = (a_high - product) + (a_low - product_low)
    return fast_two_sum(first, rest / b_high)
