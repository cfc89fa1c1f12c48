"""Money goes out: a signed offer becomes a loan, an agreed product a loan in parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid5

from sqlalchemy import Connection

from xinqiao.kit import Clock, Money, events

from ... import ledger
from ...contract import Terms
from ...errors import LoanNotFound, NotSigned, TermsRefused
from ...lifecycle import Agreement, Books, replay
from ...lifecycle import events as e
from ...lifecycle.contracts import agreement_of
from ...lifecycle.disbursing import down_payment_taken
from ...offer import Offer, get_offer, signature_of
from ...product.model import Fee, FeeBase, FeePaid, FeeTime, Kind
from ...product.request import Request
from ...schedule.fees import financed
from .. import postings, splits, store, tally
from ..model import Happened, Loan, Recorded
from ..splits import Share
from . import recording
from .recording import Author

LOANS = UUID("8f7d0f2b-7b57-5f0c-9a6e-3f0c7f1b2c44")
"""The namespace under which a loan's id is derived from its offer's: one offer, one loan."""
APPROVED, DISBURSED = "approved", "disbursed"


def loan_id_of(offer_id: UUID) -> UUID:
    return uuid5(LOANS, str(offer_id))


def disburse(*, db: Connection, clock: Clock, offer_id: UUID) -> Loan:
    """Turn a signed offer into a loan: its schedule from today, its accounts and postings. A repeat returns the same loan.

    Raises OfferNotFound, NotSigned.
    """
    offer = get_offer(db=db, offer_id=offer_id)
    if signature_of(db=db, offer_id=offer_id) is None:
        raise NotSigned(offer_id)
    agreed = agreement_of(offer.terms, clock.today())
    guarantor = offer.guarantor.id if offer.guarantor else None
    loan = _loan(clock, offer, agreed, splits.of_terms(offer.terms, offer.funder.id, guarantor), guarantor)
    return _first(db, clock, loan, agreed.principal.minor, opened=True)


def open_loan(
    *,
    db: Connection,
    clock: Clock,
    contract_id: UUID,
    application_id: UUID,
    person_id: UUID,
    funder_id: UUID,
    agreed: Agreement,
    guarantor_id: UUID | None = None,
    shares: Mapping[Kind, tuple[Share, ...]] | None = None,
) -> Loan:
    """A loan of any product, approved and not yet paid out; `pay_out_part` pays it out. A repeat returns the same loan.

    `shares` tells who gets what, several funders among them; left out, one funder lends all and the platform has the fees.
    Raises TermsRefused when the shares do not add up.
    """
    late = agreed.product.late
    terms = Terms(
        agreed.principal,
        agreed.rate,
        agreed.count,
        agreed.applied_on,
        penalty_rate=late.annual_rate if late.annual_rate is not None else agreed.rate * late.rate_multiple,
        penalty_days_in_year=late.days_in_year,
        cooling_days=agreed.product.cooling_days,
    )
    shared = splits.checked(shares or splits.of_terms(terms, funder_id, guarantor_id))
    splits.require_payees(agreed.product, shared)
    loan = Loan(
        id=loan_id_of(contract_id),
        person_id=person_id,
        offer_id=contract_id,
        application_id=application_id,
        funder_id=funder_id,
        guarantor_id=guarantor_id,
        terms=terms,
        disbursed_on=agreed.expected_on or agreed.applied_on,
        disbursed_at=clock.now(),
        outstanding=Money(0, agreed.principal.currency),
        agreement=agreed,
        splits=shared,
    )
    return _first(db, clock, loan, agreed.principal.minor, opened=False)


def _payout_fees(agreed: Agreement, today: date) -> list[e.Event]:
    """The product's fees at payout as charges: kept back from it, whether or not they were lent on top (`financed`)."""
    fees = [fee for fee in agreed.product.fees if fee.time in (FeeTime.DISBURSEMENT, FeeTime.TRANCHE)]
    return [
        e.ChargeAdded(
            id=f"fee/{fee.code}",
            on=agreed.applied_on,
            order=2 + number,
            recorded_on=today,
            charge=f"fee/{fee.code}",
            code=fee.code,
            time=fee.time if fee.paid is not FeePaid.DUE else FeeTime.DUE_DATE,
            base=fee.base,
            amount=_rate(agreed, fee),
            due=None if fee.paid is not FeePaid.DUE else agreed.expected_on or agreed.applied_on,
            payee=fee.payee,
        )
        for number, fee in enumerate(fees)
    ]


