"""Money comes in: repayments in any order and amount, early settlement, money that goes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, Money, events

from ...errors import AmountNotAccepted, KeyReused, LoanClosed, LoanNotFound
from ...lifecycle import Books, PaymentKind, Status
from ...lifecycle import events as e
from ...lifecycle.what_if import payoff
from .. import store, tally
from ..model import Loan, Owed, Recorded, Repayment
from ..owed import owed_of
from . import recording
from .recording import Author

MONEYLESS = (PaymentKind.GOODWILL_CREDIT, PaymentKind.CHARGE_ADJUSTMENT)
"""What settles a debt without money cannot leave money over."""


def repay(*, db: Connection, clock: Clock, loan_id: UUID, amount: Money, key: str, kind: PaymentKind = PaymentKind.REPAYMENT) -> Repayment:
    """Take a payment today: what is due first, in the contract's order; then what the contract lets be paid ahead; or what settles the loan.

    A repeat of `key` with the same amount returns the first answer. Raises LoanNotFound, LoanClosed, AmountNotAccepted, KeyReused.
    """
    loan = store.lock(db, loan_id)
    if loan is None:
        raise LoanNotFound(loan_id)
    known = store.repayment(db, loan, key)
    if known is not None:
        return _same(known, amount, key)
    if loan.closed_on is not None:
        raise LoanClosed(loan_id)

    def make(books: Books, fields: dict) -> e.Event:
        owed = owed_of(loan, books, payoff(loan.agreed, recording.life_of(db, loan), on=books.on))
        _require_fits(owed, amount)
        if amount == owed.payoff:
            return e.SettledEarly(**fields, amount=amount.minor)
        return e.Paid(**fields, amount=amount.minor, kind=kind)

    done = recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=make, tell=False)
    repaid = Repayment(key, clock.now(), amount, done.parts.by_name, done.loan.closed_on is not None)
    store.add_repayment(db, loan, repaid)
    events.append(db, [_repaid(loan, repaid)])
    return repaid


def receive(
    *,
    db: Connection,
    clock: Clock,
    loan_id: UUID,
    amount: Money,
    key: str,
    on: date,
    kind: PaymentKind = PaymentKind.REPAYMENT,
    author: Author = recording.SYSTEM,
) -> Recorded:
    """Book money that has arrived, on the day on which it did, whatever its amount: what settles nothing is owed back to the borrower.

    A past day reorders history: later payments are spread anew, and interest and penalty are counted as if it had been known.
    Raises LoanNotFound, LoanClosed, AmountNotAccepted (not positive, another currency, or a day to come), KeyReused.
    """

    def make(books: Books, fields: dict) -> e.Event:
        _require_money(books, amount)
        if kind in MONEYLESS and amount.minor > books.outstanding.total:
            owed = Money(books.outstanding.total, amount.currency)
            raise AmountNotAccepted(f"{amount} {amount.currency} that nobody paid", owed, owed, field="amount")
        if on > clock.today():
            raise AmountNotAccepted(f"{amount} {amount.currency} of {on}, which is still to come,", amount, amount, field="on")
        return e.Paid(**fields, amount=amount.minor, kind=kind)

    return recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=make, on=on, author=author)


def charge_back(
    *, db: Connection, clock: Clock, loan_id: UUID, of: str, amount: Money, key: str, author: Author = recording.SYSTEM
) -> Recorded:
    """A payment that bounced after all: what it settled is owed again. `of` is the payment's key.

    Raises LoanClosed once the loan was written off: reverse the write-off first.
    """

    def make(books: Books, fields: dict) -> e.Event:
        _require_money(books, amount)
        if books.status is Status.WRITTEN_OFF:
            raise LoanClosed(loan_id)
        return e.ChargedBack(**fields, of=of, amount=amount.minor)

    return recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=make, author=author)


def refund_credit(*, db: Connection, clock: Clock, loan_id: UUID, amount: Money, key: str, author: Author = recording.SYSTEM) -> Recorded:
    """Give back money that was paid in excess. Raises LifeRefused for more than that."""
    return _simple(db, clock, loan_id, key, amount, author, lambda fields: e.CreditRefunded(**fields, amount=amount.minor))


def refund_cash(*, db: Connection, clock: Clock, loan_id: UUID, amount: Money, key: str, author: Author = recording.SYSTEM) -> Recorded:
    """Give back money that had settled something; what it settled is owed again, the latest first. Never more than the borrower paid."""

    def make(books: Books, fields: dict) -> e.Event:
        _require_money(books, amount)
        paid = Money(tally.paid_in(tally.of_books(books)), amount.currency)
        if amount > paid:
            raise AmountNotAccepted(f"a refund of {amount} {amount.currency}", paid, paid, field="amount")
        return e.CashRefunded(**fields, amount=amount.minor)

    return recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=make, author=author)


def _simple(
    db: Connection, clock: Clock, loan_id: UUID, key: str, amount: Money, author: Author, event: Callable[[dict], e.Event]
) -> Recorded:
    def make(books: Books, fields: dict) -> e.Event:
        _require_money(books, amount)
        return event(fields)

    return recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=make, author=author)


def _same(known: Repayment, amount: Money, key: str) -> Repayment:
    if known.amount != amount:
        raise KeyReused(key, "repayment", field="key")
    return known


def _require_money(books: Books, amount: Money) -> None:
    if amount.currency != books.agreement.product.currency or not amount.is_positive:
        owed = Money(books.outstanding.total, books.agreement.product.currency)
        raise AmountNotAccepted(f"{amount} {amount.currency}", owed, owed, field="amount")


def _require_fits(owed: Owed, amount: Money) -> None:
    due, ahead = owed.payoff, owed.accepted_up_to
    if due is None or ahead is None:
        raise AssertionError("what settles a loan is known of one loan alone")
    fits = amount.currency == due.currency and amount.is_positive and (amount == due or amount <= min(ahead, due))
    if not fits:
        raise AmountNotAccepted(f"{amount} {amount.currency}", min(ahead, due), due, field="amount")


def _repaid(loan: Loan, repaid: Repayment) -> events.Event:
    data = {"amount": repaid.amount, "allocation": dict(repaid.allocation), "closed": repaid.closed}
    return events.Event("servicing.repaid", loan.id, data, loan.person_id, repaid.at)
