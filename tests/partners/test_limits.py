from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from xinqiao.kit import new_id
from xinqiao.partners import limits

FIVE = limits.Limit(burst=5, per_minute=60)


def spend(db, clock, partner, times: int = 1, route: str = "r") -> int:
    """How many of `times` requests are let through."""
    granted = 0
    for _ in range(times):
        try:
            limits.take(db=db, clock=clock, partner=partner, route=route, limit=FIVE)
            granted += 1
        except limits.RateLimited:
            pass
    return granted


def test_a_burst_passes_and_no_more(db, clock) -> None:
    assert spend(db, clock, new_id(), times=8) == 5


def test_tokens_come_back_at_the_steady_rate(db, clock) -> None:
    partner = new_id()
    spend(db, clock, partner, times=5)
    clock.advance(timedelta(seconds=2))
    assert spend(db, clock, partner, times=5) == 2


def test_a_long_rest_fills_the_bucket_and_not_beyond(db, clock) -> None:
    partner = new_id()
    spend(db, clock, partner, times=5)
    clock.advance(timedelta(days=30))
    assert spend(db, clock, partner, times=20) == 5


def test_a_refusal_says_when_to_come_back_and_that_is_true(db, clock) -> None:
    partner = new_id()
    slow = limits.Limit(burst=1, per_minute=4)
    limits.take(db=db, clock=clock, partner=partner, route="r", limit=slow)
    clock.advance(timedelta(seconds=4))
    with pytest.raises(limits.RateLimited, match="in 11 seconds") as refused:
        limits.take(db=db, clock=clock, partner=partner, route="r", limit=slow)
    assert (refused.value.status, refused.value.retry_after) == (429, 11)
    clock.advance(timedelta(seconds=refused.value.retry_after))
    limits.take(db=db, clock=clock, partner=partner, route="r", limit=slow)


def test_partners_and_routes_have_buckets_of_their_own(db, clock) -> None:
    one, two = new_id(), new_id()
    assert spend(db, clock, one, times=6) == 5
    assert spend(db, clock, one, times=6, route="other") == 5
    assert spend(db, clock, two, times=6) == 5


def test_a_worker_whose_clock_is_behind_neither_gives_nor_takes_tokens(db, clock) -> None:
    partner = new_id()
    assert spend(db, clock, partner, times=5) == 5
    clock.advance(timedelta(hours=-1))
    assert spend(db, clock, partner, times=5) == 0
    clock.advance(timedelta(hours=1, seconds=2))
    assert spend(db, clock, partner, times=5) == 2


def test_many_workers_together_get_no_more_than_the_burst(database, clock, tenant: str) -> None:
    partner = new_id()

    def worker(_: int) -> int:
        granted = 0
        for _ in range(5):
            with database.begin(tenant) as db:
                granted += spend(db, clock, partner)
        return granted

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(worker, range(8))) == 5


def test_a_request_that_could_never_be_granted_is_a_fault_of_the_program(db, clock) -> None:
    with pytest.raises(ValueError, match="burst of 5"):
        limits.take(db=db, clock=clock, partner=new_id(), route="r", limit=FIVE, cost=6)
