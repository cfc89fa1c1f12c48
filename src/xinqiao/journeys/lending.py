"""From the signature to the last repayment: sign, disburse, repay."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import consent, funding, intake, servicing, vault
from xinqiao.intake import Stage
from xinqiao.kit import Money
from xinqiao.servicing import Loan, Offer, Repayment, Signature
from xinqiao.vault import SYSTEM, Basis, Field, Purpose

from . import funds, rights
from .case import Case, climb, drop_media, expect, look, take
from .errors import KeyNeeded, NameDiffers, NoLoan, NoOffer
from .house import House, note
from .progress import Step

PAYERS = "pay/"
"""Begins the key of every payment whose key its payer chose."""


def offer_of(db: Connection, case: Case) -> Offer:
    """The offer that stands. Raises NoOffer."""
    if case.progress.offer is None:
        raise NoOffer
    return servicing.get_offer(db=db, offer_id=UUID(case.progress.offer))


def sign(
    house: House,
    application: UUID,
    *,
    typed_name: str,
    contract_sha256: str,
    language: str,
    key: Mapping[str, str] | None,
    signature: str | None,
) -> None:
    """Record the applicant's signature: the name as on file, and a signature over the contract's hash by a key of the device.

    Disbursement follows by itself. A repeat changes nothing. Raises NotNow, NameDiffers, KeyNeeded, and what servicing refuses.
    """
    with house.begin() as db:
        case = take(db, application)
        if not case.progress.signed:
            expect(case, Step.SIGN)
            held = funds.reservation(db, case)
            consent.require(db=db, clock=house.clock, person=case.person, purpose=Purpose.FUNDER_SHARING, recipient=str(held.funder_id))
            _require_name(house, db, case, typed_name)
            if key is None or signature is None:
                raise KeyNeeded(field="signature")
            method = "EdDSA" if key.get("kty") == "OKP" else "ES256"
            given = Signature(case.person, contract_sha256, language, method, dict(key), signature)
            offer = offer_of(db, case)
            servicing.sign(db=db, clock=house.clock, offer_id=offer.id, signature=given)
            funding.confirm(db=db, clock=house.clock, reservation_id=held.id)
            climb(db, house.clock, case.application, Stage.SIGNED)
            for purpose in (Purpose.SERVICING, Purpose.COLLECTION):
                vault.grant_basis(db, Basis(case.person, purpose, f"contract:{offer.id}"), house.clock.now())
    start_disbursement(house, application)


def _require_name(house: House, db: Connection, case: Case, typed: str) -> None:
    held = vault.read(
        db=db, vault=house.vault, clock=house.clock, person=case.person, fields=[Field.NAME], purpose=Purpose.APPLICATION, actor=SYSTEM
    )
    if "".join(typed.split()) != "".join(str(held[Field.NAME]).split()):
        raise NameDiffers(field="typed_name")


def start_disbursement(house: House, application: UUID) -> None:
    """Hand the disbursement to a durable flow; without a flow runtime it is done here and now."""
    key = f"{house.settings.tenant}:{application}"
    if house.durable is None or house.durable.has_failed("disburse", key):
        disburse(house, application)
    else:
        house.durable.start("disburse", key, str(application))


def disburse(house: House, application: UUID) -> UUID:
    """Pay out: loan, schedule and postings in one transaction. Safe to repeat."""
    with house.begin() as db:
        case = take(db, application)
        if case.progress.loan is None:
            expect(case, Step.DISBURSE)
            loan = servicing.disburse(db=db, clock=house.clock, offer_id=offer_of(db, case).id)
            climb(db, house.clock, case.application, Stage.DISBURSED)
            drop_media(db, house.clock, case.person)
            return loan.id
    return UUID(case.progress.loan)


def loan_of(db: Connection, application: UUID) -> Loan:
    """The application's loan. Raises NoLoan."""
    case = look(db, application)
    if case.progress.loan is None or case.progress.offer is None:
        raise NoLoan
    found = servicing.loan_of_offer(db=db, offer_id=UUID(case.progress.offer))
    if found is None:
        raise NoLoan
    return found


def repay(house: House, loan_id: UUID, *, amount: Money, key: str) -> Repayment:
    """Book a repayment; the last one closes the application and gives the funder's and the guarantor's capacity back."""
    with house.begin() as db:
        return repay_in(house, db, loan_id, amount=amount, key=key)


def repay_in(house: House, db: Connection, loan_id: UUID, *, amount: Money, key: str) -> Repayment:
    """The same within a transaction that does more, such as taking the money from a wallet.

    The payer chooses `key`; kept apart from the keys of the platform's own events, which it must never be taken for.
    """
    repaid = servicing.repay(db=db, clock=house.clock, loan_id=loan_id, amount=amount, key=PAYERS + key)
    after(house, db, loan_id)
    return repaid


def after(house: House, db: Connection, loan_id: UUID) -> None:
    """What follows from a loan as it now stands, whatever happened to it. Safe to repeat.

    Capacity follows the principal still owed. A loan that ended closes its application and ends the contract's bases; one that is open
    again, as the payment that ended it was taken back, has them again.
    """
    loan = servicing.loan(db=db, loan_id=loan_id)
    case = take(db, loan.application_id)
    if case.progress.reserved is not None:
        held = funds.reservation(db, case)
        funding.restore(db=db, clock=house.clock, reservation_id=held.id, outstanding=loan.outstanding)
    if loan.closed_on is None:
        _reopen(house, db, case, loan)
    else:
        _close(house, db, case)


def _close(house: House, db: Connection, case: Case) -> None:
    if case.application.stage is Stage.DISBURSED:
        intake.move(db=db, clock=house.clock, application=case.application, to=Stage.CLOSED, event="application.closed")
    elif _reopened(case):
        note(db, house.clock, "application.closed_again", case.id, case.person)
    _end_contract(house, db, case.person)


def _reopen(house: House, db: Connection, case: Case, loan: Loan) -> None:
    """A closed application stays so, for nothing leads back; the contract justifies reading the person's data again, if there still are any."""
    if case.application.stage is not Stage.CLOSED or _reopened(case):
        return
    note(db, house.clock, "application.reopened", case.id, case.person, loan=loan.id)
    if rights.is_forgotten(db, case.person):
        return
    times = sum(event.kind == "application.reopened" for event in case.events) + 1
    for purpose in (Purpose.SERVICING, Purpose.COLLECTION):
        # A basis that was ended does not come back, so the source tells this one from it.
        vault.grant_basis(db, Basis(case.person, purpose, f"contract:{loan.id}:reopened-{times}"), house.clock.now())


def _reopened(case: Case) -> bool:
    """Whether the loan, once ended, is open again as far as the events tell."""
    ends = [event.kind for event in case.events if event.kind in ("application.reopened", "application.closed_again")]
    return ends[-1:] == ["application.reopened"]


def _end_contract(house: House, db: Connection, person: UUID) -> None:
    """With the last loan repaid, the contract no longer justifies reading the person's data; a deletion that waited is carried out."""
    if any(view.loan.closed_on is None for view in servicing.loans_of(db=db, clock=house.clock, person_id=person)):
        return
    for purpose in (Purpose.SERVICING, Purpose.COLLECTION):
        vault.end_basis(db, person, purpose, house.clock.now())
    rights.finish(house, db, person)
