"""Loans made from an offer's terms: the life of a loan counts as those contracts do, minor unit by minor unit."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.servicing.lending import TERMS
from xinqiao.kit import CNY
from xinqiao.servicing import Charge, Terms
from xinqiao.servicing.contract import Prepayment
from xinqiao.servicing.lifecycle import events as e
from xinqiao.servicing.lifecycle import replay
from xinqiao.servicing.lifecycle.contracts import agreement_of
from xinqiao.servicing.lifecycle.events import Disbursed, Event, Paid, SettledEarly
from xinqiao.servicing.lifecycle.what_if import owed_now, payoff
from xinqiao.servicing.schedule import Base

from .as_signed import Signed

START = date(2026, 3, 2)
TERMS_DRAWN = st.builds(
    Terms,
    st.integers(100_000, 5_000_000).map(CNY),
    st.sampled_from([Decimal("0.0725"), Decimal("0.12"), Decimal("0.2399")]),
    st.integers(1, 12),
    st.sampled_from([START, date(2026, 1, 31), date(2028, 2, 29)]),
    premium=st.sampled_from([Charge(), Charge(Decimal("0.03")), Charge(Decimal("0.02"), Base.PRINCIPAL)]),
    fee=st.sampled_from([Charge(), Charge(spread=CNY(777))]),
    cooling_days=st.sampled_from([0, 7]),
)


def now(terms: Terms) -> list[Event]:
    return [Disbursed(id="d", on=terms.start, order=1, amount=terms.principal.minor)]


@pytest.mark.parametrize("terms", [TERMS, replace(TERMS, fee=Charge(spread=CNY(777)), premium=Charge(Decimal("0.03"), Base.PRINCIPAL))])
def test_the_schedule_is_the_contracts(terms: Terms) -> None:
    books = replay(agreement_of(terms), now(terms), on=terms.start)
    drawn = [(i.number, i.due, i.amounts.principal, i.amounts.interest, i.amounts.premium, i.amounts.fee) for i in books.instalments]
    assert drawn == [
        (i.number, i.due, i.principal.minor, i.interest.minor, i.premium.minor, i.fee.minor) for i in terms.schedule().instalments
    ]


@settings(deadline=None, max_examples=60)
@given(TERMS_DRAWN, st.lists(st.tuples(st.integers(0, 45), st.integers(1, 100)), max_size=8), st.integers(0, 60))
def test_dues_splits_penalties_and_payoff_are_the_contracts(terms: Terms, payments: list[tuple[int, int]], rest: int) -> None:
    agreement, events, then, day = agreement_of(terms), now(terms), Signed(terms), terms.start
    for days, percent in payments:
        day += timedelta(days)
        then.age(day)
        whole = sum(part.total for part in then.settlement(day))
        amount = min(then.accepted(day), whole) * percent // 100
        if not amount or whole <= amount:
            continue
        split = then.pay(amount, day)
        events.append(Paid(id=f"p{len(events)}", on=day, order=len(events) + 1, amount=amount))
        assert replay(agreement, events, on=day).entries[-1].parts.by_name == split
    day += timedelta(rest)
    then.age(day)
    assert owed_now(replay(agreement, events, on=day)).total == then.now(day)
    parts = payoff(agreement, events, on=day)
    assert [sum(p.by_name[k] for p in then.settlement(day)) for k in parts.by_name] == list(parts.by_name.values())
    if parts.total:
        closed = replay(agreement, [*events, SettledEarly(id="s", on=day, order=99, amount=parts.total)], on=day)
        assert (closed.status, closed.overpaid, closed.entries[-1].parts) == ("closed", 0, parts)


def test_a_late_payment_costs_penalty_interest_by_the_day() -> None:
    """First instalment 888.49 and 25.00 premium, of it 100.00 interest; ten days late at 18 % a year: 788.49 x 10 x 18 % / 360 = 3.94."""
    events = [*now(TERMS), Paid(id="p", on=date(2026, 4, 12), order=2, amount=12_894 + 500)]
    entry = replay(agreement_of(TERMS), events, on=date(2026, 4, 12)).entries[-1]
    assert entry.parts.by_name == {"penalty": 394, "fee": 0, "premium": 2500, "interest": 10_000, "principal": 500}


@pytest.mark.parametrize("prepayment", list(Prepayment))
@pytest.mark.parametrize(("day", "owed"), [(date(2026, 3, 4), 1_000_000), (date(2026, 3, 17), 1_007_299), (date(2026, 4, 12), 1_017_983)])
def test_a_settlement_pays_an_added_fee_in_full_but_not_in_the_cooling_off_days(prepayment: Prepayment, day: date, owed: int) -> None:
    """Fee of 12.50 due that day: within three days of the payout the principal alone ends the contract."""
    terms = Terms(CNY(1_000_000), Decimal("0.12"), 12, date(2026, 3, 2), premium=Charge(Decimal("0.03")), prepayment=prepayment)
    life = [
        e.Approved(id="a", on=terms.start, order=1, amount=1_000_000),
        e.Disbursed(id="d", on=terms.start, order=2, amount=1_000_000),
        e.ChargeAdded(id="f", on=day, order=3, charge="f", code="x", amount=Decimal(1250), due=day),
    ]
    assert payoff(agreement_of(terms), life, on=day).total == owed
    books = replay(agreement_of(terms), [*life, e.SettledEarly(id="s", on=day, order=4, amount=owed)], on=day)
    assert (books.status, books.outstanding.total, books.overpaid) == ("closed", 0, 0)
