"""A product's costs, each with all that follows from it, sum to the plan's annual rate and to its whole cost."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from xinqiao.kit import CNY, Money, Refused
from xinqiao.servicing import apr
from xinqiao.servicing.product import Product, Request
from xinqiao.servicing.product.model import Amortisation, Fee, FeeBase, FeePaid, FeeTime, Grace
from xinqiao.servicing.schedule import plan

from .drawn import products, requests

ASKED = Request(CNY(10_000_00), date(2026, 3, 2))
RATE = Decimal("0.12")
GUARANTEE = Fee("guarantee", FeeTime.INSTALMENT, FeeBase.BALANCE, Decimal("0.03"), annual=True, payee="guarantor")


def fee(paid: FeePaid) -> Fee:
    return Fee("service", FeeTime.DISBURSEMENT, FeeBase.FLAT, Decimal(100), paid=paid)


def parts(product: Product) -> dict[str, tuple[str, str]]:
    found = apr.plan_breakdown(plan(product, ASKED))
    return {part.what: (str(part.points), str(part.amount)) for part in found.parts}


def test_every_fee_stands_by_its_code_premiums_first() -> None:
    other = Fee("notary", FeeTime.INSTALMENT, FeeBase.FLAT, Decimal(5))
    found = parts(Product("p", annual_rate=RATE, fees=(fee(FeePaid.DEDUCTED), other, GUARANTEE)))
    assert list(found) == ["interest", "premium.guarantee", "fee.service", "fee.notary"]
    assert found["interest"] == ("12.00", "661.86")
    assert found["premium.guarantee"] == ("3.00", "165.47")
    assert found["fee.service"] == ("1.94", "100.00")


def test_a_financed_fee_costs_the_interest_on_it_too() -> None:
    deducted, financed = (parts(Product("p", annual_rate=RATE, fees=(fee(paid),))) for paid in (FeePaid.DEDUCTED, FeePaid.FINANCED))
    assert Decimal(deducted["fee.service"][1]) == Decimal(100)
    assert Decimal(100) < Decimal(financed["fee.service"][1]) < Decimal(110)


def test_a_balloon_and_grace_show_as_what_they_change() -> None:
    balloon = Product("p", annual_rate=RATE, amortisation=Amortisation.BALLOON, balloon=Decimal("0.5"), grace=Grace(interest_free=3))
    found = parts(balloon)
    assert list(found) == ["interest", "grace", "balloon"]
    assert found["interest"][0] == "12.00"
    assert Decimal(found["grace"][0]) < 0
    assert Decimal(found["grace"][1]) < 0
    assert Decimal(found["balloon"][1]) > 0


def test_what_reached_the_borrower_leaves_financed_fees_out() -> None:
    found = apr.plan_breakdown(plan(Product("p", annual_rate=RATE, fees=(fee(FeePaid.FINANCED),)), ASKED))
    assert found.received == CNY(10_000_00)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data(), st.sampled_from([apr.Convention.SINGLE_INTEREST, apr.Convention.REGULATION_Z, apr.Convention.EUROPEAN]))
def test_the_parts_of_any_products_plan_sum_to_its_rate_and_its_cost(data: st.DataObject, convention: apr.Convention) -> None:
    product = data.draw(products())
    try:
        drawn = plan(product, data.draw(requests(product)))
        whole = apr.rates_of(drawn.flows())[convention]
        found = apr.plan_breakdown(drawn, convention=convention)
    except Refused:
        assume(False)
        return
    assert sum(part.points for part in found.parts) == found.percent == whole
    assert found.cost == drawn.cost


def test_the_parts_of_a_yen_plan_are_whole_yen() -> None:
    asked = Request(Money(1_000_000, "JPY"), date(2026, 3, 2))
    found = apr.plan_breakdown(plan(Product("p", currency="JPY", annual_rate=RATE), asked))
    assert found.cost.currency == "JPY"


@pytest.mark.parametrize("convention", apr.Convention)
def test_a_free_loan_costs_nothing_by_any_convention(convention: apr.Convention) -> None:
    found = apr.plan_breakdown(plan(Product("p"), ASKED), convention=convention)
    assert (found.percent, found.cost) == (0, CNY(0))
