"""What staff and rules do to a loan: fees, waivers, new terms, losses, the guarantor's payment. Each carries who did it and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, Money

from ...errors import TermsRefused
from ...lifecycle import Books
from ...lifecycle import events as e
from ...product.model import Every, FeeBase, FeeTime
from ..model import Recorded
from . import recording
from .reading import get_loan
from .recording import Author


def charge(
    *,
    db: Connection,
    clock: Clock,
    loan_id: UUID,
    code: str,
    amount: Money | Decimal,
    key: str,
    author: Author,
    due: date | None = None,
    time: FeeTime = FeeTime.DUE_DATE,
    base: FeeBase = FeeBase.FLAT,
    penalty: bool = False,
    payee: str = "platform",
) -> Recorded:
    """Add a fee: a sum, or a fraction of `base`. The key names the charge for waivers and adjustments."""
    flat = isinstance(amount, Money)
    if flat != (base is FeeBase.FLAT):
        raise TermsRefused("a flat charge is a sum of money, any other a fraction of its base", field="amount")
    rate = Decimal(amount.minor) if isinstance(amount, Money) else amount
    if not rate > 0:
        raise TermsRefused("a charge must be positive", field="amount")

    def make(fields: dict) -> e.Event:
        return e.ChargeAdded(**fields, charge=key, code=code, time=time, base=base, amount=rate, due=due, penalty=penalty, payee=payee)

    return _do(db, clock, loan_id, key, author, make)


def waive(
    *, db: Connection, clock: Clock, loan_id: UUID, charge_key: str, key: str, author: Author, amount: Money | None = None
) -> Recorded:
    """Give up a charge, or part of it."""
    minor = amount.minor if amount else None
    return _do(db, clock, loan_id, key, author, lambda fields: e.ChargeWaived(**fields, charge=charge_key, amount=minor))


def adjust(*, db: Connection, clock: Clock, loan_id: UUID, charge_key: str, amount: Money, key: str, author: Author) -> Recorded:
    """Credit the borrower on account of a charge that was paid."""
    return _do(db, clock, loan_id, key, author, lambda fields: e.ChargeAdjusted(**fields, charge=charge_key, amount=amount.minor))


def waive_interest(*, db: Connection, clock: Clock, loan_id: UUID, amount: Money, key: str, author: Author) -> Recorded:
    return _do(db, clock, loan_id, key, author, lambda fields: e.InterestWaived(**fields, amount=amount.minor))


def reschedule(
    *,
    db: Connection,
    clock: Clock,
    loan_id: UUID,
    from_due: date,
    key: str,
    author: Author,
    move_to: date | None = None,
    grace_principal: int = 0,
    grace_interest: int = 0,
    extra_instalments: int = 0,
    annual_rate: Decimal | None = None,
) -> Recorded:
    """New terms from the instalment due on `from_due`. Raises TermsRefused when nothing would change, or for a rate above the contract's."""
    if not (move_to or grace_principal or grace_interest or extra_instalments or annual_rate is not None):
        raise TermsRefused("say what changes: a due date, periods of grace, more instalments, or a rate", field="from_due")
    agreed = get_loan(db=db, loan_id=loan_id).agreed
    if move_to is not None and move_to < clock.today():
        raise TermsRefused("a due date moves to today or later", field="move_to")
    if annual_rate is not None and not 0 <= annual_rate <= agreed.rate:
        raise TermsRefused(f"a rescheduled rate is from 0 to the contract's {agreed.rate}", field="annual_rate")

    def make(books: Books, fields: dict) -> e.Event:
        _require_coming(books, from_due)
        return e.Rescheduled(
            **fields,
            from_due=from_due,
            move_to=move_to,
            grace_principal=grace_principal,
            grace_interest=grace_interest,
            extra_instalments=extra_instalments,
            annual_rate=annual_rate,
        )

    return recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=make, author=author)


def skip(*, db: Connection, clock: Clock, loan_id: UUID, due: date, key: str, author: Author) -> Recorded:
    """A payment holiday: the instalment due then, and those after it, fall due one period later."""

    def make(books: Books, fields: dict) -> e.Event:
        _require_coming(books, due)
        return e.Skipped(**fields, due=due)

    return recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=make, author=author)


