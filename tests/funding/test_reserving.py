from datetime import timedelta
from decimal import Decimal

import pytest

from xinqiao import funding
from xinqiao.kit import CNY, events, new_id

from .markets import ask, funder_data, yuan

CHEAP = {"rate": {"base": "0.06", "add_on": {"B": "0"}}}
DEAR = {"rate": {"base": "0.09", "add_on": {"B": "0"}}}


def used(db, partner) -> dict[tuple[str, str], int]:
    """Used minor units by dimension and key, of what is used at all."""
    return {(line.dimension, line.key): line.used.minor for line in funding.book_of(db=db, partner_id=partner) if line.used.is_positive}


def test_a_reservation_takes_every_share_and_the_cover(db, clock, funder, guarantor, reserve) -> None:
    lending, covering = funder(guarantee="required"), guarantor(measure="expected_loss", coverage="0.8", loss_given_default="0.6")
    held = reserve(ask())
    assert (held.funder_id, held.guarantor_id, held.state) == (lending, covering, "held")
    taken = {("budget", ""), ("region", "31"), ("term", "12"), ("scene", str(ask().scene_id)), ("guarantor", str(covering))}
    assert used(db, lending) == dict.fromkeys(taken, 1_000_000)
    assert used(db, covering) == {("cover", ""): 24_000}
    assert [event.kind for event in events.of(db, held.application_id)] == ["funding.bids_taken", "funding.reserved"]


def test_reserving_twice_returns_the_first(db, funder, reserve) -> None:
    lending, application = funder(), new_id()
    first = reserve(ask(), application)
    assert reserve(ask(amount=CNY(5_000_000)), application) == first == funding.reservation_of(db=db, application_id=application)
    assert used(db, lending)["budget", ""] == 1_000_000


def test_nothing_is_reserved_beyond_the_budget(db, funder, reserve) -> None:
    lending = funder(budget=yuan(25_000), slices=3)
    held = [reserve(ask()) for _ in range(4)]
    assert [one is not None for one in held] == [True, True, False, False]
    (line,) = [line for line in funding.book_of(db=db, partner_id=lending) if line.dimension == "budget"]
    assert (line.used, line.left) == (CNY(2_000_000), CNY(500_000))


def test_a_loan_larger_than_a_slice_gathers_what_is_left(db, funder, reserve) -> None:
    lending = funder(budget=yuan(40_000), slices=8, caps={"region": "0.75"})
    assert reserve(ask(amount=CNY(3_000_000))) is not None
    assert reserve(ask(amount=CNY(1))) is None
    assert reserve(ask(amount=CNY(1_000_000), region="110101")) is not None
    assert used(db, lending)["budget", ""] == 4_000_000


@pytest.mark.parametrize(
    ("caps", "second"),
    [({"region": "0.1"}, {"region": "440305"}), ({"term": "0.1"}, {"months": 6}), ({"scene": "0.1"}, {"scene_id": new_id()})],
)
def test_shares_are_kept_each_by_itself(db, funder, reserve, caps, second) -> None:
    funder(budget=yuan(100_000), caps=caps)
    assert reserve(ask()) is not None
    assert reserve(ask()) is None
    assert reserve(ask(**second)) is not None


def test_a_full_guarantor_is_passed_over_for_the_next_best(db, funder, guarantor, reserve) -> None:
    funder(guarantee="required", caps={"guarantor": "0.5"})
    cheap, dear = guarantor(capacity=yuan(8_000), premium={"B": "0.01"}), guarantor(premium={"B": "0.02"})
    assert [reserve(ask()).guarantor_id for _ in range(2)] == [cheap, dear]


def test_capacity_lost_between_bid_and_reservation_moves_on_to_the_next_bid(db, clock, funder, reserve) -> None:
    scarce, other, application = funder(budget=yuan(10_000), **CHEAP), funder(**DEAR), new_id()
    person = new_id()
    funding.bids(db=db, clock=clock, application_id=application, person_id=person, ask=ask())
    assert reserve(ask()).funder_id == scarce
    assert reserve(ask(), application, person_id=person).funder_id == other
    assert funding.bids_of(db=db, application_id=application).tried == {(scarce, None): "budget_full"}


def test_a_funder_that_withdrew_after_bidding_is_not_taken(db, clock, funder, reserve) -> None:
    gone, application = funder(), new_id()
    funding.bids(db=db, clock=clock, application_id=application, person_id=new_id(), ask=ask())
    funding.withdraw(db=db, clock=clock, partner_id=gone)
    assert reserve(ask(), application) is None
    assert used(db, gone) == {}


