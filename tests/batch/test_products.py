"""Schedules by columns against `servicing.schedule.plan`, which draws one product for one loan."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinqiao.batch import schedules
from xinqiao.batch.schedules import SCALE, Schedules
from xinqiao.kit import CNY
from xinqiao.servicing.errors import ScheduleImpossible, TooSmallForTerm
from xinqiao.servicing.product.model import Accrual, Amortisation, DayCount, Product
from xinqiao.servicing.product.request import Request
from xinqiao.servicing.schedule import Plan, plan

KERNELS: dict[Amortisation, Callable[..., Schedules]] = {
    Amortisation.EQUAL_INSTALMENTS: schedules.equal_instalments,
    Amortisation.EQUAL_PRINCIPAL: schedules.equal_principal,
    Amortisation.INTEREST_ONLY: schedules.interest_only,
}
amounts, rates, terms = st.integers(1_000, 10**10), st.integers(1, SCALE), st.integers(1, 36)
starts = st.dates(date(2023, 1, 1), date(2027, 12, 31))


def drawn(amortisation: Amortisation, principal: int, rate: int, months: int, start: date, *, daily: bool) -> Plan | None:
    counted = {"accrual": Accrual.DAILY, "day_count": DayCount("actual", "365")} if daily else {"accrual": Accrual.PERIOD}
    product = Product("test", amortisation=amortisation, annual_rate=Decimal(rate) / SCALE, instalments=months, **counted)
    try:
        return plan(product, Request(CNY(principal), start))
    except (TooSmallForTerm, ScheduleImpossible):
        return None


def days_of(drawn_plan: Plan) -> list[int]:
    dates = [drawn_plan.start, *(one.due for one in drawn_plan.instalments)]
    return np.diff(np.array([one.toordinal() for one in dates])).tolist()


def same(made: Schedules, by_plan: Plan | None) -> bool:
    if by_plan is None or made.refused[0]:
        return by_plan is None and bool(made.refused[0])
    rows = [(one.principal.minor, one.interest.minor, one.balance.minor) for one in by_plan.instalments]
    return list(zip(made.principal[0].tolist(), made.interest[0].tolist(), made.balance[0].tolist(), strict=True)) == rows


@pytest.mark.parametrize("amortisation", KERNELS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(amounts, rates, terms, starts)
def test_whole_months(amortisation: Amortisation, principal: int, rate: int, months: int, start: date) -> None:
    made = KERNELS[amortisation]([principal], [rate], months)
    assert same(made, drawn(amortisation, principal, rate, months, start, daily=False))


@pytest.mark.parametrize("amortisation", KERNELS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(amounts, rates, terms, starts)
def test_actual_days_over_365(amortisation: Amortisation, principal: int, rate: int, months: int, start: date) -> None:
    by_plan = drawn(amortisation, principal, rate, months, start, daily=True)
    if by_plan is not None:
        made = KERNELS[amortisation]([principal], [rate], months, days=days_of(by_plan), days_in_year=365)
        assert same(made, by_plan)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(amounts, rates, terms, starts)
def test_a_bullet_owes_all_at_its_end(principal: int, rate: int, months: int, start: date) -> None:
    by_plan = drawn(Amortisation.BULLET, principal, rate, months, start, daily=False)
    assert by_plan is not None
    made = schedules.bullet([principal], [rate], months)
    totals = [(sum(one.principal.minor for one in by_plan.instalments), sum(one.interest.minor for one in by_plan.instalments))]
    assert list(zip(made.principal[0].tolist(), made.interest[0].tolist(), strict=True)) == totals
