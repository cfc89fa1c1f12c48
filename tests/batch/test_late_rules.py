"""Penalty interest that unit-days alone do not tell: capped, after days of grace, or on overdue interest too."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from xinqiao.kit import CNY, FixedClock, Money, new_id
from xinqiao.servicing import loans, view
from xinqiao.servicing.lifecycle import Agreement
from xinqiao.servicing.product.model import Late, Product

from ..servicing.lending import BANK
from .test_end_of_day import ONE_DAY, close, rows

PLAIN = Late(rate_multiple=Decimal("1.5"))
RULES = {
    "plain": PLAIN,
    "capped": replace(PLAIN, cap_fraction=Decimal("0.002")),
    "after grace": replace(PLAIN, grace_days=10),
    "on interest": replace(PLAIN, on_interest=True),
}


def late_loan(db: Connection, clock: FixedClock, rule: Late) -> loans.Loan:
    product = Product("late", annual_rate=Decimal("0.18"), instalments=6, late=rule)
    ids = {"contract_id": new_id(), "application_id": new_id(), "person_id": uuid4(), "funder_id": BANK.id}
    agreed = Agreement(product=product, principal=CNY(1_000_000), applied_on=clock.today())
    loan = loans.open_loan(db=db, clock=clock, agreed=agreed, **ids)
    return loans.pay_out_part(db=db, clock=clock, loan_id=loan.id, amount=CNY(1_000_000), key="out").loan


def penalty(db: Connection, clock: FixedClock, loan: loans.Loan, on) -> int:
    return sum(line.amounts.penalty for line in loans.books(db=db, clock=clock, loan_id=loan.id, on=on).instalments)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_lists_views_and_closes_say_what_the_replay_says(db: Connection, clock: FixedClock, rule: Late) -> None:
    loan = late_loan(db, clock, rule)
    clock.advance(timedelta(days=36))
    charged = []
    for days in (1, 8, 20, 40):
        clock.advance(timedelta(days=days))
        close(db, clock)
        yesterday, today = clock.today() - ONE_DAY, clock.today()
        exact, row = penalty(db, clock, loan, yesterday), rows(db, yesterday)[loan.id]
        assert row.penalty == exact
        assert row.overdue == view(db=db, clock=clock, loan_id=loan.id, on=yesterday).owed.overdue.minor
        books = loans.books(db=db, clock=clock, loan_id=loan.id, on=today)
        seen = view(db=db, clock=clock, loan_id=loan.id)
        assert sum(state.unpaid(loan.terms.late_rate).total for state in seen.states) == books.outstanding.total
        [listed] = loans.loans_of_funder(db=db, clock=clock, funder_id=BANK.id)
        assert (listed.owed.now, listed.owed.penalty) == (seen.owed.now, seen.owed.penalty)
        [owing] = loans.owing(db=db, loan_ids=[loan.id], on=today)
        assert sum(one.unpaid.minor for one in owing.unpaid) == books.outstanding.total
        charged.append(exact)
    if rule.cap_fraction is not None:
        assert charged[-1] == 2000
    elif rule.grace_days:
        assert charged[0] == 0 < charged[1]
    else:
        assert 0 < charged[0] < charged[-1]


def test_the_rules_differ_where_they_should(db: Connection, clock: FixedClock) -> None:
    made = {name: late_loan(db, clock, rule) for name, rule in RULES.items()}
    on = clock.today() + timedelta(days=38)
    found = {name: penalty(db, clock, loan, on) for name, loan in made.items()}
    assert found["after grace"] == 0 < found["plain"] < found["on interest"]


def test_a_payment_in_part_leaves_the_rest_exact(db: Connection, clock: FixedClock) -> None:
    loan = late_loan(db, clock, RULES["on interest"])
    clock.advance(timedelta(days=60))
    loans.repay(db=db, clock=clock, loan_id=loan.id, amount=Money(50_000, "CNY"), key="part")
    clock.advance(timedelta(days=9))
    close(db, clock)
    yesterday = clock.today() - ONE_DAY
    assert rows(db, yesterday)[loan.id].penalty == penalty(db, clock, loan, yesterday)
    assert rows(db, yesterday)[loan.id].overdue == view(db=db, clock=clock, loan_id=loan.id, on=yesterday).owed.overdue.minor