def test_no_bid_leaves_the_reasons_behind(db, funder, reserve) -> None:
    funder(max_pd="0.01")
    application = new_id()
    assert reserve(ask(), application) is None
    assert funding.next_choice(db=db, application_id=application) is None
    assert [bid.refusals for bid in funding.bids_of(db=db, application_id=application).bids] == [("pd_above_max",)]


def test_what_expires_is_given_back_whole(db, clock, funder, guarantor, reserve) -> None:
    lending, covering = funder(guarantee="required"), guarantor()
    held = [reserve(ask(amount=CNY(1_234_567 + n))) for n in range(5)]
    clock.advance(timedelta(minutes=30))
    assert [funding.expire_due(db=db, clock=clock, limit=limit) for limit in (3, 10, 10)] == [3, 2, 0]
    assert used(db, lending) == used(db, covering) == {}
    with pytest.raises(funding.ReservationEnded, match="expired"):
        funding.confirm(db=db, clock=clock, reservation_id=held[0].id)


def test_an_expired_hold_is_not_confirmed_even_before_the_sweep(db, clock, funder, reserve) -> None:
    funder()
    held = reserve(ask())
    clock.advance(timedelta(minutes=30))
    with pytest.raises(funding.ReservationEnded, match="expired"):
        funding.confirm(db=db, clock=clock, reservation_id=held.id)


def test_reserving_after_expiry_gives_a_new_hold_and_the_sweep_returns_the_old(db, clock, funder, reserve) -> None:
    lending, application, person = funder(), new_id(), new_id()
    first = reserve(ask(), application, person_id=person)
    clock.advance(timedelta(minutes=31))
    second = reserve(ask(), application, person_id=person)
    assert second.id != first.id
    assert funding.get(db=db, reservation_id=first.id).state == "lapsed"
    assert funding.expire_due(db=db, clock=clock) == 1
    assert used(db, lending)["budget", ""] == 1_000_000


def test_confirmed_capacity_does_not_expire(db, clock, funder, reserve) -> None:
    lending = funder()
    held = reserve(ask())
    assert {funding.confirm(db=db, clock=clock, reservation_id=held.id).state for _ in range(2)} == {"confirmed"}
    clock.advance(timedelta(days=30))
    assert funding.expire_due(db=db, clock=clock) == 0
    assert used(db, lending)["budget", ""] == 1_000_000


def test_releasing_twice_returns_capacity_once(db, clock, funder, reserve) -> None:
    lending = funder()
    reserve(ask())
    held = reserve(ask())
    assert {funding.release(db=db, clock=clock, reservation_id=held.id).state for _ in range(2)} == {"released"}
    assert used(db, lending)["budget", ""] == 1_000_000


def test_a_released_pair_is_not_chosen_again_in_the_same_auction(db, clock, funder, reserve) -> None:
    cheap, dear = funder(**CHEAP), funder(**DEAR)
    application, person = new_id(), new_id()
    first = reserve(ask(), application, person_id=person)
    funding.release(db=db, clock=clock, reservation_id=first.id)
    assert [first.funder_id, reserve(ask(), application, person_id=person).funder_id] == [cheap, dear]


def test_repayments_return_capacity_in_proportion_and_to_the_last_fen(db, clock, funder, guarantor, reserve) -> None:
    lending, covering = funder(guarantee="required"), guarantor(coverage="0.333333")
    held = reserve(ask(amount=CNY(1_000_001)))
    funding.confirm(db=db, clock=clock, reservation_id=held.id)
    for owed in (1_000_001, 666_667, 666_667, 1, 0, 0):
        found = funding.restore(db=db, clock=clock, reservation_id=held.id, outstanding=CNY(owed))
        assert used(db, lending).get(("budget", ""), 0) == owed == found.outstanding.minor
    assert used(db, lending) == used(db, covering) == {}
    assert found.state == "repaid"
    with pytest.raises(funding.service.reserve.OutstandingNotValid):
        funding.restore(db=db, clock=clock, reservation_id=held.id, outstanding=CNY(-1))


