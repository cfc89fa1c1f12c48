"""Published figures: Regulation Z appendix J and the worked examples of the EC and the UK."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinqiao.kit import CNY
from xinqiao.servicing import apr
from xinqiao.servicing.errors import CaseMalformed, NoAnnualRate

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "loan"


def cases(name: str, key: str) -> list:
    file = PUBLISHED / name
    if not file.exists():
        return [pytest.param(None, id=name, marks=pytest.mark.skip(reason=f"the published examples {file} are not on this machine"))]
    return [pytest.param(case, id=case["id"]) for case in json.loads(file.read_text())[key]]


@pytest.mark.parametrize("case", [*cases("regz_appendix_j.json", "examples"), *cases("eu_uk_apr.json", "cases")])
def test_published_example_to_its_last_digit(case: dict) -> None:
    assert apr.of_case(case) == Decimal(str(case["apr_percent"]))


@pytest.mark.parametrize(
    ("advance", "payments", "odd", "per_year", "percent"),
    [
        ("5000", [("230", n) for n in range(1, 25)], Fraction(0), 12, "9.69"),
        ("6000", [("200", n) for n in range(1, 37)], Fraction(19, 30), 12, "11.82"),
        ("500", [("17.60", n) for n in range(4, 34)], Fraction(4, 7), 52, "14.96"),
        ("10000", [("385", n) for n in range(1, 41)], Fraction(39, 90), 4, "8.97"),
    ],
    ids=["c1i", "c1ii", "c1v", "c1iv"],
)
def test_appendix_j_examples_that_travel_with_the_code(advance: str, payments: list, odd: Fraction, per_year: int, percent: str) -> None:
    """12 CFR 1026 Appendix J (c)(1): examples short enough to write down, so that a clean clone checks some too."""
    flows = [apr.Flow(Decimal(amount), number, odd) for amount, number in payments]
    assert apr.actuarial_percent([apr.Flow(Decimal(advance))], flows, unit_periods_per_year=per_year) == Decimal(percent)


def test_repaying_exactly_what_was_lent_costs_nothing() -> None:
    assert apr.monthly(CNY(1200), [CNY(100)] * 12).nominal == 0


def test_repaying_less_than_was_lent_has_no_rate() -> None:
    with pytest.raises(NoAnnualRate, match="less is repaid"):
        apr.monthly(CNY(1200), [CNY(99)] * 12)


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"advances": [], "payments": []},
        {"advances": [{"amount": 1, "day": 0}]},
        {"advances": [{"amount": "nan", "day": 0}], "payments": [{"amount": 1, "day": 1}]},
        {"advances": [{"amount": -5, "day": 0}], "payments": [{"amount": 1, "day": 1}]},
        {"advances": [["x", 0, [0, 1]]], "payments": [["1", 1, [0, 1]]], "unit_periods_per_year": 12},
        {"advances": [["1", 0, [0, 0]]], "payments": [["1", 1, [0, 1]]], "unit_periods_per_year": 12},
        {"advances": [["1", 0, [0, 1]]], "payments": [["1", 1, [0, 1]]], "unit_periods_per_year": 0},
        {"advances": [["1", 0]], "payments": 7, "unit_periods_per_year": 12},
    ],
)
def test_a_malformed_case_is_refused_with_the_shape_that_would_be_right(case: dict) -> None:
    with pytest.raises(CaseMalformed, match="advances and payments"):
        apr.of_case(case)


def test_a_fee_kept_back_raises_the_rate() -> None:
    payments = [CNY(90_000)] * 12
    assert apr.monthly(CNY(1_000_000), payments, deducted=CNY(10_000)).nominal > apr.monthly(CNY(1_000_000), payments).nominal


def test_a_rate_that_falls_on_a_half_is_rounded_up() -> None:
    """Repaying 1.00125 after a year is 0.125 %: the directive's rule sends the half up."""
    flows = [apr.Flow(Decimal("1.00125"), 1)]
    assert apr.effective_percent([apr.Flow(Decimal(1))], flows, places=2) == Decimal("0.13")


@settings(deadline=None, max_examples=60)
@given(st.decimals("0.0001", "3", places=6), st.integers(1, 60))
def test_the_rate_found_discounts_the_payments_back_to_the_advance(rate: Decimal, months: int) -> None:
    value = sum(Decimal(1000) / (1 + rate) ** month for month in range(1, months + 1))
    flows = [apr.Flow(Decimal(1000), month) for month in range(1, months + 1)]
    found = apr.actuarial_percent([apr.Flow(value)], flows, unit_periods_per_year=1, places=4)
    assert abs(found - rate * 100) <= Decimal("0.0001")
