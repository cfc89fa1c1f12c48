"""What the tests of bureau reporting need: a borrower who agreed to it in so many words, and a loan of theirs that is late."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import consent
from xinqiao import vault as safe
from xinqiao.kit import CNY, Clock, FixedClock
from xinqiao.servicing import repay, reporting, view
from xinqiao.servicing.loans import Loan
from xinqiao.vault import Field, Purpose, Vault

from .lending import lent

HOW = {"method": "tap", "preticked": False, "scrolled_to_end": True, "bundle": None}


def borrower(db: Connection, vault: Vault, clock: Clock) -> UUID:
    person = safe.enrol(db=db, vault=vault, clock=clock)
    safe.put(db=db, vault=vault, clock=clock, person=person, values={Field.NAME: "张小明"})
    return person


def agree(db: Connection, vault: Vault, clock: Clock, person: UUID, purpose: Purpose = Purpose.BUREAU_REPORT) -> str:
    """The receipt's id."""
    shown = consent.show(
        db=db, clock=clock, person=person, application=None, purpose=purpose, language="zh-CN", surface="phone", recipient=None
    )
    given = consent.agree(
        db=db,
        vault=vault,
        clock=clock,
        person=person,
        display_id=shown.id,
        purposes=[purpose],
        text_sha256=shown.text_sha256,
        how=HOW,
    )
    return str(given.id)


def withdraw(db: Connection, clock: Clock, person: UUID) -> None:
    consent.withdraw(db=db, clock=clock, person=person, purpose=Purpose.BUREAU_REPORT)


def late_loan(db: Connection, clock: FixedClock, person: UUID) -> Loan:
    """A loan whose first instalment (2 April 2026) is five days late."""
    loan = lent(db, clock, person_id=person)
    clock.advance(timedelta(days=36))
    return loan


def told(db: Connection, clock: FixedClock, loan: Loan) -> reporting.Notice:
    return reporting.notify(db=db, clock=clock, loan_id=loan.id, language="zh-CN", channel="app")


def reported(db: Connection, clock: FixedClock, loan: Loan, receipt: str) -> reporting.Record:
    """After notice and grace."""
    told(db, clock, loan)
    clock.advance(timedelta(days=8))
    return reporting.report(db=db, clock=clock, loan_id=loan.id, consent=receipt)


def pay(db: Connection, clock: FixedClock, loan: Loan, fen: int | None = None) -> None:
    owed = view(db=db, clock=clock, loan_id=loan.id).owed.now
    repay(db=db, clock=clock, loan_id=loan.id, amount=CNY(fen) if fen else owed, key=f"{clock.now()}")
