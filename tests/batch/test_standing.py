"""The compiled figures against the same rules written once more in plain Python, loan by loan."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinqiao.batch.model import NEVER, RATE_SCALE, Instalments, Standing
from xinqiao.batch.standing import stand


@dataclass(frozen=True)
class Row:
    length: int
    principal: int
    interest: int
    charges: int
    paid: tuple[int, int, int, int]
    """Principal, interest, charges, penalty."""
    penalties: int
    late_unit_days: int
    aged: int
    """Days after the due date up to which `late_unit_days` counts."""
    settled: bool


@dataclass(frozen=True)
class Loan:
    start: int
    closed: bool
    rate: tuple[int, int]
    rows: tuple[Row, ...]


amounts = st.integers(0, 10**9)
row = st.builds(
    lambda length, owed, shares, penalties, late, aged, settled: Row(
        length,
        *owed,
        tuple(int(share * part) for share, part in zip(shares, (*owed, penalties), strict=True)),
        penalties,
        late,
        aged,
        settled,
    ),
    st.integers(1, 62),
    st.tuples(amounts, amounts, amounts),
    st.tuples(*[st.sampled_from([0, 0.3, 1])] * 4),
    st.sampled_from([0, 0, 1000]),
    st.integers(0, 10**11),
    st.integers(0, 40),
    st.booleans(),
)
loan = st.builds(
    Loan,
    st.integers(9_000, 9_400),
    st.sampled_from([False, False, False, True]),
    st.tuples(st.integers(0, 6 * RATE_SCALE // 10), st.sampled_from([360 * RATE_SCALE, 365 * RATE_SCALE])),
    st.lists(row, min_size=1, max_size=8).map(tuple),
)


def columns(loans: list[Loan]) -> Instalments:
    made = []
    for number, one in enumerate(loans):
        due = one.start
        for r in one.rows:
            due += r.length
            paid = (r.paid[0], r.paid[1], r.paid[2], r.paid[3])
            made.append((number, due, r.principal, r.interest, r.charges, *paid, r.penalties, r.late_unit_days, due + r.aged, r.settled))
    table = np.array(made, np.int64).T
    return Instalments(*(np.ascontiguousarray(column) for column in table[:-1]), settled=table[-1].astype(bool))


def of_many(loans: list[Loan], on: int) -> Standing:
    start, closed = np.array([one.start for one in loans]), np.array([one.closed for one in loans])
    rates = tuple(np.array([one.rate[side] for one in loans]) for side in (0, 1))
    return stand(on, start, closed, rates, columns(loans))


def alone(one: Loan, on: int) -> tuple[int, ...]:
    """Earned interest, earned penalty, collected, overdue, oldest due, next due, next amount, longest period."""
    due, interest, penalty, collected, overdue = one.start, 0, 0, 0, 0
    oldest, coming, amount, longest = NEVER, NEVER, 0, 0
    for r in one.rows:
        since, due = due, due + r.length
        longest, collected = max(longest, r.length), collected + r.paid[1] + r.paid[3]
        base = r.paid[1] if r.settled or one.closed else r.interest
        interest += base if one.closed or on >= due else round(Fraction(base * max(0, on - since), r.length))
        if r.settled or one.closed:
            penalty += r.paid[3]
            continue
        late = r.late_unit_days + (r.principal - r.paid[0]) * max(0, on - due - r.aged)
        owed = r.penalties + round(Fraction(late * one.rate[0], one.rate[1]))
        penalty += owed
        unpaid = r.principal + r.interest + r.charges + owed - sum(r.paid)
        if due >= on and coming == NEVER:
            coming, amount = due, unpaid
        if due < on and unpaid > 0:
            oldest, overdue = min(oldest, due), overdue + unpaid
    return interest, penalty, collected, overdue, oldest, coming, amount, longest


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(loan, min_size=1, max_size=6), st.integers(8_900, 9_700))
def test_every_loan_of_a_book_stands_as_it_does_alone(loans: list[Loan], on: int) -> None:
    standing = of_many(loans, on)
    found = (standing.earned_interest, standing.earned_penalty, standing.collected, standing.overdue, standing.oldest_due)
    found = (*found, standing.next_due, standing.next_amount, standing.longest)
    assert [tuple(int(part[i]) for part in found) for i in range(len(loans))] == [alone(one, on) for one in loans]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(loan, st.integers(8_990, 9_300), st.integers(1, 60))
def test_what_days_earn_adds_up_to_what_they_earn_together(one: Loan, on: int, days: int) -> None:
    totals = [of_many([one], day).earned_interest[0] for day in range(on, on + days + 1)]
    assert sum(np.diff(totals)) == totals[-1] - totals[0]
    assert (np.diff(totals) >= 0).all()


def test_a_loan_without_instalments_owes_nothing() -> None:
    none = np.empty(0, np.int64)
    rows = Instalments(*[none] * 12, settled=none.astype(bool))
    standing = stand(9_000, np.array([8_000]), np.array([False]), (np.array([0]), np.array([1])), rows)
    assert (standing.overdue[0], standing.oldest_due[0], standing.earned_interest[0]) == (0, NEVER, 0)
