"""What holds for progressive interest whatever happens, and where it meets the planned schedule."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinqiao.kit import CNY, Money
from xinqiao.servicing.errors import ScheduleImpossible
from xinqiao.servicing.interest import InterestModel, annuity, context, growth, rate_factor
from xinqiao.servicing.product import Product, Request
from xinqiao.servicing.product.model import DayCount, Every, Rounded, Unit
from xinqiao.servicing.schedule import due_date, plan

START = date(2026, 1, 31)


def months(count: int, start: date = START) -> list[tuple[date, date]]:
    days = [start, *(due_date(start, number) for number in range(1, count + 1))]
    return list(pairwise(days))


def lent(fen: int = 1_000_000, count: int = 6, rate: str = "0.12", **more: object) -> InterestModel:
    model = InterestModel(months(count), Decimal(rate), **more)
    model.add_disbursement(START, CNY(fen))
    return model


@settings(deadline=None, max_examples=60)
@given(st.integers(100_000, 10**8), st.decimals("0", "0.36", places=4), st.integers(2, 36))
def test_untouched_it_is_the_planned_schedule(fen: int, rate: Decimal, count: int) -> None:
    """At enough digits; at twelve it may differ by a minor unit on a tie."""
    model = lent(fen, count, str(rate), digits=40)
    planned = plan(Product("x", annual_rate=rate, instalments=count, rounding=Rounded(even_out=True)), Request(CNY(fen), START))
    assert [(p.principal, p.interest, p.balance) for p in model.periods] == [
        (i.principal.minor, i.interest.minor, i.balance.minor) for i in planned.instalments
    ]


EVENTS = st.lists(
    st.tuples(st.sampled_from(["disburse", "rate", "pay", "correct"]), st.integers(1, 170), st.integers(1, 400_000)), max_size=6
)


def happen(model: InterestModel, kind: str, on: date, amount: int) -> None:
    if kind == "disburse":
        model.add_disbursement(on, CNY(amount))
    elif kind == "rate":
        model.change_rate(on, Decimal(amount) / 1_500_000)
    elif kind == "correct":
        model.add_balance_correction(on, CNY(amount % 1000))
    else:
        unsettled = next((p for p in model.periods if not p.settled), None)
        if unsettled:
            dues = model.due_amounts(unsettled.due, on)
            model.pay(unsettled.due, on, principal=dues.principal, interest=dues.interest)


@settings(deadline=None, max_examples=120)
@given(EVENTS)
def test_instalments_always_sum_to_what_was_paid_out_and_its_interest(events: list[tuple[str, int, int]]) -> None:
    model = lent()
    for kind, after, amount in sorted(events, key=lambda event: event[1]):
        happen(model, kind, START + timedelta(after), amount)
        assert all(stretch.balance >= 0 and stretch.interest >= 0 for period in model.periods for stretch in period.stretches)
        assert all(period.balance >= 0 for period in model.periods)
        if any(not period.settled for period in model.periods):
            disbursed = sum(stretch.disbursed for period in model.periods for stretch in period.stretches)
            assert sum(p.emi for p in model.periods) == disbursed + sum(p.interest for p in model.periods)


@settings(deadline=None, max_examples=60)
@given(EVENTS, st.integers(0, 181))
def test_looking_changes_nothing(events: list[tuple[str, int, int]], after: int) -> None:
    model = lent()
    for kind, day, amount in sorted(events, key=lambda event: event[1]):
        happen(model, kind, START + timedelta(day), amount)
    before = model.copy()
    model.payoff(START + timedelta(after))
    model.due_amounts(model.periods[2].due, START + timedelta(after))
    assert model == before


def test_the_payoff_grows_by_the_day_and_nothing_is_owed_once_it_is_paid() -> None:
    model = lent(day_count=DayCount("actual", "365"))
    offs = [model.payoff(START + timedelta(day)) for day in range(60)]
    assert offs[0].total == CNY(1_000_000)
    assert {off.principal for off in offs} == {CNY(1_000_000)}
    assert all(later.interest > sooner.interest for sooner, later in pairwise(offs))
    assert offs[28].interest == CNY(10_192)  # 10,000 x 12 % x 31 / 365: a month has the days of the month it starts in


def test_settling_early_saves_the_interest_to_come() -> None:
    model, on = lent(), date(2026, 2, 28)
    off = model.payoff(on)
    model.pay(on, on, principal=off.principal, interest=off.interest)
    assert sum(period.interest for period in model.periods) == off.interest.minor == 10_000
    assert model.payoff(date(2026, 5, 1)).total == CNY(0)
    assert all(period.balance == 0 for period in model.periods)


def test_a_new_rate_counts_from_its_first_day() -> None:
    model = lent(day_count=DayCount("actual", "365"))
    model.change_rate(date(2026, 3, 15), Decimal("0.06"))
    assert [(s.start, s.end) for s in model.periods[1].stretches] == [
        (date(2026, 2, 28), date(2026, 3, 14)),
        (date(2026, 3, 14), date(2026, 3, 31)),
    ]
    assert model.periods[0].emi > model.periods[2].emi


def test_a_payout_before_the_last_one_is_cut_into_its_own_stretch() -> None:
    model = lent(day_count=DayCount("actual", "365"))
    model.add_disbursement(date(2026, 3, 20), CNY(100_000))
    model.add_disbursement(date(2026, 3, 10), CNY(100_000))
    assert [s.end for s in model.periods[1].stretches] == [date(2026, 3, 10), date(2026, 3, 20), date(2026, 3, 31)]
    assert [s.disbursed for s in model.periods[1].stretches] == [100_000, 100_000, 0]


@pytest.mark.parametrize("on", [date(2026, 1, 30), date(2026, 8, 1)])
def test_a_payout_outside_the_term_is_refused(on: date) -> None:
    with pytest.raises(ScheduleImpossible, match="2026-01-31 to 2026-07-31"):
        lent().add_disbursement(on, CNY(1))


def test_instalments_in_whole_units() -> None:
    model = lent(rounding=Rounded(instalment_multiple=Decimal(1)))
    assert [p.emi for p in model.periods] == [172_500] * 5 + [172_798]


@pytest.mark.parametrize(("currency", "minor", "emi"), [("JPY", 10_000, 1725), ("KWD", 10_000_000, 1_725_484)])
def test_currencies_without_and_with_three_decimals(currency: str, minor: int, emi: int) -> None:
    model = InterestModel(months(6), Decimal("0.12"), currency=currency)
    model.add_disbursement(START, Money(minor, currency))
    assert model.periods[0].emi == emi
    assert sum(p.principal for p in model.periods) == minor


def test_growth_and_annuity_are_the_sums_they_stand_for() -> None:
    to, factors = context(30), [Decimal("0.01"), Decimal("0.02"), Decimal("0.03")]
    assert growth(factors, to) == Decimal("1.01") * Decimal("1.02") * Decimal("1.03")
    assert annuity(factors, to) == 1 + Decimal("1.03") + Decimal("1.02") * Decimal("1.03")


@pytest.mark.parametrize(
    ("every", "count", "days", "factor"),
    [
        (Every(), DayCount(), (date(2026, 1, 31), date(2026, 2, 28)), "0.010000000000"),
        (Every(1, Unit.WEEKS), DayCount("actual", "364"), (date(2026, 1, 1), date(2026, 1, 8)), "0.002307692308"),
        (Every(15, Unit.DAYS), DayCount("actual", "360"), (date(2026, 1, 1), date(2026, 1, 16)), "0.005000000000"),
        (Every(1, Unit.YEARS), DayCount("actual", "365"), (date(2026, 1, 1), date(2027, 1, 1)), "0.120000000000"),
        (Every(), DayCount("actual", "actual"), (date(2023, 12, 12), date(2024, 1, 12)), "0.010181001572"),
    ],
)
def test_rate_factors_by_unit_and_day_count(every: Every, count: DayCount, days: tuple[date, date], factor: str) -> None:
    assert str(rate_factor(Decimal("0.12"), days, days, every, count, context(12))) == factor
