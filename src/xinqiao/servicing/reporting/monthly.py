"""Every account, good or bad, at the end of its month. The caller owns the transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, Money

from .. import delinquency, loans
from ..delinquency import Flag, Grade, classify
from ..delinquency.grades import NO_FLAG
from ..errors import InGrace, MonthNotOver, NoNotice, PaidInGrace
from . import accounts, making, permission
from .service import arrears_since, told
from .shape import check
from .store import disputes, outbox

WRITTEN_OFF = "written_off"
"""A loan's state; its end is no repayment."""


def report_month(*, db: Connection, clock: Clock, period: str, loan_ids: Sequence[UUID]) -> dict[str, int]:
    """Queue the accounts' records of the month "2026-03" with the persons' consent; a repeat queues what is missing and nothing twice.

    Arrears are negative information: an account that ends the month in arrears waits for its notice and its grace, and payment within them
    leaves nothing to tell. Returns how many were made, repeated, without consent, waiting for notice, or not open in the month. Raises
    MonthNotOver before the month's last day.
    """
    last = accounts.last_day(period)
    if clock.today() < last:
        raise MonthNotOver(period, last)
    done = Counter(made=0, repeated=0, no_consent=0, waiting=0, not_open=0)
    facts = _Facts(db, loan_ids, last)
    for loan_id in loan_ids:
        done[_one(db, clock, period, loan_id, facts)] += 1
    return dict(done)


class _Facts:
    """What is read for all accounts at once."""

    def __init__(self, db: Connection, loan_ids: Sequence[UUID], last: Any) -> None:
        self.last = last
        self.codes = outbox.codes(db, loan_ids)
        self.flags = delinquency.flags(db=db, loans=loan_ids, on=last)
        self.grades = delinquency.grades(db=db, loans=loan_ids, on=last)


def _one(db: Connection, clock: Clock, period: str, loan_id: UUID, facts: _Facts) -> str:
    seen = loans.view(db=db, clock=clock, loan_id=loan_id, on=facts.last)
    loan = seen.loan
    if loan.disbursed_on > facts.last or (loan.closed_on is not None and accounts.month_of(loan.closed_on) < period):
        return "not_open"
    receipt = permission.current(db, clock, loan.person_id)
    if receipt is None:
        return "no_consent"
    spared = False
    if seen.days_past_due:
        may_tell, spared = _grace(db, clock, seen)
        if not may_tell and not spared:
            return "waiting"
    disputed = any(one.answer is None for one in disputes.of_loan(db, loan_id))
    body = making.account_month(loan, _month(seen, period, facts, spared=spared), consent=receipt, at=clock.now(), in_dispute=disputed)
    check(body)
    return "made" if outbox.put(db, f"account/{period}", body, loan=loan_id, period=period, at=clock.now()) else "repeated"


def _grace(db: Connection, clock: Clock, seen: loans.View) -> tuple[bool, bool]:
    """Whether the month's arrears may be told, and whether they never will be: paid within the grace, or before any notice."""
    try:
        told(db, clock, seen)
    except PaidInGrace:
        return False, True
    except InGrace:
        return False, False
    except NoNotice:
        today = loans.view(db=db, clock=clock, loan_id=seen.loan.id)
        return False, not today.days_past_due or arrears_since(today) > arrears_since(seen)
    return True, False


def _month(seen: loans.View, period: str, facts: _Facts, *, spared: bool) -> Mapping[str, Any]:
    """What the account was at the month's end; arrears that are spared are told as paid, which by now they are."""
    loan, ended = seen.loan, seen.loan.closed_on is not None and seen.loan.closed_on <= facts.last
    flags = facts.flags[loan.id] | (Flag.CHARGED_OFF if loan.state == WRITTEN_OFF else NO_FLAG)
    days, overdue = (0, seen.owed.overdue - seen.owed.overdue) if spared else (seen.days_past_due, seen.owed.overdue)
    due = any(accounts.month_of(state.instalment.due) == period for state in seen.states)
    settled = ended and loan.state != WRITTEN_OFF
    code = accounts.status(days_past_due=days, was_due=due, settled=settled, flags=flags)
    codes = {**facts.codes.get(loan.id, {}), period: code}
    return {
        "period": period,
        "status": code,
        "last_24": accounts.last_24(codes, period=period, opened=loan.disbursed_on),
        "balance": str(_balance(seen)),
        "overdue": str(overdue),
        "days_past_due": days,
        "category": classify(days, flags, was=facts.grades.get(loan.id, Grade.NORMAL)).grade.word,
    }


def _balance(seen: loans.View) -> Money:
    """Principal owed at the month's end, whatever was repaid since."""
    left = sum(state.scheduled.principal - state.paid.principal for state in seen.states if not state.settled)
    return Money(max(0, left), seen.loan.principal.currency)