def test_a_payment_that_bounces_uses_the_same_capacity_again(db, clock, funder, guarantor, reserve) -> None:
    lending, covering = funder(guarantee="required"), guarantor(coverage="0.333333")
    held = reserve(ask(amount=CNY(1_000_001)))
    funding.confirm(db=db, clock=clock, reservation_id=held.id)
    full = used(db, lending), used(db, covering)
    for owed, state in (
        (0, "repaid"),
        (1_000_001, "confirmed"),
        (1_000_001, "confirmed"),
        (333_333, "confirmed"),
        (1_200_000, "confirmed"),
    ):
        found = funding.restore(db=db, clock=clock, reservation_id=held.id, outstanding=CNY(owed))
        assert (found.outstanding, found.state) == (CNY(owed), state)
        assert used(db, lending).get(("budget", ""), 0) == min(owed, 1_000_001)
    assert (used(db, lending), used(db, covering)) == full
    funding.restore(db=db, clock=clock, reservation_id=held.id, outstanding=CNY(0))
    assert used(db, lending) == used(db, covering) == {}


def test_capacity_that_was_lent_meanwhile_is_exceeded_and_admits_nobody_until_it_is_free_again(db, clock, funder, reserve) -> None:
    lending = funder(budget=yuan(25_000), slices=2)
    held = [reserve(ask()) for _ in range(2)]
    for one in held:
        funding.confirm(db=db, clock=clock, reservation_id=one.id)
    funding.restore(db=db, clock=clock, reservation_id=held[0].id, outstanding=CNY(0))
    other = reserve(ask())
    funding.restore(db=db, clock=clock, reservation_id=held[0].id, outstanding=CNY(1_000_000))
    line = funding.book_of(db=db, partner_id=lending)[0]
    assert (line.cap, line.used) == (CNY(2_500_000), CNY(3_000_000))
    assert reserve(ask(amount=CNY(100_000))) is None
    funding.release(db=db, clock=clock, reservation_id=other.id)
    funding.restore(db=db, clock=clock, reservation_id=held[1].id, outstanding=CNY(0))
    line = funding.book_of(db=db, partner_id=lending)[0]
    assert (line.cap, line.used) == (CNY(2_500_000), CNY(1_000_000))
    assert reserve(ask()) is not None


def test_a_budget_that_does_not_revolve_stays_used(db, clock, funder, guarantor, reserve) -> None:
    lending, covering = funder(guarantee="required", revolving=False), guarantor()
    held = reserve(ask())
    funding.confirm(db=db, clock=clock, reservation_id=held.id)
    funding.restore(db=db, clock=clock, reservation_id=held.id, outstanding=CNY(0))
    assert used(db, lending)["budget", ""] == 1_000_000
    assert used(db, covering) == {}


def test_an_unconfirmed_reservation_cannot_be_repaid(db, clock, funder, reserve) -> None:
    funder()
    held = reserve(ask())
    with pytest.raises(funding.ReservationEnded, match="held"):
        funding.restore(db=db, clock=clock, reservation_id=held.id, outstanding=CNY(0))


def test_a_budget_cut_below_its_use_admits_nothing_until_enough_is_repaid(db, clock, funder, reserve) -> None:
    lending = funder(budget=yuan(40_000), slices=2)
    held = [reserve(ask()) for _ in range(4)]
    for one in held:
        funding.confirm(db=db, clock=clock, reservation_id=one.id)
    funding.publish_funder(db=db, clock=clock, funder_id=lending, data=funder_data(budget=yuan(25_000), slices=2))
    admitted = []
    for one in held:
        funding.restore(db=db, clock=clock, reservation_id=one.id, outstanding=CNY(0))
        admitted.append(reserve(ask()) is not None)
    assert admitted == [False, False, True, True]
    line = funding.book_of(db=db, partner_id=lending)[0]
    assert (line.cap, line.used) == (CNY(2_500_000), CNY(2_000_000))


def test_rates_of_a_reservation_are_those_of_the_bid(db, funder, guarantor, reserve) -> None:
    funder(guarantee="required")
    guarantor()
    held = reserve(ask())
    best = funding.bids_of(db=db, application_id=held.application_id).bids[0]
    assert (held.annual_rate, held.premium, held.all_in) == (best.annual_rate, best.premium, best.all_in)
    assert held.all_in == Decimal("0.1066")


def test_an_unknown_reservation_is_not_found(db, clock) -> None:
    with pytest.raises(funding.NoSuchReservation):
        funding.confirm(db=db, clock=clock, reservation_id=new_id())
