"""Making an offer and signing it. The caller owns the transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import Connection

from xinqiao.kit import Clock, events

from ..contract import LANGUAGES, Party, Terms, render
from ..errors import ContractChanged, LanguageUnknown, NotTheBorrower, OfferExpired, OfferNotFound, TermsRefused
from . import store
from .model import Offer, Signature, public_part, verify

OFFERS = UUID("1f0a5f6e-3c1b-5f6d-8a55-5b7d0c2e9a11")
"""The namespace under which an offer's id is derived from its reservation's: one reservation, one offer."""


def make_offer(
    *,
    db: Connection,
    clock: Clock,
    reservation_id: UUID,
    application_id: UUID,
    person_id: UUID,
    funder: Party,
    guarantor: Party | None,
    terms: Terms,
    expires_at: datetime,
) -> Offer:
    """Render the contract in every language and store the offer; a reservation's second offer is its first one.

    Raises TermsRefused when the terms contradict themselves, or charge a premium though there is no guarantor.
    """
    offer_id = uuid5(OFFERS, str(reservation_id))
    known = store.get(db, offer_id, person_id)
    if known is not None:
        return known
    schedule = terms.schedule()
    if guarantor is None and not schedule.premium.is_zero:
        raise TermsRefused("a premium is charged, but nobody guarantees the loan", field="premium")
    contracts = {
        language: render(
            offer_id=offer_id, application_id=application_id, funder=funder, guarantor=guarantor, terms=terms, language=language
        )
        for language in LANGUAGES
    }
    now = clock.now()
    offer = Offer(
        offer_id,
        application_id,
        person_id,
        reservation_id,
        funder,
        guarantor,
        terms,
        schedule,
        schedule.annual_rate(),
        contracts,
        now,
        expires_at,
    )
    if not store.add(db, offer):
        return get_offer(db=db, offer_id=offer_id)
    events.append(db, [events.Event("servicing.offer_made", application_id, _disclosed(offer), person_id, now)])
    return offer


def get_offer(*, db: Connection, offer_id: UUID) -> Offer:
    """Raises OfferNotFound."""
    offer = store.get(db, offer_id)
    if offer is None:
        raise OfferNotFound(offer_id)
    return offer


def offers_of(*, db: Connection, application_id: UUID) -> list[Offer]:
    """The application's offers, oldest first."""
    return store.of_application(db, application_id)


def signature_of(*, db: Connection, offer_id: UUID) -> Signature | None:
    return store.signature(db, offer_id)


def sign(*, db: Connection, clock: Clock, offer_id: UUID, signature: Signature) -> Signature:
    """Verify the device's signature and record it; an offer that is signed already keeps its first signature.

    Raises OfferNotFound, NotTheBorrower, OfferExpired, LanguageUnknown, ContractChanged, SignatureInvalid.
    """
    offer, now = get_offer(db=db, offer_id=offer_id), clock.now()
    if signature.person_id != offer.person_id:
        raise NotTheBorrower
    known = store.signature(db, offer_id)
    if known is not None:
        return known
    if now >= offer.expires_at:
        raise OfferExpired(offer.expires_at.isoformat(timespec="seconds"))
    _require_contract(offer, signature)
    verify(signature)
    signed = replace(signature, public_key=public_part(signature.public_key), signed_at=now)
    if not store.add_signature(db, offer_id, signed):
        return store.signature(db, offer_id) or signed
    data = {"offer": offer_id, "contract_sha256": signed.contract_sha256, "language": signed.language, "method": signed.method}
    events.append(db, [events.Event("servicing.offer_signed", offer.application_id, data, offer.person_id, now)])
    return signed


def _require_contract(offer: Offer, signature: Signature) -> None:
    contract = offer.contracts.get(signature.language)
    if contract is None:
        raise LanguageUnknown(signature.language, ", ".join(offer.contracts), field="language")
    if contract.sha256 != signature.contract_sha256:
        raise ContractChanged(signature.language, contract.sha256, field="contract_sha256")


def _disclosed(offer: Offer) -> dict[str, object]:
    return {
        "offer": offer.id,
        "reservation": offer.reservation_id,
        "funder": offer.funder.id,
        "guarantor": offer.guarantor.id if offer.guarantor else None,
        "principal": offer.principal,
        "annual_rate": offer.terms.annual_rate,
        "annual_cost_percent": offer.rates.percent,
        "effective_percent": offer.rates.effective_percent,
        "total_cost": offer.total_cost,
        "contracts": {language: contract.sha256 for language, contract in offer.contracts.items()},
        "expires_at": offer.expires_at,
    }
