"""Every row to the cent: against servicing's own schedules, and against decimals written down here once more."""

from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from xinqiao.batch import exact, schedules
from xinqiao.batch.schedules import SCALE, parts
from xinqiao.kit import Money
from xinqiao.servicing.errors import TermsRefused, TooSmallForTerm
from xinqiao.servicing.schedule import Base, Charge, equal_instalments

START = date(2026, 1, 31)
amounts, rates = st.integers(1, 10**13), st.integers(0, 10 * SCALE)


def random_rows(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    principal = np.exp(chance.uniform(np.log(10_000), np.log(10**10), n)).astype(np.int64)
    rate = np.where(chance.random(n) < 0.5, chance.integers(1, 400, n) * SCALE // 1000, chance.integers(1, SCALE, n))
    return principal, rate, chance.choice([1, 2, 3, 6, 9, 12, 18, 24, 36], n)


def in_decimals(principal: int, rate: int, months: int) -> list[tuple[int, int]]:
    """Principal and interest of each month, in decimals of fifty digits."""
    with localcontext(Context(prec=50)):
        monthly = Decimal(rate) / SCALE / 12
        growth = (1 + monthly) ** months
        level = principal * monthly * growth / (growth - 1)
        payment, left, rows = int(level.to_integral_value(ROUND_HALF_EVEN)), principal, []
        for month in range(1, months + 1):
            interest = round(Fraction(left * rate, 12 * SCALE))
            rows.append((left if month == months else payment - interest, interest))
            left -= rows[-1][0]
        return rows


def test_two_hundred_thousand_random_rows_equal_the_decimals() -> None:
    principal, rate, months = random_rows(200_000, 7)
    made = schedules.equal_instalments(principal, rate, months)
    assert not made.refused.any()
    rows = zip(principal.tolist(), rate.tolist(), months.tolist(), made.principal.tolist(), made.interest.tolist(), strict=True)
    for amount, yearly, term, repaid, interest in rows:
        assert list(zip(repaid[:term], interest[:term], strict=True)) == in_decimals(amount, yearly, term), (amount, yearly, term)
    assert made.principal.sum(axis=1).tolist() == principal.tolist()
    assert not made.balance[np.arange(len(months)), months - 1].any()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(amounts, rates, st.integers(1, 360), st.integers(0, SCALE), st.sampled_from(Base))
@example(100, SCALE, 2, 0, Base.BALANCE)
@example(1, 0, 360, 0, Base.BALANCE)
@example(10**13, 10 * SCALE, 360, SCALE, Base.PRINCIPAL)
def test_a_row_is_what_servicing_computes_for_the_loan_alone(principal: int, rate: int, months: int, premium: int, base: Base) -> None:
    made = schedules.equal_instalments([principal], [rate], months)
    charged = schedules.charges(made, premium, base=base)
    charge = Charge(Decimal(premium) / SCALE, base)
    try:
        alone = equal_instalments(Money(principal, "CNY"), Decimal(rate) / SCALE, months, START, premium=charge)
    except TooSmallForTerm:
        assert made.refused.all()
        assert not made.principal.any()
        return
    assert not made.refused.any()
    rows = [[i.principal.minor, i.interest.minor, i.premium.minor, i.balance.minor] for i in alone.instalments]
    assert np.column_stack([made.principal[0], made.interest[0], charged[0], made.balance[0]]).tolist() == rows


def test_a_payment_that_lies_on_a_tie_is_left_to_the_decimals() -> None:
    """Without interest, an odd amount over two months lies on a tie."""
    principal = np.arange(1, 20_000)
    made = schedules.equal_instalments(principal, 0, 2)
    odd = int((principal % 2 == 1).sum())
    assert made.by_reference == odd
    assert made.principal[2::2, 0].tolist() == [
        equal_instalments(Money(int(p), "CNY"), Decimal(0), 2, START).instalments[0].principal.minor for p in principal[2::2]
    ]


@pytest.mark.parametrize(
    ("principal", "rate", "months"), [(0, 0, 1), (-5, 0, 1), (100, -1, 1), (100, 10 * SCALE + 1, 1), (100, 0, 0), (100, 0, 361)]
)
def test_terms_out_of_range_are_refused_and_leave_the_others_alone(principal: int, rate: int, months: int) -> None:
    made = schedules.equal_instalments([principal, 120_000], [rate, 12 * SCALE // 100], [months, 12])
    assert made.refused.tolist() == [True, False]
    assert not made.principal[0].any()
    assert made.principal[1].sum() == 120_000
    with pytest.raises(TermsRefused):
        equal_instalments(Money(principal, "CNY"), Decimal(rate) / SCALE, months, START)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**15), st.integers(0, 2**45 - 1), st.integers(1, 2**45 - 1))
def test_a_ratio_of_any_size_is_exact(amount: int, numerator: int, denominator: int) -> None:
    exactly = Fraction(amount * numerator, denominator)
    if exactly < 2**61:
        assert exact.ratio(amount, numerator, denominator) == round(exactly)


def test_ratios_at_ties_round_to_even() -> None:
    assert [exact.ratio(odd, 1, 2) for odd in (1, 3, 5, 7)] == [0, 2, 2, 4]
    assert [exact.ratio(10**15 + 1, 2**40, 2**41), exact.ratio(10**15 + 3, 2**40, 2**41)] == [5 * 10**14, 5 * 10**14 + 2]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1_000, 10**12), st.integers(0, SCALE), st.lists(st.integers(1, 100), min_size=1, max_size=60))
