"""What holds for every product: no minor unit appears or vanishes, no balance is negative, every number can be recomputed from its basis."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import prod

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from xinqiao.kit import Money
from xinqiao.kit.money import DECIMALS
from xinqiao.servicing.errors import ScheduleImpossible, TooSmallForTerm
from xinqiao.servicing.product import Product, Request
from xinqiao.servicing.product.model import Method, Remainder
from xinqiao.servicing.schedule import FORMULAS, Plan, account, equal_instalments, plan
from xinqiao.servicing.schedule.rounding import to_minor

from .drawn import harvests, products, requests

slow = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


def planned(product: Product, data: st.DataObject) -> Plan:
    request = data.draw(requests(product))
    try:
        return plan(product, request)
    except (ScheduleImpossible, TooSmallForTerm):
        assume(False)
        raise


@slow
@given(products(), st.data())
def test_principal_repaid_is_principal_lent_and_nothing_is_negative(product: Product, data: st.DataObject) -> None:
    made = planned(product, data)
    assert sum(i.principal.minor for i in made.instalments) == made.principal.minor == made.disbursed.minor
    assert made.disbursed.minor == made.request.principal.minor + sum(p.financed.minor for p in made.payouts)
    assert all(part.minor >= 0 for i in made.instalments for part in (i.principal, i.interest, i.premium, i.fee, i.balance))
    assert made.instalments[-1].balance.is_zero
    assert made.to_repay.minor == made.principal.minor + sum(p.minor for p in (made.interest, made.premium, made.fees))


@slow
@given(products(), st.data())
def test_each_balance_follows_from_the_one_before(product: Product, data: st.DataObject) -> None:
    made = planned(product, data)
    repaid = 0
    for i in made.instalments:
        repaid += i.principal.minor
        assert i.balance.minor == sum(p.amount.minor for p in made.payouts if p.on <= i.unadjusted) - repaid
    assert [i.number for i in made.instalments] == list(range(1, len(made.instalments) + 1))
    assert [i.unadjusted for i in made.instalments] == sorted(i.unadjusted for i in made.instalments)


@slow
@given(products(), st.data())
def test_interest_is_what_its_stretches_say(product: Product, data: st.DataObject) -> None:
    made = planned(product, data)
    rows = [i for i in made.instalments if not i.down_payment]
    for i in rows:
        assert {i.basis.interest, i.basis.principal} <= set(FORMULAS)
        assert [s.end for s in i.basis.stretches[:-1]] == [s.start for s in i.basis.stretches[1:]]
        if product.method is Method.DECLINING:
            exact = sum((s.interest for s in i.basis.stretches), Fraction(0))
            assert i.basis.accrued.minor == to_minor(exact, product.rounding.mode)
    exact = sum((s.interest for i in rows for s in i.basis.stretches), Fraction(0))
    assert made.interest.minor == sum(i.basis.accrued.minor for i in rows)
    assert abs(made.interest.minor - exact) <= len(rows)
    if product.method is Method.FLAT:
        assert made.interest.minor == to_minor(exact, product.rounding.mode)


@slow
@given(products(), st.data())
def test_a_product_and_a_request_come_back_from_their_json_to_the_same_plan(product: Product, data: st.DataObject) -> None:
    made = planned(product, data)
    again = plan(Product.parse(product.to_json()), Request.parse(made.request.to_json(), product.currency))
    assert again == made


def done_over(worked: str) -> Fraction:
    """The sum, done again from its text."""
    terms = worked.partition(" = ")[0].split(" + ")
    return sum((prod(map(Fraction, term.split(" × "))) for term in terms), Fraction(0))


@slow
@given(products(), st.data())
def test_every_explained_number_can_be_done_over_from_its_text(product: Product, data: st.DataObject) -> None:
    made = planned(product, data)
    for i in made.instalments:
        lines = account(made, i.number)
        assert all(line.rule for line in lines)
        assert sum(line.amount.minor for line in lines) == i.total.minor
        for line in lines:
            scaled = done_over(line.worked) * 10 ** DECIMALS[product.currency] if " × " in line.worked else None
            if line.what == "interest" and product.method is Method.DECLINING:
                assert to_minor(scaled, product.rounding.mode) == i.basis.accrued.minor
            elif line.what == "f" and scaled is not None:
                assert to_minor(scaled, product.rounding.mode) == line.amount.minor


@slow
@given(products(), st.data())
def test_level_totals_are_level(product: Product, data: st.DataObject) -> None:
    """Between two workings-out, totals stand in the steps' proportion but for the instalments that the remainder falls on."""
    made = planned(product, data)
    assume(product.rounding.remainder is Remainder.LAST and not product.steps)
    rows = [i for i in made.instalments if not i.down_payment and i.basis.principal == "principal.level"]
    assert all(i.principal + i.basis.accrued == i.basis.level for i in rows)
    changes = {p.on for p in made.payouts} | {
        s.start for i in rows for s in i.basis.stretches if s.annual_rate != rows[0].basis.stretches[0].annual_rate
    }
    assert len({i.basis.level for i in rows}) <= 2 * len(changes) + 1


@slow
@given(harvests())
def test_own_dates_and_parts_repay_it_all(drawn: tuple[Product, Request]) -> None:
    product, request = drawn
    made = plan(product, request)
    assert sum(i.principal.minor for i in made.instalments) == request.principal.minor
    assert [i.due for i in made.instalments] == [day for day, _ in product.custom]
    share = [request.principal.minor * Fraction(part) for _, part in product.custom]
    assert all(abs(i.principal.minor - exact) <= len(share) for i, exact in zip(made.instalments, share, strict=True))


@settings(deadline=None, max_examples=60)
@given(st.integers(100_000, 10**9), st.decimals("0", "0.36", places=4), st.integers(2, 60), st.dates(date(2000, 1, 1), date(2080, 12, 31)))
def test_the_plan_of_a_monthly_loan_is_the_schedule_of_todays_contracts(minor: int, rate: Decimal, months: int, start: date) -> None:
    ours = plan(Product("m", annual_rate=rate, instalments=months), Request(Money(minor, "CNY"), start))
    theirs = equal_instalments(Money(minor, "CNY"), rate, months, start)
    assert [(i.due, i.principal, i.interest, i.balance) for i in ours.instalments] == [
        (i.due, i.principal, i.interest, i.balance) for i in theirs.instalments
    ]
