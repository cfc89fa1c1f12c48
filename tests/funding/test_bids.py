from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from xinqiao import funding
from xinqiao.funding.store import terms as prices
from xinqiao.kit import CNY, Money, events, new_id

from .markets import ask, yuan


def take(db, clock, wanted: funding.Ask, **changes: Any) -> funding.Auction:
    return funding.bids(db=db, clock=clock, **({"application_id": new_id(), "person_id": new_id(), "ask": wanted} | changes))


@pytest.mark.parametrize(
    ("terms", "changes", "why"),
    [
        ({}, {"amount": CNY(99_999)}, "ticket_below_min"),
        ({}, {"amount": CNY(20_000_001)}, "ticket_above_max"),
        ({}, {"months": 9}, "term_not_offered"),
        ({"kinds": ["personal"]}, {"kind": "micro_business"}, "kind_not_served"),
        ({"purposes": ["medical"]}, {}, "purpose_not_served"),
        ({"regions": ["11", "3205"]}, {}, "region_not_served"),
        ({"regions_excluded": ["3101"]}, {}, "region_not_served"),
        ({"rate": {"base": "0.07", "add_on": {"A": "0"}}}, {}, "band_not_accepted"),
        ({"max_pd": "0.04"}, {}, "pd_above_max"),
        ({"hours": ["11:00", "17:00"]}, {}, "outside_hours"),
        ({"guarantee": "required"}, {}, "guarantee_required"),
        ({"budget": yuan(9_999)}, {}, "budget_full"),
        ({"caps": {"region": "0.001"}}, {}, "region_full"),
        ({"caps": {"terms": {"12": "0.001"}}}, {}, "term_full"),
        ({"caps": {"scene": "0.001"}}, {}, "scene_full"),
        ({}, {"ceiling": Decimal("0.09")}, "above_ceiling"),
        ({}, {"amount": Money(100_000_00, "USD")}, "currency_differs"),
    ],
)
def test_a_refusal_says_why(db, clock, funder, terms: dict[str, Any], changes: dict[str, Any], why: str) -> None:
    refusing = funder(**terms)
    (bid,) = take(db, clock, ask(**changes)).bids
    assert (bid.funder_id, bid.eligible) == (refusing, False)
    assert why in bid.refusals
    assert all(word for word in funding.WORDS[why])


@pytest.mark.parametrize(
    ("terms", "changes", "why"),
    [
        ({"kinds": ["personal"]}, {"kind": "micro_business"}, "guarantor_kind"),
        ({"regions_excluded": ["31"]}, {}, "guarantor_region"),
        ({"premium": {"A": "0.01"}}, {}, "guarantor_band"),
        ({"max_pd": "0.01"}, {}, "guarantor_pd"),
        ({"capacity": yuan(7_999)}, {}, "cover_full"),
    ],
)
def test_a_guarantor_that_refuses_leaves_the_funder_alone(db, clock, funder, guarantor, terms, changes, why: str) -> None:
    lending, refusing = funder(), guarantor(**terms)
    alone, paired = sorted(take(db, clock, ask(**changes)).bids, key=lambda bid: bid.guarantor_id is not None)
    assert (alone.funder_id, alone.eligible) == (lending, True)
    assert (paired.guarantor_id, paired.refusals) == (refusing, (why,))


def test_the_price_is_base_and_add_on_and_premium_on_the_covered_share(db, clock, funder, guarantor) -> None:
    funder(guarantee="required")
    guarantor(coverage="0.75", premium={"B": "0.012345"})
    best = take(db, clock, ask()).bids[0]
    assert (best.annual_rate, best.premium, best.all_in) == (Decimal("0.097"), Decimal("0.009259"), Decimal("0.106259"))


def test_the_cheapest_for_the_applicant_wins_while_capacity_is_ample(db, clock, funder) -> None:
    dear, cheap = funder(rate={"base": "0.09", "add_on": {"B": "0"}}), funder(rate={"base": "0.08", "add_on": {"B": "0"}})
    assert [bid.funder_id for bid in take(db, clock, ask()).bids] == [cheap, dear]


