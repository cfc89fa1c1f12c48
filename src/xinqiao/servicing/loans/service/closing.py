"""What the end of a day asks of one loan: late fees that its product names, and interest counted anew where late principal bears it."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, Money

from ...lifecycle import Books
from ...lifecycle import events as e
from ...lifecycle.close import overdue_charges
from ...product.model import Fee, FeeBase, FeeTime
from ..model import Recorded
from . import recording
from .reading import books as books_of


def close_loan_day(*, db: Connection, clock: Clock, loan_id: UUID) -> list[Recorded]:
    """Record what a late loan's product asks for at the end of a day; done again, it adds nothing. Raises LoanNotFound."""
    books = books_of(db=db, clock=clock, loan_id=loan_id)
    if not books.delinquency.days:
        return []
    done = [_charge(db, clock, loan_id, fee, found) for fee in _late_fees(books) for found in _found(books, fee)]
    rule = books.agreement.product.recalculation
    if rule is not None and rule.late_bears_interest and books.agreement.rate:
        key = f"recounted/{books.on}"
        done.append(
            recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=lambda _, fields: e.DayClosed(**fields, recalculated=True))
        )
    return done


def _late_fees(books: Books) -> list[Fee]:
    return [fee for fee in books.agreement.product.fees if fee.time is FeeTime.OVERDUE]


def _found(books: Books, fee: Fee) -> list[dict]:
    flat = fee.base is FeeBase.FLAT
    amount = Decimal(Money.parse(str(fee.amount), books.agreement.product.currency).minor) if flat else fee.amount
    wait = books.agreement.product.late.grace_days
    return overdue_charges(books, code=fee.code, base=fee.base, amount=amount, on=books.on, wait_days=max(1, wait))


def _charge(db: Connection, clock: Clock, loan_id: UUID, fee: Fee, found: dict) -> Recorded:
    key = f"{fee.code}/{found['due']}"

    def make(books: Books, fields: dict) -> e.Event:
        return e.ChargeAdded(**fields, charge=key, **found, penalty=fee.penalty, payee=fee.payee)

    return recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=make)
