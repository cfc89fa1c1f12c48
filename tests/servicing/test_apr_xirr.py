"""XIRR, one by one and by the hundred thousand, beside pyxirr."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
import pyxirr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from xinqiao.kit import CNY
from xinqiao.servicing import apr
from xinqiao.servicing.errors import FlowsRefused, NoAnnualRate

START = date(2024, 1, 1)


def moved(pairs: list[tuple[int, int]]) -> list[apr.Dated]:
    """(days after the start, fen toward the borrower)."""
    return [apr.Dated(START + timedelta(day), CNY(abs(fen)), lent=fen > 0) for day, fen in pairs]


def worth(pairs: list[tuple[int, int]], rate: float) -> float:
    return sum(fen * (1 + rate) ** (-(day - pairs[0][0]) / 365) for day, fen in pairs)


def peer(pairs: list[tuple[int, int]]) -> float | None:
    try:
        return pyxirr.xirr([START + timedelta(day) for day, _ in pairs], [float(fen) for _, fen in pairs])
    except pyxirr.InvalidPaymentsError:
        return None


def test_the_spreadsheets_own_example() -> None:
    """-10,000 on 1 January 2008; 2,750, 4,250, 3,250 and 2,750 later: 37.336253 % (the help page of a spreadsheet's XIRR; unverified)."""
    days = [date(2008, 1, 1), date(2008, 3, 1), date(2008, 10, 30), date(2009, 2, 15), date(2009, 4, 1)]
    fen = [1_000_000, -275_000, -425_000, -325_000, -275_000]
    flows = [apr.Dated(day, CNY(abs(f)), lent=f > 0) for day, f in zip(days, fen, strict=True)]
    assert apr.xirr(flows, places=8) == Decimal("0.37336253")


LOANS = st.tuples(st.integers(10_000, 10**8), st.lists(st.tuples(st.integers(1, 4000), st.integers(1, 10**7)), min_size=1, max_size=40))


@settings(deadline=None, max_examples=150)
@given(LOANS)
def test_a_loans_rate_agrees_with_the_peer(loan: tuple[int, list[tuple[int, int]]]) -> None:
    advance, payments = loan
    pairs = [(0, advance), *((day, -fen) for day, fen in sorted(payments))]
    other = peer(pairs)
    assume(other is not None and -0.99 < other < 1e6)
    assert float(apr.xirr(moved(pairs), places=12)) == pytest.approx(other, rel=1e-7, abs=1e-9)


ANY = st.lists(st.tuples(st.integers(0, 2000), st.integers(-(10**6), 10**6).filter(bool)), min_size=2, max_size=12)


@settings(deadline=None, max_examples=200)
@given(ANY)
def test_any_flows_have_their_one_rate_or_are_refused(pairs: list[tuple[int, int]]) -> None:
    """Where a rate is given it is a root, and it is the peer's wherever the peer found one."""
    pairs = sorted(pairs)
    try:
        rate = float(apr.xirr(moved(pairs), places=14))
    except (FlowsRefused, NoAnnualRate):
        return
    beside = max(abs(rate) * 1e-9, 1e-9)
    sides = [worth(pairs, rate - beside), worth(pairs, rate + beside)] if rate - beside > -1 else [0.0]
    assert sides[0] * sides[-1] <= 0 or abs(worth(pairs, rate)) < 1e-6 * sum(abs(fen) for _, fen in pairs)
    other = peer(pairs)
    if other is not None and -0.9999 < other < 1e9 and abs(worth(pairs, other)) < 1e-7:
        assert other == pytest.approx(rate, rel=1e-5, abs=1e-7)


def test_losing_money_is_a_negative_rate() -> None:
    assert apr.xirr(moved([(0, 100_00), (365, -90_00)])) == Decimal("-0.1")


def test_a_saver_and_a_borrower_have_one_rate() -> None:
    pairs = [(0, 100_00), (365, -110_00)]
    assert apr.xirr(moved(pairs)) == apr.xirr(moved([(day, -fen) for day, fen in pairs])) == Decimal("0.1")


def test_two_rates_are_refused_by_naming_them() -> None:
    """-100, +230, -132 after one year each: 10 % and 20 % both fit."""
    with pytest.raises(NoAnnualRate, match=r"10\.\d\d%, 20\.\d\d%"):
        apr.xirr(moved([(0, -100_00), (365, 230_00), (730, -132_00)]))


def test_two_rates_close_together_are_not_taken_for_none() -> None:
    """10 % and 10.1 % lie within one step of the scan: (1.10 and 1.101 are the roots of x^2 - 2.201x + 1.2111)."""
    with pytest.raises(NoAnnualRate, match="several"):
        apr.xirr(moved([(0, -100_000), (365, 220_100), (730, -121_110)]))


def test_no_rate_is_refused() -> None:
    """-100, +100, -100: no real rate."""
    with pytest.raises(NoAnnualRate, match="no rate"):
        apr.xirr(moved([(0, -100_00), (365, 100_00), (730, -100_00)]))


@pytest.mark.parametrize("pairs", [[(0, 5)], [(0, 5), (9, 5)], [(3, 5), (3, -5)], [(0, 0), (1, -5)], []])
def test_money_must_move_both_ways_on_two_days(pairs: list[tuple[int, int]]) -> None:
    with pytest.raises(FlowsRefused, match="both directions"):
        apr.xirr(moved(pairs))


def book(rows: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    terms = random.integers(1, 37, rows)
    month = np.arange(38)
    days = np.cumsum(np.where(month > 0, random.integers(28, 32, (rows, 38)), 0), axis=1)
    paid = np.where((month > 0) & (month <= terms[:, None]), -1.0, 0.0) * random.integers(5_000, 50_000, rows)[:, None]
    paid[:, 0] = np.floor(-paid.sum(axis=1) * random.uniform(0.5, 1.1, rows))
    return days, paid


def test_many_at_once_are_each_as_alone() -> None:
    days, amounts = book(300)
    found = apr.xirr_many(days, amounts)
    for row in range(0, 300, 7):
        pairs = [(int(d), int(a)) for d, a in zip(days[row], amounts[row], strict=True) if a]
        assert found[row] == pytest.approx(float(apr.xirr(moved(pairs), places=13)), rel=1e-9, abs=1e-11)


def test_many_at_once_agree_with_the_peer() -> None:
    days, amounts = book(2000, seed=8)
    found = apr.xirr_many(days, amounts)
    for row in range(0, 2000, 5):
        other = peer([(int(d), int(a)) for d, a in zip(days[row], amounts[row], strict=True) if a])
        assert other is not None
        assert found[row] == pytest.approx(other, rel=1e-7, abs=1e-9)


def test_rows_without_one_rate_are_not_a_number_and_spoil_no_other() -> None:
    days = np.array([[0, 365, 730]] * 5)
    amounts = np.array([[-100.0, 230.0, -132.0], [100, -110, 0], [-100, 100, -100], [5, 5, 5], [0, 0, 0]])
    found = apr.xirr_many(days, amounts)
    assert found[1] == pytest.approx(0.1)
    assert np.isnan(found[[0, 2, 3, 4]]).all()


@settings(deadline=None, max_examples=100)
@given(ANY)
def test_one_row_of_many_says_what_the_exact_one_says(pairs: list[tuple[int, int]]) -> None:
    pairs = sorted(dict(pairs).items())
    days, amounts = np.array([[d for d, _ in pairs]]), np.array([[float(f) for _, f in pairs]])
    (found,) = apr.xirr_many(days, amounts)
    try:
        exact = float(apr.xirr(moved(pairs), places=14))
    except (FlowsRefused, NoAnnualRate):
        assert np.isnan(found)
        return
    assume(-0.9999 < exact < 1e8)
    assert found == pytest.approx(exact, rel=1e-6, abs=1e-9)


def test_matrices_of_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        apr.xirr_many(np.zeros((2, 3)), np.zeros((2, 4)))