def test_a_scarce_funder_is_left_to_those_who_need_it_more(db, clock, funder) -> None:
    dear, cheap = funder(rate={"base": "0.09", "add_on": {"B": "0"}}), funder(rate={"base": "0.08", "add_on": {"B": "0"}})
    prices.set_prices(db, {(cheap, "region", "31"): 10_000}, at=clock.now())
    assert take(db, clock, ask()).bids[0].funder_id == dear
    assert take(db, clock, ask(region="110101")).bids[0].funder_id == cheap


def test_a_repeat_returns_the_first_auction_unless_asked_again(db, clock, funder) -> None:
    funder()
    given = {"application_id": new_id(), "person_id": new_id()}
    first = take(db, clock, ask(), **given)
    clock.advance(timedelta(seconds=1))
    assert take(db, clock, ask(), **given) == first
    assert take(db, clock, ask(), **given, again=True).id != first.id
    assert take(db, clock, ask(months=6), **given).id != first.id


def test_stored_bids_read_back_as_they_were_made(db, clock, funder, guarantor) -> None:
    funder()
    funder(max_pd="0.01")
    guarantor()
    made = take(db, clock, ask())
    assert funding.bids_of(db=db, application_id=made.application_id) == made
    (event,) = events.of(db, made.application_id)
    assert event.data["bids"] == 2
    assert event.data["refused"] == {"pd_above_max": 2}


def test_a_withdrawn_funder_bids_no_more(db, clock, funder) -> None:
    one = funder()
    assert [funding.withdraw(db=db, clock=clock, partner_id=one) for _ in range(2)] == [2, 2]
    assert take(db, clock, ask()).bids == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"amount": CNY(0)}, "amount must lie"),
        ({"amount": CNY(10**10 + 1)}, "amount must lie"),
        ({"months": 0}, "term must lie"),
        ({"region": "31"}, "six digits"),
        ({"pd": 0.05}, "Decimal between"),
        ({"ceiling": Decimal(0)}, "above 0"),
    ],
)
def test_an_ask_that_makes_no_sense_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(funding.AskNotValid, match=says):
        ask(**changes)


def test_the_largest_ask_scores_without_overflow(db, clock, funder, guarantor) -> None:
    one = funder(budget=yuan(10**9), ticket={"min": yuan(1), "max": yuan(10**8)}, months=[360])
    guarantor(capacity=yuan(10**9), measure="expected_loss")
    prices.set_prices(db, {(one, "budget", ""): 10**9, (one, "region", "31"): 10**9}, at=clock.now())
    best = take(db, clock, ask(amount=CNY(10**10), months=360, ceiling=Decimal(10))).bids[0]
    assert best.value > 0 > best.reduced_value


def test_repricing_puts_a_price_on_what_runs_short_and_only_there(db, clock, funder) -> None:
    scarce, ample = (
        funder(budget=yuan(100_000), rate={"base": "0.05", "add_on": {"B": "0"}}),
        funder(rate={"base": "0.10", "add_on": {"B": "0"}}),
    )
    for number in range(20):
        take(db, clock, ask(amount=CNY(1_000_000 + number * 10_000)))
    assert funding.reprice(db=db, clock=clock) == 1
    prices_now = {one: funding.book_of(db=db, partner_id=one)[0].price for one in (scarce, ample)}
    assert prices_now[scarce] > 0
    assert prices_now[ample] == 0
    assert funding.reprice(db=db, clock=clock, window=timedelta(microseconds=-1)) == 0
    assert funding.book_of(db=db, partner_id=scarce)[0].price == 0


def test_another_funders_bids_do_not_depend_on_uuid_order(db, clock, funder) -> None:
    """Equal offers: the first partner to have published wins, the same each time."""
    made = [funder() for _ in range(4)]
    assert {take(db, clock, ask()).bids[0].funder_id for _ in range(3)} == {min(made, key=UUID.__int__)}
