"""From real dates to published rates: Regulation Z's own examples by their dates, and how the EU and China count time."""

import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinqiao.kit import CNY, Money
from xinqiao.servicing import apr
from xinqiao.servicing.apr.periods import Unit, months_and_days, months_back
from xinqiao.servicing.errors import FlowsRefused, NoAnnualRate
from xinqiao.servicing.schedule import due_date, equal_instalments


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def loan(advance: str, start: date, payments: list[tuple[date, str]]) -> list[apr.Dated]:
    return [apr.lent(start, usd(advance)), *(apr.repaid(day, usd(amount)) for day, amount in payments)]


def monthly(first: date, amounts: list[str], step: int = 1) -> list[tuple[date, str]]:
    return [(due_date(first, step * n), amount) for n, amount in enumerate(amounts)]


def every(days: int, first: date, amounts: list[str]) -> list[tuple[date, str]]:
    return [(first + timedelta(days * n), amount) for n, amount in enumerate(amounts)]


def semimonthly(first: date, amounts: list[str]) -> list[tuple[date, str]]:
    """On the 1st and the 16th."""
    return [(due_date(first, n // 2) + timedelta(15 * (n % 2)), amount) for n, amount in enumerate(amounts)]


@pytest.mark.parametrize(
    ("flows", "unit", "percent"),
    [
        (loan("5000", date(1978, 1, 10), monthly(date(1978, 2, 10), ["230"] * 24)), "month", "9.69"),
        (loan("6000", date(1978, 2, 10), monthly(date(1978, 4, 1), ["200"] * 36)), "month", "11.82"),
        (loan("5000", date(1978, 2, 23), semimonthly(date(1978, 3, 1), ["219.17"] * 24)), "semimonth", "10.34"),
        (loan("10000", date(1978, 5, 23), monthly(date(1978, 10, 1), ["385"] * 40, 3)), "3 months", "8.97"),
        (loan("500", date(1978, 3, 20), every(7, date(1978, 4, 21), ["17.60"] * 30)), "week", "14.96"),
        (loan("5000", date(1978, 1, 10), monthly(date(1978, 2, 10), ["250"] + ["230"] * 23)), "month", "10.08"),
        (loan("400", date(1978, 3, 18), every(28, date(1978, 4, 20), ["39.50"] + ["38.31"] * 11)), "4 weeks", "28.50"),
        (loan("5000", date(1978, 1, 10), monthly(date(1978, 2, 10), ["230"] * 23 + ["280"])), "month", "10.50"),
        (loan("200", date(1978, 4, 3), every(14, date(1978, 4, 11), ["9.50"] * 19 + ["30"])), "2 weeks", "12.22"),
        (loan("5000", date(1978, 1, 10), monthly(date(1978, 2, 10), ["250"] + ["230"] * 22 + ["280"])), "month", "10.90"),
        (loan("8000", date(1978, 1, 10), monthly(date(1978, 3, 1), ["449.36"] + ["465"] * 18 + ["200"], 2)), "2 months", "7.30"),
        (loan("1000", date(1978, 1, 3), [(date(1978, 9, 15), "1080")]), "term", "11.45"),
        (loan("1000", date(1978, 7, 15), [(date(1979, 1, 15), "1044")]), "term", "8.80"),
        (loan("1000", date(1978, 1, 17), [(date(1979, 7, 17), "1135.19")]), "12 months", "8.76"),
        (loan("1000", date(1978, 1, 3), [(date(1980, 1, 3), "1240")]), "12 months", "11.36"),
    ],
    ids=["c1i", "c1ii", "c1iii", "c1iv", "c1v", "c2i", "c2ii", "c3i", "c3ii", "c4i", "c4ii", "c5i", "c5ii", "c5iii", "c5iv"],
)
def test_appendix_j_examples_from_their_dates(flows: list[apr.Dated], unit: str, percent: str) -> None:
    """The (c)(5) figures are from memory of the rule (unverified); the others are those of the published file."""
    rates = apr.rates_of(flows)
    assert (rates.unit_period, str(rates.regulation_z)) == (unit, percent)
    assert str(apr.of_case(json.loads(json.dumps(apr.case_of(flows))))) == percent


@pytest.mark.parametrize(
    ("advances", "payments", "unit"),
    [
        ([date(2026, 1, 31)], [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)], "month"),
        ([date(2026, 1, 30)], [date(2026, 2, 28), date(2026, 3, 30), date(2026, 4, 30)], "month"),
        ([date(2023, 2, 1)], [date(2023, 3, 1), date(2023, 4, 1), date(2023, 5, 1)], "month"),
        ([date(2023, 2, 1)], [date(2023, 3, 1), date(2023, 3, 29), date(2023, 4, 26)], "4 weeks"),
        ([date(2026, 1, 1)], [date(2026, 1, 15), date(2026, 1, 31), date(2026, 2, 15), date(2026, 2, 28)], "semimonth"),
        ([date(2026, 1, 1)], [date(2027, 1, 1), date(2028, 1, 1), date(2029, 1, 1)], "12 months"),
        ([date(2026, 1, 1)], [date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 4)], "day"),
        # two common periods equally often: the smaller, (b)(4)(i)(A)
        ([date(2026, 1, 1)], [date(2026, 2, 1), date(2026, 3, 1), date(2026, 5, 1), date(2026, 7, 1)], "month"),
        # no common period: the average, 45 days, is nearest to 6 weeks
        ([date(2026, 1, 1)], [date(2026, 2, 10), date(2026, 4, 1)], "6 weeks"),
        # intervals between advances count too
        ([date(2026, 1, 1), date(2026, 1, 8), date(2026, 1, 15), date(2026, 1, 22)], [date(2026, 3, 9)], "week"),
    ],
)
def test_the_unit_period_is_the_commonest_standard_interval(advances: list[date], payments: list[date], unit: str) -> None:
    assert str(apr.unit_period(advances, payments)) == unit


def test_months_are_measured_back_and_odd_days_stand_at_the_start() -> None:
    assert months_and_days(date(1978, 2, 10), date(1978, 4, 1)) == (1, 19)
    assert months_back(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert months_back(date(2026, 2, 28), 1, anchor=30) == date(2026, 1, 30)
    assert months_back(date(2026, 2, 28), 1, anchor=31) == date(2026, 1, 31)
    assert months_back(date(2026, 2, 28), 1) == date(2026, 1, 28)


@given(st.dates(date(1970, 1, 1), date(2100, 1, 1)), st.integers(0, 20_000))
def test_months_and_days_put_together_give_the_later_day(start: date, days: int) -> None:
    on = start + timedelta(days)
    months, odd = months_and_days(start, on)
    assert 0 <= odd <= 31
    assert months_back(on, months) - timedelta(odd) == start


@pytest.mark.parametrize(
    ("start", "on", "weekly", "years"),
    [
        (date(2026, 1, 15), date(2027, 1, 15), False, Fraction(1)),
        (date(2026, 1, 15), date(2026, 2, 15), False, Fraction(1, 12)),
        (date(2026, 1, 15), date(2026, 1, 29), False, Fraction(2, 52)),
        (date(2026, 1, 15), date(2026, 1, 25), False, Fraction(10, 365)),
        # a month counted back from 25 February, and 10 days before it
        (date(2026, 1, 15), date(2026, 2, 25), False, Fraction(1, 12) + Fraction(10, 365)),
        # days that end after 29 February: the year that ends there has 366
        (date(2024, 2, 25), date(2024, 3, 5), False, Fraction(9, 366)),
        (date(2024, 2, 27), date(2024, 4, 30), False, Fraction(9, 52)),
        (date(2026, 2, 1), date(2026, 3, 1), True, Fraction(4, 52)),
        (date(2026, 2, 1), date(2026, 3, 1), False, Fraction(1, 12)),
    ],
)
def test_the_directive_counts_months_weeks_then_days(start: date, on: date, weekly: bool, years: Fraction) -> None:
    assert apr.years_between(start, on, weekly=weekly) == years


def test_the_directives_own_first_example_by_dates() -> None:
    """1,000 repaid by 1,200 after 18 months: 12.92 %, shown as 12.9 (old annex II of 98/7/EC, unverified)."""
    flows = [apr.lent(date(2026, 1, 1), usd("1000")), apr.repaid(date(2027, 7, 1), usd("1200"))]
    assert apr.european_percent(flows, places=2) == Decimal("12.92")
    assert apr.european_percent(flows) == Decimal("12.9")


def test_costs_kept_back_are_taken_off_what_was_lent() -> None:
    """The same, with 50 kept back: 16.85 % (the same annex, unverified)."""
    flows = [
        apr.lent(date(2026, 1, 1), usd("1000")),
        apr.repaid(date(2026, 1, 1), usd("50"), "fee"),
        apr.repaid(date(2027, 7, 1), usd("1200")),
    ]
    assert apr.european_percent(flows, places=2) == Decimal("16.85")


def of_months(rate: str, months: int = 12) -> list[apr.Dated]:
    start = date(2026, 1, 31)
    schedule = equal_instalments(CNY(10_000_00), Decimal(rate), months, start)
    return apr.of_schedule(start, schedule.principal, schedule.instalments)


def test_single_interest_of_a_monthly_loan_is_what_its_offer_shows() -> None:
    start = date(2026, 1, 31)
    schedule = equal_instalments(CNY(10_000_00), Decimal("0.1399"), 24, start)
    assert apr.chinese_rate(apr.of_schedule(start, schedule.principal, schedule.instalments)) == schedule.annual_rate()


@pytest.mark.parametrize(
    ("days", "back", "single", "compound"),
    [
        (45, "1010", "8.11", "8.41"),
        (365, "1100", "10.00", "10.00"),
        (14, "1005", "13.00", "13.85"),
    ],
)
def test_one_payment_back_is_cost_over_principal_by_the_year(days: int, back: str, single: str, compound: str) -> None:
    start = date(2026, 1, 5)
    found = apr.chinese_rate(loan("1000", start, [(start + timedelta(days), back)]))
    assert (str(found.percent), str(found.effective_percent)) == (single, compound)


def test_a_due_date_moved_off_the_grid_hardly_moves_the_rate() -> None:
    flows = of_months("0.12")
    moved = [apr.Dated(f.on + timedelta(2) if f.on.month == 7 else f.on, f.amount, f.what, f.lent) for f in flows]
    assert apr.chinese_rate(flows).percent == Decimal("12.00")
    assert abs(apr.chinese_rate(moved).percent - 12) < Decimal("0.15")


def test_all_conventions_agree_on_a_year_exactly() -> None:
    rates = apr.rates_of([apr.lent(date(2026, 1, 1), usd("1000")), apr.repaid(date(2027, 1, 1), usd("1100"))])
    assert {rates[one] for one in apr.Convention} == {Decimal(10)}


@pytest.mark.parametrize(
    ("flows", "why"),
    [
        ([], "something lent"),
        ([apr.lent(date(2026, 1, 1), CNY(1))], "something repaid"),
        ([apr.lent(date(2026, 1, 2), CNY(1)), apr.repaid(date(2026, 1, 1), CNY(2))], "before anything was lent"),
        ([apr.lent(date(2026, 1, 1), CNY(1)), apr.repaid(date(2026, 1, 1), CNY(1))], "leave nothing"),
        ([apr.lent(date(2026, 1, 1), CNY(2)), apr.repaid(date(2026, 1, 1), CNY(1))], "after the first day"),
        ([apr.lent(date(2026, 1, 1), CNY(1)), apr.repaid(date(2026, 2, 1), usd("1"))], "currency"),
        ([apr.lent(date(2026, 1, 1), CNY(-1)), apr.repaid(date(2026, 2, 1), CNY(1))], "negative"),
    ],
)
def test_flows_without_a_rate_are_refused_with_the_reason(flows: list[apr.Dated], why: str) -> None:
    with pytest.raises(FlowsRefused, match=why):
        apr.rates_of(flows)


def test_less_repaid_than_lent_has_no_annual_cost() -> None:
    with pytest.raises(NoAnnualRate, match="less is repaid"):
        apr.rates_of(loan("100", date(2026, 1, 1), [(date(2026, 6, 1), "99")]))


AMOUNTS = st.lists(st.integers(1, 10**6), min_size=1, max_size=24)


@settings(deadline=None, max_examples=60)
@given(AMOUNTS, st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.sampled_from([1, 2, 3, 6, 12]), st.integers(1, 400))
def test_a_case_written_from_dates_has_the_rate_of_the_dates(amounts: list[int], start: date, step: int, first: int) -> None:
    begin = start + timedelta(first)
    lent = CNY(max(1, sum(amounts) * 9 // 10))
    flows = [apr.lent(start, lent), *(apr.repaid(due_date(begin, step * n), CNY(a)) for n, a in enumerate(amounts))]
    case = json.loads(json.dumps(apr.case_of(flows)))
    assert apr.of_case(case) == apr.regulation_z_percent(flows)


def test_a_unit_period_says_how_many_make_a_year() -> None:
    years = {
        str(u): u.per_year
        for u in (apr.UnitPeriod(Unit.WEEK, 4), apr.UnitPeriod(Unit.MONTH, 5), apr.UnitPeriod(Unit.DAY), apr.UnitPeriod(Unit.SEMIMONTH))
    }
    assert years == {"4 weeks": 13, "5 months": Fraction(12, 5), "day": 365, "semimonth": 24}