def _rate(agreed: Agreement, fee: Fee) -> Decimal:
    """Minor units of a sum; a fraction otherwise."""
    if fee.base is not FeeBase.FLAT:
        return fee.amount
    return Decimal(Money.parse(str(fee.amount), agreed.product.currency).minor)


def pay_out_part(*, db: Connection, clock: Clock, loan_id: UUID, amount: Money, key: str, author: Author = recording.SYSTEM) -> Recorded:
    """One tranche; where the product takes a down payment by itself, that is taken with it.

    Raises LifeRefused for more tranches or more money than the product allows, LoanNotFound, LoanClosed, KeyReused.
    """
    taken = 0

    def make(books: Books, fields: dict) -> e.Event:
        nonlocal taken
        if amount.currency != books.agreement.product.currency or not amount.is_positive:
            raise TermsRefused(f"a payout is a positive amount of {books.agreement.product.currency}, not {amount} {amount.currency}")
        out = amount.minor + _financed(books, amount)
        taken = down_payment_taken(books, out)
        return e.Disbursed(**fields, amount=out)

    done = recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=make, author=author)
    if not taken:
        return done

    def pay(books: Books, fields: dict) -> e.Event:
        return e.Paid(**fields, amount=taken, kind=e.PaymentKind.DOWN_PAYMENT)

    paid = recording.record(db=db, clock=clock, loan_id=loan_id, key=f"{key}/down", make=pay, author=author)
    return replace(done, loan=paid.loan, books=paid.books)


def _financed(books: Books, amount: Money) -> int:
    """What this payout grows by: the product's fees that are lent on top of it."""
    product = books.agreement.product
    if not any(fee.paid is FeePaid.FINANCED for fee in product.fees):
        return 0
    first = not any(tranche.disbursed for tranche in books.tranches)
    fees = tuple(fee for fee in product.fees if first or fee.time is FeeTime.TRANCHE)
    return financed(replace(product, fees=fees), Request(amount, books.on))[0]


def undo_disbursal(
    *, db: Connection, clock: Clock, loan_id: UUID, key: str, last_only: bool = False, author: Author = recording.SYSTEM
) -> Recorded:
    """Take back the latest tranche, or all of them: the money came back. Raises LoanNotFound, KeyReused."""

    def make(books: Books, fields: dict) -> e.Event:
        return e.DisbursalUndone(**fields, last_only=last_only)

    return recording.record(db=db, clock=clock, loan_id=loan_id, key=key, make=make, author=author)


def _loan(clock: Clock, offer: Offer, agreed: Agreement, shares: Mapping[Kind, tuple[Share, ...]], guarantor: UUID | None) -> Loan:
    return Loan(
        id=loan_id_of(offer.id),
        person_id=offer.person_id,
        offer_id=offer.id,
        application_id=offer.application_id,
        funder_id=offer.funder.id,
        guarantor_id=guarantor,
        terms=offer.terms,
        disbursed_on=clock.today(),
        disbursed_at=clock.now(),
        outstanding=offer.principal,
        agreement=agreed,
        splits=shares,
    )


def _first(db: Connection, clock: Clock, loan: Loan, amount: int, *, opened: bool) -> Loan:
    """Write the loan with its first events; a loan that was there already stays as it is."""
    today: date = clock.today()
    made: list[e.Event] = [e.Approved(id=APPROVED, on=loan.agreed.applied_on, order=1, recorded_on=today, amount=amount)]
    made += _payout_fees(loan.agreed, today)
    if opened:
        made.append(e.Disbursed(id=DISBURSED, on=today, order=len(made) + 1, recorded_on=today, amount=amount))
    books = replay(loan.agreed, made, on=today)
    loan = recording.stand(loan, books, today)
    if not store.add(db, loan):
        found = store.get(db, loan.id)
        if found is None:
            raise LoanNotFound(loan.id)
        return found
    ledger.open_accounts(db=db, accounts=postings.accounts(loan))
    store.add_events(db, loan, [Happened(one, clock.now()) for one in made])
    ledger.post(db=db, clock=clock, transfers=postings.between(loan, tally.Tally(), tally.of_books(books), DISBURSED))
    recording.keep(db, clock, loan, books)
    events.append(db, [_told(loan, clock)])
    return loan


def _told(loan: Loan, clock: Clock) -> events.Event:
    data = {
        "loan": loan.id,
        "offer": loan.offer_id,
        "funder": loan.funder_id,
        "principal": loan.principal,
        "disbursed_on": loan.disbursed_on,
    }
    return events.Event("servicing.disbursed", loan.application_id, data, loan.person_id, clock.now())
