"""Every account, good or bad, at the end of its month. The caller owns the transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock

from .. import delinquency, loans
from ..delinquency import Grade
from ..errors import InGrace, MonthNotOver, NoNotice
from . import accounts, making, permission
from .service import told
from .shape import check
from .store import disputes, outbox


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
        self.grades = delinquency.grades(db=db, loans=loan_ids)


def _one(db: Connection, clock: Clock, period: str, loan_id: UUID, facts: _Facts) -> str:
    seen = loans.view(db=db, clock=clock, loan_id=loan_id, on=facts.last)
    loan = seen.loan
    if loan.disbursed_on > facts.last or (loan.closed_on is not None and accounts.month_of(loan.closed_on) < period):
        return "not_open"
    receipt = permission.current(db, clock, loan.person_id)
    if receipt is None:
        return "no_consent"
    if seen.days_past_due and not _may_tell(db, clock, seen):
        return "waiting"
    disputed = any(one.answer is None for one in disputes.of_loan(db, loan_id))
    body = making.account_month(loan, _month(seen, period, facts), consent=receipt, at=clock.now(), in_dispute=disputed)
    check(body)
    return "made" if outbox.put(db, f"account/{period}", body, loan=loan_id, period=period, at=clock.now()) else "repeated"


def _may_tell(db: Connection, clock: Clock, seen: loans.View) -> bool:
    try:
        told(db, clock, seen)
    except (NoNotice, InGrace):
        return False
    return True


def _month(seen: loans.View, period: str, facts: _Facts) -> Mapping[str, Any]:
    loan = seen.loan
    settled = loan.closed_on is not None and loan.closed_on <= facts.last
    due = any(accounts.month_of(state.instalment.due) == period for state in seen.states)
    code = accounts.status(days_past_due=seen.days_past_due, was_due=due, settled=settled, flags=facts.flags[loan.id])
    codes = {**facts.codes.get(loan.id, {}), period: code}
    return {
        "period": period,
        "status": code,
        "last_24": accounts.last_24(codes, period=period, opened=loan.disbursed_on),
        "balance": str(loan.outstanding),
        "overdue": str(seen.owed.overdue),
        "days_past_due": seen.days_past_due,
        "category": facts.grades.get(loan.id, Grade.NORMAL).word,
    }
