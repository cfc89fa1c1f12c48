"""Finding the money: take bids, reserve one funder's and one guarantor's capacity, ask the funder that wants to be asked, make the offer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import funding, partners, servicing
from xinqiao.consent import Recipient
from xinqiao.funding import Ask, Question, Reservation
from xinqiao.funding.terms import Answer
from xinqiao.intake import Stage
from xinqiao.kit import Money
from xinqiao.partners import Partner, webhooks
from xinqiao.servicing import Charge, Party, Terms
from xinqiao.servicing.contract import Prepayment

from .case import Case, climb
from .house import House


def fund(house: House, db: Connection, case: Case) -> None:
    """Reserve the best bid that still has capacity; a funder that answers for itself is then asked, by webhook, within its deadline."""
    climb(db, house.clock, case.application, Stage.FUNDING)
    hold_for = timedelta(hours=house.settings.offer_hours)
    held = funding.reserve(db=db, clock=house.clock, application_id=case.id, person_id=case.person, ask=ask_of(case), hold_for=hold_for)
    if held is not None and held.answer is Answer.WEBHOOK:
        question = funding.ask(db=db, clock=house.clock, reservation_id=held.id)
        _send(house, db, case, held, question)


def ask_of(case: Case) -> Ask:
    """What funders are told of an application: nothing that names the applicant."""
    terms, app = case.progress.terms, case.application
    if terms is None:
        raise AssertionError(f"application {case.id} seeks money without terms")
    return Ask(
        amount=_money(terms["amount"]),
        months=app.term_months,
        kind=app.kind.value,
        purpose=app.loan_purpose,
        region=app.region,
        scene_id=app.scene_id,
        band=terms["band"],
        pd=Decimal(terms["pd"]),
        ceiling=Decimal(terms["annual_rate"]),
    )


def _money(written: Mapping[str, Any] | Money) -> Money:
    return written if isinstance(written, Money) else Money.parse(written["amount"], written["currency"])


def _send(house: House, db: Connection, case: Case, held: Reservation, question: Question) -> None:
    ask = ask_of(case)
    data = {
        "question": question.id,
        "application": case.id,
        "amount": ask.amount,
        "months": ask.months,
        "kind": ask.kind,
        "purpose": ask.purpose,
        "region": ask.region,
        "band": ask.band,
        "pd": ask.pd,
        "annual_rate": held.annual_rate,
        "guarantor": held.guarantor_id,
        "coverage": held.coverage,
        "answer_before": question.deadline,
    }
    webhooks.enqueue(db=db, clock=house.clock, partner=question.funder_id, kind="offer.asked", data=data)


def offer(house: House, db: Connection, case: Case) -> None:
    """Turn the reservation into an offer with contract, schedule and full annual cost."""
    held = reservation(db, case)
    guarantor = partners.get(db=db, partner=held.guarantor_id) if held.guarantor_id else None
    terms = Terms(
        principal=held.amount,
        annual_rate=held.annual_rate,
        months=held.months,
        start=house.clock.today(house.settings.timezone),
        premium=Charge(annual_rate=held.premium),
        prepayment=Prepayment.REDUCE,
    )
    servicing.make_offer(
        db=db,
        clock=house.clock,
        reservation_id=held.id,
        application_id=case.id,
        person_id=case.person,
        funder=_party(partners.get(db=db, partner=held.funder_id)),
        guarantor=_party(guarantor) if guarantor else None,
        terms=terms,
        expires_at=held.expires_at,
    )
    climb(db, house.clock, case.application, Stage.OFFERED)


def _party(partner: Partner) -> Party:
    return Party(partner.id, partner.name, partner.name_zh)


def reservation(db: Connection, case: Case) -> Reservation:
    """The reservation that the application's events name."""
    if case.progress.reserved is None:
        raise AssertionError(f"application {case.id} holds no capacity")
    return funding.get(db=db, reservation_id=UUID(str(case.progress.reserved["reservation"])))


def recipient(db: Connection, case: Case) -> Recipient:
    """The funder that the consent to sharing names."""
    funder = partners.get(db=db, partner=reservation(db, case).funder_id)
    return Recipient(str(funder.id), funder.name, funder.name_zh)


def let_go(house: House, db: Connection, case: Case, why: str = "released") -> None:
    """Give reserved capacity back, where there is any."""
    if case.progress.reserved is not None and not case.progress.signed:
        funding.release(db=db, clock=house.clock, reservation_id=reservation(db, case).id, why=why)
