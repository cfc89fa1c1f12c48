import random
from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import coo_array, vstack

from xinqiao.funding.allocation import Allocation, allocate_book, descend, respond
from xinqiao.funding.market import UNLIMITED, Book, Market, Quotes

from . import markets

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def instance(seed: int, count: int = 300, funders: int = 6, guarantors: int = 3, tightness: float = 0.6) -> tuple[Market, Book]:
    """A book whose asks exceed the budgets: `tightness` is budgets over asks."""
    chance = random.Random(seed)
    book = markets.asks(chance, count)
    asked = sum(one.amount.minor for one in book) // 100
    budget = int(asked * tightness / funders)
    return Market(markets.funders(chance, funders, budget), markets.guarantors(chance, guarantors, budget * funders // 2)), Book.of(book)


def coupling(quotes: Quotes, caps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, coo_array]:
    """Variables (ask, pair) that fit alone, and the rows they take."""
    fits = np.logical_and.reduce(list(quotes.fits(caps).values()))
    asks, pairs = np.nonzero(quotes.eligible & fits)
    rows = quotes.layout.rows(quotes.book.part(asks), pairs)
    needs = np.repeat(quotes.book.amount[asks][:, None], 6, axis=1)
    needs[:, 5] = quotes.cover_need[asks, pairs % quotes.layout.covers]
    columns = np.repeat(np.arange(len(asks)), 6)
    matrix = coo_array((needs.ravel().astype(float), (rows.ravel(), columns)), shape=(len(caps), len(asks)))
    return asks, pairs, quotes.value[asks, pairs].astype(float), matrix


def lp_value(quotes: Quotes, caps: np.ndarray) -> float:
    """The linear relaxation by HiGHS: no integral allocation is worth more."""
    asks, _, value, matrix = coupling(quotes, caps)
    limited = np.flatnonzero(caps < UNLIMITED)
    once = coo_array((np.ones(len(asks)), (asks, np.arange(len(asks)))), shape=(len(quotes.book), len(asks)))
    both = [matrix.tocsr()[limited] / 1e6, once.tocsr()]
    bounds = np.r_[caps[limited] / 1e6, np.ones(len(quotes.book))]
    solved = linprog(-value / 1e6, A_ub=vstack(both), b_ub=bounds, bounds=(0, 1), method="highs")
    assert solved.status == 0, solved.message
    return -solved.fun * 1e6


def used(quotes: Quotes, found: Allocation) -> np.ndarray:
    """Usage counted the slow way, loan by loan."""
    usage = np.zeros(quotes.layout.size, dtype=object)
    for i, j in enumerate(found.pair):
        if j >= 0:
            rows = quotes.layout.rows(quotes.book.part(np.array([i])), np.array([j]))[0]
            for row in rows[:5]:
                usage[row] += int(quotes.book.amount[i])
            usage[rows[5]] += int(quotes.cover_need[i, j % quotes.layout.covers])
    return usage


@pytest.mark.parametrize("tightness", [0.2, 0.6, 1.2])
@pytest.mark.parametrize("seed", range(6))
def test_a_book_reaches_95_percent_of_the_linear_bound_within_every_cap(seed: int, tightness: float) -> None:
    market, book = instance(seed, tightness=tightness)
    quotes, caps = market.quote(book, at=NOON), market.caps(book)
    found = allocate_book(market, book, at=NOON)
    best = lp_value(quotes, caps)
    usage = used(quotes, found)
    assert (usage <= caps).all()
    assert (usage == found.usage).all()
    took = np.flatnonzero(found.pair >= 0)
    assert quotes.eligible[took, found.pair[took]].all()
    assert found.value == quotes.value[took, found.pair[took]].sum()
    assert found.value <= best * (1 + 1e-9)
    assert found.bound >= best * (1 - 1e-6)
    assert found.value >= 0.95 * best


def test_prices_beat_the_cheapest_first_rule_when_capacity_is_scarce() -> None:
    """One funder alone serves long loans; cheapest-first spends it on loans that others would have taken."""
    gains = []
    for seed in range(4):
        market, book = instance(seed, count=400, tightness=0.4)
        caps, quotes = market.caps(book), market.quote(book, at=NOON)
        left, greedy = caps.copy(), 0
        for i in range(len(book)):
            one = np.array([i])
            some = market.quote(book.part(one), at=NOON)
            open_to = (some.eligible & np.logical_and.reduce(list(some.fits(left).values())))[0]
            if open_to.any():
                pair = np.where(open_to, some.all_in[0], UNLIMITED).argmin()
                rows = quotes.layout.rows(book.part(one), np.array([pair]))[0]
                left[rows[:5]] -= book.amount[i]
                left[rows[5]] -= some.cover_need[0, pair % quotes.layout.covers]
                greedy += int(some.value[0, pair])
        gains.append(allocate_book(market, book, at=NOON).value / greedy)
    assert min(gains) > 1.02


def test_abundant_capacity_gives_every_loan_its_best_bid_at_price_zero() -> None:
    market, book = instance(1, count=60, tightness=50)
    quotes, found = market.quote(book, at=NOON), allocate_book(market, book, at=NOON)
    best = quotes.value.max(axis=1)
    assert found.value == best.sum() == found.bound


def test_partitions_answer_as_the_whole_book_does() -> None:
    market, book = instance(2, count=101)
    caps = market.caps(book)
    prices = descend(market, book, at=NOON, caps=caps, iterations=20)
    assert prices.any()
    whole = respond(market.quote(book, at=NOON), prices, caps)
    parts = [respond(market.quote(book.part(slice(start, start + 17)), at=NOON), prices, caps) for start in range(0, 101, 17)]
    assert (sum(part.usage for part in parts) == whole.usage).all()
    assert (sum(part.value for part in parts), sum(part.surplus for part in parts)) == (whole.value, whole.surplus)


def test_an_empty_capacity_funds_nothing() -> None:
    market, book = instance(3, count=20)
    found = allocate_book(market, book, at=NOON, caps=np.zeros_like(market.caps(book)))
    assert (found.pair == -1).all()
    assert found.value == 0


def test_a_market_without_guarantors_still_lends() -> None:
    market, book = instance(4, count=50, guarantors=0, tightness=2)
    found = allocate_book(market, book, at=NOON)
    assert found.value > 0


def test_the_same_book_is_allocated_the_same_twice() -> None:
    market, book = instance(5)
    first, second = (allocate_book(market, book, at=NOON) for _ in range(2))
    assert (first.pair == second.pair).all()
    assert (first.prices == second.prices).all()
