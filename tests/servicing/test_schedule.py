from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from xinqiao.kit import CNY, Money
from xinqiao.servicing import schedule as s
from xinqiao.servicing.errors import TermsRefused, TooSmallForTerm

START = date(2026, 1, 31)


def of(fen: int = 1_000_000, rate: str = "0.12", months: int = 12, **charges: s.Charge) -> s.Schedule:
    return s.equal_instalments(CNY(fen), Decimal(rate), months, START, **charges)


def test_a_worked_example_to_the_cent() -> None:
    """¥10,000 at 12 % over 12 months: the annuity formula gives 888.49; the last month takes the cents that rounding left over."""
    loan = of()
    assert [str(i.total) for i in loan.instalments] == ["888.49"] * 11 + ["888.47"]
    assert [str(i.interest) for i in loan.instalments[:3]] == ["100.00", "92.12", "84.15"]
    assert str(loan.cost) == "661.86"


@pytest.mark.parametrize(
    ("start", "dues"),
    [
        (date(2026, 1, 31), ["2026-02-28", "2026-03-31", "2026-04-30"]),
        (date(2024, 1, 30), ["2024-02-29", "2024-03-30", "2024-04-30"]),
        (date(2026, 11, 15), ["2026-12-15", "2027-01-15", "2027-02-15"]),
    ],
)
def test_due_dates_keep_the_day_they_are_anchored_on(start: date, dues: list[str]) -> None:
    assert [s.due_date(start, n).isoformat() for n in (1, 2, 3)] == dues


@settings(deadline=None)
@given(
    st.integers(10_000, 10**10), st.decimals("0", "0.36", places=4), st.integers(1, 60), st.sampled_from(["CNY", "JPY", "KWD"]), st.dates()
)
def test_principal_repaid_is_principal_lent(minor: int, rate: Decimal, months: int, currency: str, start: date) -> None:
    assume(start.year < 9990)
    try:
        loan = s.equal_instalments(Money(minor, currency), rate, months, start)
    except TooSmallForTerm:
        assume(False)
    assert sum(i.principal.minor for i in loan.instalments) == minor
    assert loan.instalments[-1].balance.is_zero
    assert loan.to_repay.minor == minor + loan.interest.minor
    assert all(i.principal.is_positive for i in loan.instalments)


@settings(deadline=None)
@given(st.integers(100_000, 10**9), st.decimals("0.01", "0.36", places=4), st.integers(2, 60))
def test_every_instalment_but_the_last_is_the_same(minor: int, rate: Decimal, months: int) -> None:
    loan = s.equal_instalments(CNY(minor), rate, months, START)
    level = s.level_payment(CNY(minor), rate, months)
    assert {i.total for i in loan.instalments[:-1]} == {level}
    assert abs(loan.instalments[-1].total.minor - level.minor) <= 2 * months


def test_premium_on_the_balance_declines_and_on_the_principal_stays() -> None:
    declining = of(premium=s.Charge(Decimal("0.03"))).instalments
    level = of(premium=s.Charge(Decimal("0.03"), s.Base.PRINCIPAL)).instalments
    assert declining[0].premium == level[0].premium == CNY(2500)
    assert declining[-1].premium < declining[0].premium
    assert {i.premium for i in level} == {CNY(2500)}


def test_a_sum_spread_over_the_term_keeps_every_cent() -> None:
    loan = of(fee=s.Charge(spread=CNY(10_001)))
    assert loan.fees == CNY(10_001)


def test_every_charge_raises_the_annual_cost() -> None:
    plain, insured = of(), of(premium=s.Charge(Decimal("0.03")))
    full = of(premium=s.Charge(Decimal("0.03")), fee=s.Charge(spread=CNY(6_000)))
    assert plain.annual_rate().percent == Decimal("12.00")
    assert insured.annual_rate().percent == Decimal("15.00")
    assert full.annual_rate().nominal > insured.annual_rate().nominal


def test_a_free_loan_costs_nothing() -> None:
    loan = of(rate="0", months=7)
    assert loan.cost.is_zero
    assert loan.annual_rate().percent == Decimal("0.00")


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        ({"fen": 0}, "amount must be positive"),
        ({"months": 0}, "1 to 360 months"),
        ({"months": 361}, "1 to 360 months"),
        ({"rate": "-0.01"}, "fraction from 0 to 10"),
        ({"rate": "12"}, "fraction from 0 to 10"),
        ({"premium": s.Charge(Decimal("-0.01"))}, "premium must not be negative"),
        ({"fee": s.Charge(spread=Money(5, "USD"))}, "sum in CNY"),
        ({"fee": s.Charge(Decimal("0.1"), spread=CNY(5))}, "either a rate or a sum"),
    ],
)
def test_terms_that_contradict_themselves_are_refused_with_the_reason(terms: dict, says: str) -> None:
    with pytest.raises(TermsRefused, match=says):
        of(**terms)


@pytest.mark.parametrize(("fen", "months"), [(5, 12), (1, 2), (18, 12)])
def test_a_loan_too_small_for_its_term_is_refused(fen: int, months: int) -> None:
    with pytest.raises(TooSmallForTerm, match="lend more or over fewer"):
        of(fen, "0.12", months)


def test_without_interest_a_tie_goes_to_the_even_cent() -> None:
    """417,476.79 over six months: 69,579.465 each."""
    assert s.level_payment(CNY(41_747_679), Decimal(0), 6) == CNY(6_957_946)