def _require_coming(books: Books, due: date) -> None:
    """New terms begin with an instalment that is still to come."""
    coming = [line.due for line in books.instalments if line.due >= books.on and line.outstanding.total]
    if due not in coming:
        listed = ", ".join(map(str, coming[:3])) or "none"
        raise TermsRefused(f"new terms begin with an instalment still to come ({listed}), not {due}", field="from_due")


def re_age(
    *, db: Connection, clock: Clock, loan_id: UUID, first_due: date, every: Every, instalments: int, key: str, author: Author
) -> Recorded:
    """Spread all principal that is owed over new instalments; the arrears end."""
    if instalments < 1 or first_due <= clock.today():
        raise TermsRefused("a re-aged loan has an instalment at least, and its first due date is still to come", field="first_due")
    return _do(
        db, clock, loan_id, key, author, lambda fields: e.ReAged(**fields, first_due=first_due, every=every, instalments=instalments)
    )


def re_amortise(*, db: Connection, clock: Clock, loan_id: UUID, key: str, author: Author) -> Recorded:
    """Spread principal that is past due over the instalments to come."""
    return _do(db, clock, loan_id, key, author, lambda fields: e.ReAmortised(**fields))


def reprice(
    *, db: Connection, clock: Clock, loan_id: UUID, annual_rate: Decimal, key: str, author: Author, on: date | None = None
) -> Recorded:
    """A floating rate moves. Raises TermsRefused for a product whose rate is fixed, or outside its floor and cap."""
    rule = get_loan(db=db, loan_id=loan_id).agreed.product.repricing
    if rule is None:
        raise TermsRefused("this loan's rate is fixed; reschedule it to lower the rate", field="annual_rate")
    if annual_rate < rule.floor or (rule.cap is not None and annual_rate > rule.cap):
        raise TermsRefused(f"the rate lies between {rule.floor} and {rule.cap}", field="annual_rate")
    return _do(db, clock, loan_id, key, author, lambda fields: e.RateChanged(**fields, annual_rate=annual_rate), on=on)


def charge_off(*, db: Connection, clock: Clock, loan_id: UUID, key: str, author: Author) -> Recorded:
    """Book the loan as a loss; the borrower still owes it."""
    return _do(db, clock, loan_id, key, author, lambda fields: e.ChargedOff(**fields))


def write_off(*, db: Connection, clock: Clock, loan_id: UUID, key: str, author: Author) -> Recorded:
    """Give up what is owed."""
    return _do(db, clock, loan_id, key, author, lambda fields: e.WrittenOff(**fields))


def recover(*, db: Connection, clock: Clock, loan_id: UUID, amount: Money, key: str, author: Author) -> Recorded:
    """Money that comes in after a write-off."""
    kind = e.PaymentKind.RECOVERY
    return _do(db, clock, loan_id, key, author, lambda fields: e.Paid(**fields, amount=amount.minor, kind=kind))


def compensate(*, db: Connection, clock: Clock, loan_id: UUID, amount: Money, key: str, author: Author) -> Recorded:
    """代偿: the guarantor pays in the borrower's stead, and takes over the claim to that extent.

    Raises TermsRefused when nobody guarantees the loan, or for more than is due.
    """
    guarantor = get_loan(db=db, loan_id=loan_id).guarantor_id
    if guarantor is None:
        raise TermsRefused("nobody guarantees this loan, so nobody can pay in the borrower's stead", field="guarantor")

    def make(books: Books, fields: dict) -> e.Event:
        due = sum(line.outstanding.total for line in books.instalments if line.due <= books.on)
        if not 0 < amount.minor <= due:
            raise TermsRefused(f"a guarantor pays what is due, at most {Money(due, amount.currency)}, not {amount}", field="amount")
        return e.Compensated(**fields, guarantor=str(guarantor), amount=amount.minor)

    return recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=make, author=author)


def reverse(*, db: Connection, clock: Clock, loan_id: UUID, of: str, key: str, author: Author) -> Recorded:
    """Take an earlier event back as if it had not been; postings are countered, never erased. Raises TermsRefused for an unknown event."""

    def make(books: Books, fields: dict) -> e.Event:
        return e.Reversed(**fields, of=of)

    return recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=make, author=author)


def _do(
    db: Connection, clock: Clock, loan_id: UUID, key: str, author: Author, event: Callable[[dict], e.Event], on: date | None = None
) -> Recorded:
    def make(books: Books, fields: dict) -> e.Event:
        return event(fields)

    return recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=make, on=on, author=author)