def test_days_are_counted_exactly(principal: int, rate: int, days: list[int]) -> None:
    """Interest by actual/365; the level payment against exact fractions."""
    made = schedules.equal_instalments([principal], [rate], len(days), days=days, days_in_year=365)
    growth, annuity = Fraction(1), Fraction(0)
    for length in days:
        step = 1 + Fraction(rate * length, SCALE * 365)
        growth, annuity = growth * step, 1 + annuity * step
    payment, left = round(principal * growth / annuity), principal
    for number, length in enumerate(days):
        if made.refused[0]:
            break
        interest = round(Fraction(left * rate * length, SCALE * 365))
        repaid = left if number == len(days) - 1 else payment - interest
        assert (made.interest[0, number], made.principal[0, number]) == (interest, repaid)
        left -= repaid


def test_equal_principal_interest_only_and_bullet() -> None:
    """¥1,000.00 at 12 % over three months."""
    ours, rate = [100_000], [parts(Decimal("0.12"))]
    even = schedules.equal_principal(ours, rate, 3)
    assert even.principal.tolist() == [[33_333, 33_333, 33_334]]
    assert even.interest.tolist() == [[1_000, 667, 333]]
    assert even.balance.tolist() == [[66_667, 33_334, 0]]
    only = schedules.interest_only(ours, rate, 3)
    assert only.principal.tolist() == [[0, 0, 100_000]]
    assert only.interest.tolist() == [[1_000] * 3]
    whole = schedules.bullet(ours, rate, 3)
    assert (whole.principal.tolist(), whole.interest.tolist()) == ([[100_000]], [[3_000]])
    counted = schedules.bullet(ours, rate, 3, days=[[92]], days_in_year=365)
    assert counted.interest.tolist() == [[round(Fraction(100_000 * 12 * 92, 100 * 365))]]


def test_a_sum_is_split_over_the_instalments_to_the_cent() -> None:
    made = schedules.equal_instalments([100_000] * 2, [0] * 2, [3, 2])
    assert schedules.charges(made, 0, spread=[100, 101]).tolist() == [[34, 33, 33], [51, 50, 0]]


def test_a_rate_with_more_decimals_than_are_kept_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 8 decimals"):
        parts(Decimal("0.123456789"))
