"""What each cost adds to the annual rate: in a stated order, and summing to the rate to the digit."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinqiao.kit import CNY
from xinqiao.servicing import apr
from xinqiao.servicing.contract.model import costs
from xinqiao.servicing.errors import FlowsRefused
from xinqiao.servicing.schedule import Charge, due_date, equal_instalments

START = date(2026, 3, 2)


def schedule(premium: str = "0.03", fee: str = "0.01", rate: str = "0.12", months: int = 12):
    return equal_instalments(CNY(10_000_00), Decimal(rate), months, START, premium=Charge(Decimal(premium)), fee=Charge(Decimal(fee)))


def flows(kept_back: int = 0, **given: str) -> list[apr.Dated]:
    made = schedule(**given)
    return apr.of_schedule(START, made.principal, made.instalments, kept_back=[("fee.service", CNY(kept_back))] if kept_back else [])


def points(found: apr.Breakdown) -> dict[str, str]:
    return {part.what: str(part.points) for part in found.parts}


def test_the_breakdown_is_that_of_the_contract() -> None:
    found = apr.breakdown(flows())
    lines = {line.name: line for line in costs(schedule())}
    assert found.percent == lines["total"].annual_percent
    assert {p.what: (p.amount, p.points) for p in found.parts} == {
        name.removesuffix("s"): (lines[name].amount, lines[name].annual_percent) for name in ("interest", "premium", "fees")
    }


def test_a_fee_kept_back_costs_more_than_the_same_fee_over_time() -> None:
    early, late = apr.breakdown(flows(kept_back=100_00, fee="0")), apr.breakdown(flows(fee="0"))
    assert points(early) == {"interest": "12.00", "premium": "3.00", "fee.service": "1.94"}
    assert (early.percent, late.percent) == (Decimal("16.94"), Decimal("15.00"))
    assert early.cost - late.cost == CNY(100_00)


def test_the_same_fee_spread_over_the_instalments_costs_fewer_points() -> None:
    """The comparison that docs/decisions/servicing-annual-rates.md makes."""
    made = equal_instalments(CNY(10_000_00), Decimal("0.12"), 12, START, premium=Charge(Decimal("0.03")), fee=Charge(spread=CNY(100_00)))
    assert points(apr.breakdown(apr.of_schedule(START, made.principal, made.instalments)))["fee"] == "1.77"


def test_a_financed_fee_is_paid_out_of_the_loan_on_its_first_day() -> None:
    """10,300 owed, of which 300 is the fee: the borrower holds 10,000, and pays interest on the fee too."""
    made = equal_instalments(CNY(10_300_00), Decimal("0.12"), 12, START)
    financed = apr.of_schedule(START, made.principal, made.instalments, kept_back=[("fee.financed", CNY(300_00))])
    found = apr.breakdown(financed)
    assert points(found)["interest"] == "12.00"
    assert found.percent == apr.monthly(CNY(10_000_00), [i.total for i in made.instalments]).percent


def interest_only_with_balloon(free_months: int = 0) -> list[apr.Dated]:
    """12 months of interest at 1 % a month, none in the first `free_months`; the principal comes back at the end."""
    paid = [apr.repaid(due_date(START, n), CNY(100_00), "interest") for n in range(free_months + 1, 13)]
    return [apr.lent(START, CNY(10_000_00)), *paid, apr.repaid(due_date(START, 12), CNY(10_000_00)), apr.repaid(START, CNY(200_00), "fee")]


def test_grace_and_balloon_show_as_what_they_change() -> None:
    """Plain: equal instalments at 12 %. A balloon leaves interest at 12 %; three months free of interest lower it."""
    plain = flows(premium="0", fee="0")
    balloon = [flow for flow in interest_only_with_balloon() if flow.what != "fee"]
    found = apr.breakdown(interest_only_with_balloon(3), features=[("balloon", plain), ("grace", balloon)])
    assert points(found) == {"interest": "12.00", "balloon": "0.00", "grace": "-3.10", "fee": "2.10"}
    assert found.percent == apr.rates_of(interest_only_with_balloon(3)).single_interest
    assert {p.what: str(p.amount) for p in found.parts} == {"interest": "661.86", "balloon": "538.14", "grace": "-300.00", "fee": "200.00"}


def test_the_order_can_be_chosen_and_changes_no_sum() -> None:
    one, other = apr.breakdown(flows()), apr.breakdown(flows(), order=["fee", "interest"])
    assert [part.what for part in other.parts] == ["fee", "interest", "premium"]
    assert one.percent == other.percent == sum(part.points for part in other.parts)


@settings(deadline=None, max_examples=40)
@given(
    st.decimals("0", "0.4", places=3),
    st.decimals("0", "0.1", places=3),
    st.integers(0, 500_00),
    st.integers(2, 36),
    st.sampled_from(apr.Convention),
)
def test_the_parts_sum_to_the_shown_rate_and_to_the_cost(
    rate: Decimal, premium: Decimal, kept: int, months: int, convention: apr.Convention
) -> None:
    made = equal_instalments(CNY(10_000_00), rate, months, START, premium=Charge(premium))
    given = apr.of_schedule(START, made.principal, made.instalments, kept_back=[("fee.service", CNY(kept))])
    found = apr.breakdown(given, convention=convention)
    assert sum(part.points for part in found.parts) == found.percent == apr.rates_of(given)[convention]
    assert found.cost == made.cost + CNY(kept)
    assert all(part.points >= 0 for part in found.parts)


def test_principal_that_does_not_match_what_was_lent_is_refused() -> None:
    broken = [replace(flow, amount=flow.amount + CNY(1)) if flow.lent else flow for flow in flows()]
    with pytest.raises(FlowsRefused, match="differs from what was lent"):
        apr.breakdown(broken)


def test_an_order_that_names_no_cost_is_refused_with_those_there_are() -> None:
    with pytest.raises(FlowsRefused, match="there are fee, interest, premium"):
        apr.breakdown(flows(), order=["fees"])
