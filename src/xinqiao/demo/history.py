"""The demo book: past loans at servicing's own verbs, dated month by month, repaid or not as the real rows' outcomes say."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from xinqiao import batch, intake, servicing, vault
from xinqiao.intake import Stage
from xinqiao.journeys import House
from xinqiao.journeys.case import climb
from xinqiao.kit import FixedClock, new_id
from xinqiao.partners import Partner
from xinqiao.servicing import Charge, Offer, Party, Signature, Terms, signing_message
from xinqiao.vault import Basis, Purpose

from .book.vintages import Booked
from .robot import base64url
from .world import World

ENOUGH = 4
"""Repayments that a loan which defaults still makes, at most."""


def load(house: House, world: World, books: list[tuple[Mapping[str, Any], Booked]], progress: Callable[[], None]) -> int:
    """Book every approved row as a loan of its vintage month, and let time pass over it until today. Returns how many loans."""
    funders = list(world.funders.values())
    made = 0
    for number, (person, booked) in enumerate(books):
        if booked.outcome == "approve" and booked.annual_rate is not None:
            funder = funders[number % len(funders)]
            _one(house, world.shop, person, booked, Party(funder.id, funder.name, funder.name_zh))
            made += 1
        progress()
    batch.end_of_day(begin=house.begin, clock=house.clock, on=house.clock.today() - timedelta(days=1))
    return made


def _one(house: House, shop: Partner, person: Mapping[str, Any], booked: Booked, funder: Party) -> None:
    chance = random.Random(booked.row_id)
    start = date.fromisoformat(f"{booked.vintage}-01") + timedelta(days=chance.randrange(27))
    clock = FixedClock(_at(start))
    past = replace(house, clock=clock)
    with past.begin() as db:
        loan = _disburse(past, db, shop, person, booked, funder, start)
    _repay(past, clock, loan, booked, chance, house.clock.today())


def _disburse(house: House, db: Connection, shop: Partner, person: Mapping[str, Any], booked: Booked, funder: Party, start: date) -> UUID:
    """An imported application: taken in and carried to its loan, without the checks of this platform, which was not there yet."""
    body = person["application"]
    application = intake.submit(
        db=db, vault=house.vault, clock=house.clock, scene=shop, body=body, idempotency_key=f"history-{booked.row_id}"
    )
    terms = Terms(booked.amount, booked.annual_rate or Decimal(0), booked.term_months, start, premium=Charge())
    offer = servicing.make_offer(
        db=db,
        clock=house.clock,
        reservation_id=new_id(),
        application_id=application.id,
        person_id=application.person_id,
        funder=funder,
        guarantor=None,
        terms=terms,
        expires_at=house.clock.now() + timedelta(hours=1),
    )
    servicing.sign(db=db, clock=house.clock, offer_id=offer.id, signature=_signature(offer))
    loan = servicing.disburse(db=db, clock=house.clock, offer_id=offer.id)
    climb(db, house.clock, application, Stage.DISBURSED)
    for purpose in (Purpose.SERVICING, Purpose.COLLECTION):
        vault.grant_basis(db, Basis(application.person_id, purpose, f"contract:{loan.id}"), house.clock.now())
    return loan.id


def _signature(offer: Offer) -> Signature:
    key, contract = Ed25519PrivateKey.generate(), offer.contracts["zh-CN"]
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64url(key.public_key().public_bytes_raw())}
    return Signature(offer.person_id, contract.sha256, "zh-CN", "EdDSA", jwk, base64url(key.sign(signing_message(contract.sha256))))


def _repay(house: House, clock: FixedClock, loan: UUID, booked: Booked, chance: random.Random, today: date) -> None:
    """Pay each instalment on its day, some a few days late; a row that defaulted stops after a few, and its arrears grow old."""
    stops = chance.randrange(ENOUGH) if booked.defaulted else booked.term_months
    with house.begin() as db:
        dues = [state.instalment.due for state in servicing.view(db=db, clock=clock, loan_id=loan).states]
    for number, due in enumerate(dues[:stops]):
        days_late = chance.choice((0, 0, 0, 0, 0, 2, 9))
        if due + timedelta(days=days_late) >= today:
            return
        if days_late:
            _age(house, clock, loan, due + timedelta(days=1))
        _turn(clock, due + timedelta(days=days_late))
        with house.begin() as db:
            owed = servicing.view(db=db, clock=clock, loan_id=loan).owed
            servicing.repay(db=db, clock=clock, loan_id=loan, amount=owed.now, key=f"history-{number}")
    for days in range(1, 200, 30):
        if stops < len(dues) and dues[stops] + timedelta(days=days) < today:
            _age(house, clock, loan, dues[stops] + timedelta(days=days))


def _age(house: House, clock: FixedClock, loan: UUID, day: date) -> None:
    """Enter the bucket that the loan stands in on that day."""
    _turn(clock, day)
    with house.begin() as db:
        servicing.delinquency.age(db=db, clock=clock, book=servicing.owing(db=db, loan_ids=[loan], on=day), on=day)


def _turn(clock: FixedClock, day: date) -> None:
    clock.advance(_at(day) - clock.now())


def _at(day: date) -> datetime:
    """Noon in Shanghai."""
    return datetime.combine(day, time(4), UTC)
