"""Worked examples, each figure by hand or by a published table, and what single options change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from xinqiao.kit import CNY, Money
from xinqiao.servicing.errors import ScheduleImpossible, TooSmallForTerm
from xinqiao.servicing.product import Product, Request, Tranche
from xinqiao.servicing.product.model import (
    Accrual,
    Amortisation,
    BusinessDays,
    Convention,
    DayCount,
    DownPayment,
    Every,
    Fee,
    FeeBase,
    FeePaid,
    FeeTime,
    Grace,
    Method,
    Remainder,
    Repricing,
    Rounded,
    Rounding,
    Tranches,
    Unit,
)
from xinqiao.servicing.schedule import Plan, account, explain, plan
from xinqiao.servicing.schedule.rounding import to_minor

START = date(2026, 1, 31)
SIX = Product("six", annual_rate=Decimal("0.12"), instalments=6)
TEN_THOUSAND = Request(CNY(1_000_000), START)


def of(**changes: object) -> Plan:
    asked = {name: changes.pop(name) for name in ("request",) if name in changes}
    return plan(replace(SIX, **changes), asked.get("request", TEN_THOUSAND))


def column(made: Plan, name: str) -> list[str]:
    return [str(getattr(i, name)) for i in made.instalments]


# --- shapes ------------------------------------------------------------------------------------------------------------------------


def test_equal_instalments() -> None:
    """¥10,000 at 1 % a month over six: 10,000 x 0.01 x 1.01^6 / (1.01^6 - 1) = 1,725.48."""
    made = of()
    assert column(made, "total") == ["1725.48"] * 5 + ["1725.51"]
    assert column(made, "interest") == ["100.00", "83.75", "67.33", "50.75", "34.00", "17.08"]


def test_equal_principal() -> None:
    made = of(amortisation=Amortisation.EQUAL_PRINCIPAL)
    assert column(made, "principal") == ["1666.67"] * 5 + ["1666.65"]
    assert column(made, "interest") == ["100.00", "83.33", "66.67", "50.00", "33.33", "16.67"]


def test_interest_only() -> None:
    made = of(amortisation=Amortisation.INTEREST_ONLY)
    assert column(made, "total") == ["100.00"] * 5 + ["10100.00"]


def test_bullet_is_one_payment_of_simple_interest() -> None:
    made = of(amortisation=Amortisation.BULLET)
    assert [(i.due, str(i.total)) for i in made.instalments] == [(date(2026, 7, 31), "10600.00")]
    by_days = of(amortisation=Amortisation.BULLET, accrual=Accrual.DAILY, day_count=DayCount("actual", "365"))
    assert str(by_days.interest) == "595.07"  # 10,000 x 12 % x 181 / 365


def test_balloon() -> None:
    """(10,000 - 4,000 / 1.01^6) x 0.01 / (1 - 1.01^-6) = 1,075.29; the last adds the balloon."""
    made = of(amortisation=Amortisation.BALLOON, balloon=Decimal("0.4"))
    assert column(made, "total") == ["1075.29"] * 5 + ["5075.30"]


def test_stepped_totals_stand_in_the_given_proportion() -> None:
    made = of(amortisation=Amortisation.STEPPED, steps=(Decimal(1), Decimal("1.1"), Decimal("1.2")))
    assert column(made, "total") == ["1501.83", "1652.02", *["1802.20"] * 4]


def test_custom_dates_and_parts() -> None:
    made = of(
        amortisation=Amortisation.CUSTOM,
        instalments=2,
        custom=((date(2026, 6, 30), Decimal("0.3")), (date(2026, 11, 15), Decimal("0.7"))),
        accrual=Accrual.DAILY,
        day_count=DayCount("actual", "365"),
    )
    assert column(made, "principal") == ["3000.00", "7000.00"]
    assert column(made, "interest") == ["493.15", "317.59"]  # 150 days on 10,000; 138 days on 7,000


def test_flat_interest_stays_on_what_was_lent() -> None:
    made = of(method=Method.FLAT)
    assert column(made, "interest") == ["100.00"] * 6
    assert column(made, "total") == ["1766.67"] * 5 + ["1766.65"]


def test_flat_interest_in_tiny_parts_is_right_in_total_and_never_negative() -> None:
    made = plan(
        replace(SIX, method=Method.FLAT, currency="JPY", annual_rate=Decimal("0.006"), instalments=12), Request(Money(1200, "JPY"), START)
    )
    assert column(made, "interest") == [*["1"] * 7, *["0"] * 5]
    assert made.interest.minor == 7


# --- time --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "dues"),
    [
        (Every(), ["2024-02-29", "2024-03-31", "2024-04-30"]),
        (Every(3), ["2024-04-30", "2024-07-31", "2024-10-31"]),
        (Every(1, Unit.YEARS), ["2025-01-31", "2026-01-31", "2027-01-31"]),
        (Every(1, Unit.WEEKS), ["2024-02-07", "2024-02-14", "2024-02-21"]),
        (Every(2, Unit.WEEKS), ["2024-02-14", "2024-02-28", "2024-03-13"]),
        (Every(15, Unit.DAYS), ["2024-02-15", "2024-03-01", "2024-03-16"]),
    ],
)
def test_due_dates_keep_their_distance_and_their_month_end(every: Every, dues: list[str]) -> None:
    made = of(every=every, instalments=3, request=Request(CNY(1_000_000), date(2024, 1, 31)))
    assert column(made, "due") == dues


@pytest.mark.parametrize(
    ("count", "interest"),
    [
        ("30/360", "100.00"),
        ("30E/360", "100.00"),
        ("actual/360", "103.33"),
        ("actual/365", "101.92"),
        ("actual/364", "102.20"),
        ("actual/actual", "101.64"),
    ],
)
def test_a_leap_years_january_by_each_day_count(count: str, interest: str) -> None:
    request = Request(CNY(1_000_000), date(2024, 1, 1))
    made = of(accrual=Accrual.DAILY, day_count=DayCount.parse(count), amortisation=Amortisation.INTEREST_ONLY, request=request)
    assert str(made.instalments[0].interest) == interest


def test_a_year_that_turns_leap_is_counted_in_both() -> None:
    request = Request(CNY(1_000_000), date(2023, 12, 12))
    made = of(accrual=Accrual.DAILY, day_count=DayCount("actual", "actual"), amortisation=Amortisation.INTEREST_ONLY, request=request)
    assert made.instalments[0].basis.stretches[0].fraction == Fraction(20, 365) + Fraction(11, 366)


def test_a_long_first_period_is_charged_by_its_part_of_a_month() -> None:
    """From 21 January to 28 February: a month, and 7 of the 31 days from 28 December to 28 January."""
    made = of(request=replace(TEN_THOUSAND, start=date(2026, 1, 21), first_due=date(2026, 2, 28)))
    assert str(made.instalments[0].interest) == "122.58"  # 10,000 x 1 % x (1 + 7/31)
    assert column(made, "due")[:3] == ["2026-02-28", "2026-03-28", "2026-04-28"]
    whole = of(partial_periods=False, request=replace(TEN_THOUSAND, start=date(2026, 1, 21), first_due=date(2026, 2, 28)))
    assert str(whole.instalments[0].interest) == "100.00"


def test_a_short_last_period_is_charged_by_its_part_of_a_month() -> None:
    made = of(request=replace(TEN_THOUSAND, start=date(2026, 1, 15), last_due=date(2026, 6, 30)))
    last = made.instalments[-1]
    assert last.due == date(2026, 6, 30)
    assert last.basis.stretches[0].fraction == Fraction(1, 12) * Fraction(15, 30)
    assert len({i.total for i in made.instalments[:-1]}) == 1


def test_a_first_due_date_that_ends_its_month_keeps_the_month_ends() -> None:
    """28 February is a month after 31 January, and 31 March two: named or not, they are whole periods."""
    plain, named = of(), of(request=replace(TEN_THOUSAND, first_due=date(2026, 2, 28), last_due=date(2026, 7, 31)))
    assert named.instalments == plain.instalments
    later = of(first_due_after=Every(2), request=replace(TEN_THOUSAND, start=date(2025, 12, 31)))
    assert column(later, "due")[:2] == ["2026-02-28", "2026-03-31"]
    assert str(later.instalments[0].interest) == "200.00"
    quarterly = of(every=Every(3), first_due_after=Every(1))
    assert str(quarterly.instalments[0].interest) == "100.00"


def test_due_dates_may_be_counted_from_the_application() -> None:
    made = of(due_from_application=True, request=replace(TEN_THOUSAND, applied=date(2026, 1, 20)))
    assert column(made, "due")[:2] == ["2026-02-20", "2026-03-20"]
    assert made.instalments[0].basis.stretches[0].fraction == Fraction(1, 12) * Fraction(20, 31)


def test_business_days_move_the_due_date_but_not_the_day_it_is_counted_from() -> None:
    rule = BusinessDays("CN", Convention.FOLLOWING)
    made = of(business_days=rule, request=replace(TEN_THOUSAND, start=date(2026, 1, 15)))
    assert column(made, "due")[:3] == ["2026-02-24", "2026-03-16", "2026-04-15"]
    assert column(made, "unadjusted")[:3] == ["2026-02-15", "2026-03-15", "2026-04-15"]
    assert column(made, "interest") == column(of(), "interest")


def test_interest_may_run_to_the_moved_date() -> None:
    daily = {"accrual": Accrual.DAILY, "day_count": DayCount("actual", "360"), "request": replace(TEN_THOUSAND, start=date(2026, 1, 15))}
    stays = of(business_days=BusinessDays("CN", Convention.FOLLOWING), **daily)
    follows = of(business_days=BusinessDays("CN", Convention.FOLLOWING, interest_follows=True), **daily)
    assert [i.basis.stretches[0].days for i in stays.instalments[:2]] == [31, 28]
    assert [i.basis.stretches[0].days for i in follows.instalments[:2]] == [40, 20]


def test_a_calendar_that_is_not_published_yet_is_said() -> None:
    assert of(business_days=BusinessDays("CN", Convention.FOLLOWING), instalments=14).unpublished == (2027,)
    assert of().unpublished == ()


# --- grace -------------------------------------------------------------------------------------------------------------------------


def test_grace_on_principal() -> None:
    made = of(grace=Grace(principal=2))
    assert column(made, "principal")[:2] == ["0.00", "0.00"]
    assert column(made, "total") == ["100.00", "100.00", *["2562.81"] * 4]


def test_grace_on_paying_interest_gathers_it() -> None:
    made = of(grace=Grace(principal=2, interest_payment=2))
    assert column(made, "total")[:3] == ["0.00", "0.00", "2762.81"]
    assert made.interest == of(grace=Grace(principal=2)).interest
    assert [i.basis.interest for i in made.instalments[:3]] == ["interest.deferred", "interest.deferred", "interest.gathered"]


def test_interest_free_periods() -> None:
    made = of(grace=Grace(interest_free=2))
    assert column(made, "interest")[:2] == ["0.00", "0.00"]
    assert len({i.total for i in made.instalments[:-1]}) == 1


# --- several payouts, rates that change ----------------------------------------------------------------------------------------------


def test_a_second_payout_works_the_instalment_out_anew() -> None:
    """On a due date, as in the published row of 100 + 100 at 9.4822 %: 17.13, then 42.63."""
    request = Request(
        CNY(20_000), date(2024, 1, 1), tranches=(Tranche(date(2024, 1, 1), CNY(10_000)), Tranche(date(2024, 3, 1), CNY(10_000)))
    )
    made = of(annual_rate=Decimal("0.094822"), tranches=Tranches(2), request=request)
    assert column(made, "total") == ["17.13", "17.13", "42.63", "42.63", "42.63", "42.61"]
    assert column(made, "balance") == ["83.66", "167.19", "125.88", "84.24", "42.28", "0.00"]


def test_a_payout_within_a_period_bears_interest_from_its_day() -> None:
    tranches = (Tranche(START, CNY(600_000)), Tranche(date(2026, 3, 15), CNY(400_000)))
    made = of(
        tranches=Tranches(2), accrual=Accrual.DAILY, day_count=DayCount("actual", "365"), request=replace(TEN_THOUSAND, tranches=tranches)
    )
    second, owed = made.instalments[1].basis, 600_000 - made.instalments[0].principal.minor
    assert [(s.start, s.end, s.balance.minor) for s in second.stretches] == [
        (date(2026, 2, 28), date(2026, 3, 15), owed),
        (date(2026, 3, 15), date(2026, 3, 31), owed + 400_000),
    ]
    assert second.accrued.minor == to_minor(Fraction(12 * (15 * owed + 16 * (owed + 400_000)), 100 * 365), Rounding.HALF_EVEN)


def test_a_floating_rate_is_index_plus_spread_within_floor_and_cap() -> None:
    rule = Repricing("LPR-1Y", Decimal("0.02"), floor=Decimal("0.05"), cap=Decimal("0.055"))
    values = tuple((date(2026, month, 20), Decimal(value)) for month, value in ((1, "0.031"), (2, "0.029"), (4, "0.04")))
    made = of(annual_rate=Decimal(0), repricing=rule, request=replace(TEN_THOUSAND, index_values=values))
    rates = [(s.start, str(s.annual_rate)) for i in made.instalments for s in i.basis.stretches]
    assert rates[:5] == [
        (date(2026, 1, 31), "0.051"),
        (date(2026, 2, 20), "0.05"),
        (date(2026, 2, 28), "0.05"),
        (date(2026, 3, 31), "0.05"),
        (date(2026, 4, 20), "0.055"),
    ]
    assert len({i.total for i in made.instalments[3:-1]}) == 1


def test_a_rate_repriced_by_the_year_ignores_what_happens_in_between() -> None:
    rule = Repricing("LPR-1Y", every=Every(1, Unit.YEARS))
    values = ((date(2026, 1, 20), Decimal("0.03")), (date(2026, 3, 20), Decimal("0.09")), (date(2027, 1, 20), Decimal("0.06")))
    made = of(annual_rate=Decimal(0), repricing=rule, instalments=14, request=replace(TEN_THOUSAND, index_values=values))
    assert [str(s.annual_rate) for i in made.instalments for s in i.basis.stretches] == ["0.03"] * 12 + ["0.06"] * 2


def test_where_parts_of_periods_are_not_charged_a_payout_counts_from_its_periods_start() -> None:
    tranches = (Tranche(START, CNY(600_000)), Tranche(date(2026, 3, 15), CNY(400_000)))
    made = of(tranches=Tranches(2), partial_periods=False, request=replace(TEN_THOUSAND, tranches=tranches))
    assert [str(s.balance) for s in made.instalments[1].basis.stretches] == [str(made.instalments[1].basis.stretches[0].balance)]
    assert made.instalments[1].basis.stretches[0].balance.minor == 1_000_000 - made.instalments[0].principal.minor


# --- down payment and fees -----------------------------------------------------------------------------------------------------------


def test_a_down_payment_is_due_with_each_payout() -> None:
    tranches = (Tranche(START, CNY(600_000)), Tranche(date(2026, 3, 15), CNY(400_000)))
    made = of(down_payment=DownPayment(Decimal("0.25")), tranches=Tranches(2), request=replace(TEN_THOUSAND, tranches=tranches))
    first = [(i.number, i.due, str(i.total)) for i in made.instalments if i.down_payment]
    assert first == [(1, START, "1500.00"), (3, date(2026, 3, 15), "1000.00")]
    assert str(made.instalments[0].balance) == "4500.00"


def fee(**changes: object) -> Fee:
    return replace(Fee("f", FeeTime.INSTALMENT), **changes)


@pytest.mark.parametrize(
    ("charged", "fees"),
    [
        (fee(amount=Decimal(3)), ["3.00"] * 6),
        (fee(amount=Decimal("0.01"), base=FeeBase.PRINCIPAL), ["100.00"] * 6),
        (fee(amount=Decimal("0.018"), base=FeeBase.PRINCIPAL, annual=True), ["15.00"] * 6),
        (fee(amount=Decimal("0.012"), base=FeeBase.BALANCE, annual=True), ["10.00", "8.37", "6.73", "5.07", "3.40", "1.71"]),
        (fee(amount=Decimal("0.1"), base=FeeBase.INTEREST), ["10.00", "8.38", "6.73", "5.08", "3.40", "1.71"]),
        (
            fee(amount=Decimal("0.1"), base=FeeBase.INTEREST, least=CNY(500), most=CNY(900)),
            ["9.00", "8.38", "6.73", "5.08", "5.00", "5.00"],
        ),
        (fee(amount=Decimal("0.01"), base=FeeBase.PRINCIPAL_AND_INTEREST), ["17.25"] * 5 + ["17.26"]),
        (fee(amount=Decimal(100), spread=True), ["16.67"] * 4 + ["16.66"] * 2),
        (fee(amount=Decimal("0.02"), base=FeeBase.PRINCIPAL, time=FeeTime.DISBURSEMENT), ["200.00"] + ["0.00"] * 5),
        (fee(amount=Decimal(25), time=FeeTime.OVERDUE, penalty=True), ["0.00"] * 6),
    ],
)
def test_fees_by_their_base_and_time(charged: Fee, fees: list[str]) -> None:
    if charged.base is FeeBase.INTEREST:
        fees = [str(Money(to_minor(Fraction(i.interest.minor, 10), Rounding.HALF_EVEN), "CNY")) for i in of().instalments]
        fees = ["9.00", *fees[1:4], "5.00", "5.00"] if charged.least else fees
    assert column(of(fees=(charged,)), "fee") == fees
    assert column(of(fees=(replace(charged, payee="guarantor"),)), "premium") == fees


def test_a_financed_fee_is_owed_and_a_deducted_one_is_not_paid_out() -> None:
    two = Decimal("0.02")
    financed = of(fees=(fee(time=FeeTime.DISBURSEMENT, base=FeeBase.PRINCIPAL, amount=two, paid=FeePaid.FINANCED),))
    deducted = of(fees=(fee(time=FeeTime.DISBURSEMENT, base=FeeBase.PRINCIPAL, amount=two, paid=FeePaid.DEDUCTED),))
    assert (str(financed.principal), str(financed.payouts[0].net)) == ("10200.00", "10000.00")
    assert (str(deducted.principal), str(deducted.payouts[0].net)) == ("10000.00", "9800.00")
    assert financed.annual_rate().percent > of().annual_rate().percent
    assert deducted.annual_rate().percent > of().annual_rate().percent


# --- rounding ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "rounded"),
    [
        ("half_even", [2, 2, -2, 3]),
        ("half_up", [2, 3, -3, 3]),
        ("up", [2, 3, -3, 3]),
        ("down", [1, 2, -2, 2]),
        ("ceiling", [2, 3, -2, 3]),
        ("floor", [1, 2, -3, 2]),
    ],
)
def test_rounding_modes_at_ties_and_signs(mode: str, rounded: list[int]) -> None:
    values = [Fraction(3, 2), Fraction(5, 2), Fraction(-5, 2), Fraction(26, 10)]
    assert [to_minor(value, Rounding[mode.upper()]) for value in values] == rounded


def test_the_remainder_goes_where_the_product_says() -> None:
    last, first, spread = (of(rounding=Rounded(remainder=where)) for where in (Remainder.LAST, Remainder.FIRST, Remainder.SPREAD))
    assert column(last, "total") == ["1725.48"] * 5 + ["1725.51"]
    assert column(first, "total") == ["1725.50"] + ["1725.48"] * 5
    assert column(spread, "total") == ["1725.49"] * 3 + ["1725.48"] * 3
    parts = of(amortisation=Amortisation.EQUAL_PRINCIPAL, rounding=Rounded(remainder=Remainder.SPREAD))
    assert column(parts, "principal") == ["1666.67"] * 4 + ["1666.66"] * 2


def test_instalments_in_whole_yuan_leave_the_rest_to_the_last() -> None:
    made = of(rounding=Rounded(instalment_multiple=Decimal(1)))
    assert column(made, "total") == ["1725.00"] * 5 + ["1727.98"]


def test_evening_out_shares_what_rounding_left() -> None:
    """Over 36 months the last instalment is 22 fen more than the others: over half a fen each, so the others take a fen more."""
    plain, even = (of(instalments=36, rounding=Rounded(even_out=out), request=Request(CNY(300_036), START)) for out in (False, True))
    assert (column(plain, "total")[0], column(plain, "total")[-1]) == ("99.65", "99.87")
    assert (column(even, "total")[0], column(even, "total")[-1]) == ("99.66", "99.46")


@pytest.mark.parametrize(("currency", "minor", "level"), [("JPY", 10_000, "1725"), ("KWD", 10_000_000, "1725.484")])
def test_currencies_without_and_with_three_decimals(currency: str, minor: int, level: str) -> None:
    made = plan(replace(SIX, currency=currency), Request(Money(minor, currency), START))
    assert column(made, "total")[0] == level
    assert sum(i.principal.minor for i in made.instalments) == minor


# --- refusals and explanations -------------------------------------------------------------------------------------------------------


def test_too_little_for_the_term_is_refused() -> None:
    with pytest.raises(TooSmallForTerm):
        of(instalments=12, request=Request(CNY(5), START))
    with pytest.raises(TooSmallForTerm):
        of(rounding=Rounded(Rounding.UP, Decimal(5000)))


def test_a_first_step_below_its_interest_is_refused() -> None:
    with pytest.raises(ScheduleImpossible, match="does not cover its interest"):
        of(amortisation=Amortisation.STEPPED, steps=(Decimal("0.01"), Decimal(1)))


def test_a_period_too_long_for_its_instalment_is_refused() -> None:
    with pytest.raises(ScheduleImpossible, match=r"instalment 1 of .* does not cover its interest .* or a shorter period"):
        of(instalments=120, request=replace(TEN_THOUSAND, first_due=date(2030, 1, 31)))


def test_every_number_names_its_formula_in_both_languages() -> None:
    first, last = (of().instalments[index].basis for index in (0, -1))
    assert explain(first.interest).startswith("Interest is what is owed")
    assert explain(first.principal, "zh-CN") == "本金 = 每期等额 − 本期利息。"
    assert (str(first.opening), str(first.level)) == ("0.00", "1725.48")
    assert last.principal == "principal.rest"


def test_an_instalment_is_explained_down_to_its_sum_and_clause() -> None:
    made = of(
        accrual=Accrual.DAILY,
        day_count=DayCount("actual", "360"),
        fees=(fee(amount=Decimal("0.012"), base=FeeBase.BALANCE, annual=True),),
        clauses={"interest": "4.1"},
    )
    interest, principal, charged = account(made, 1)
    assert (interest.worked, interest.clause) == ("10000.00 × 0.12 × 28/360 = 93.333333…", "4.1")
    assert principal.worked == f"{made.instalments[0].total - charged.amount} − 93.33 = {principal.amount}"
    assert charged.worked == "10000.00 × 0.012 × 1/12 = 10"
    assert account(made, 1, "zh-CN")[0].rule.startswith("利息 = 剩余本金")


def test_what_a_loan_costs_holds_the_fees_kept_back() -> None:
    kept = fee(time=FeeTime.DISBURSEMENT, base=FeeBase.PRINCIPAL, amount=Decimal("0.02"), paid=FeePaid.DEDUCTED)
    assert of(fees=(kept,)).cost == of().cost + CNY(20_000)
    grown = of(fees=(replace(kept, paid=FeePaid.FINANCED),))
    assert grown.cost == grown.interest + CNY(20_000)


def test_a_plan_can_be_moved_to_the_day_of_its_payout() -> None:
    made = of(request=replace(TEN_THOUSAND, first_due=date(2026, 3, 10)))
    moved = made.starting(date(2026, 2, 2))
    assert moved.start == date(2026, 2, 2)
    assert moved.instalments[0].due == date(2026, 3, 12)
