"""What funders are given and what they answer: their questions, their loans, and borrowers' data that were shared with them by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import funding, servicing, vault
from xinqiao.funding import Question
from xinqiao.kit import Refused
from xinqiao.partners import Partner, webhooks
from xinqiao.servicing import View
from xinqiao.vault import Actor, Field, Purpose

from .errors import LoanNotYours
from .house import House
from .machine import advance

SHARED = (Field.NAME, Field.ID_NUMBER, Field.PHONE, Field.ADDRESS, Field.EMPLOYER, Field.INCOME, Field.BANK_ACCOUNT)


class AnswerUnreadable(Refused):
    code = "journey.answer_unreadable"
    says = 'The message must hold {{"data": {{"question": "<id>", "accept": true or false, "annual_rate": "0.08" or nothing}}}}.'
    says_zh = '消息须包含 {{"data": {{"question": "<id>", "accept": true 或 false, "annual_rate": "0.08"（可省略）}}}}。'


def answer(house: House, *, funder: Partner, question: UUID, accept: bool, annual_rate: Decimal | None) -> Question:
    """Record a funder's answer and go on with the application."""
    with house.begin() as db:
        answered = _answer(house, db, funder, question, accept, annual_rate)
    advance(house, answered.application_id)
    return answered


def answer_signed(house: House, *, funder: Partner, headers: Mapping[str, str], body: bytes) -> Question:
    """The same from a signed message; a bad signature, an old timestamp or a replay is refused before anything is read."""
    with house.begin() as db:
        message = webhooks.verify(db=db, vault=house.vault, clock=house.clock, partner=funder.id, headers=headers, body=body)
        question, accept, rate = _read(message.get("data"))
        answered = _answer(house, db, funder, question, accept, rate)
    advance(house, answered.application_id)
    return answered


def _read(data: object) -> tuple[UUID, bool, Decimal | None]:
    """Question, answer and rate of a signed message; a rate is a decimal string, never a number. Raises AnswerUnreadable."""
    if not isinstance(data, Mapping) or not isinstance(data.get("accept"), bool):
        raise AnswerUnreadable
    rate = data.get("annual_rate")
    if rate is not None and not (isinstance(rate, str) and re.fullmatch(r"\d{1,3}(\.\d{1,6})?", rate)):
        raise AnswerUnreadable
    try:
        return UUID(str(data["question"])), data["accept"], Decimal(rate) if rate else None
    except (KeyError, ValueError):
        raise AnswerUnreadable from None


def _answer(house: House, db: Connection, funder: Partner, question: UUID, accept: bool, rate: Decimal | None) -> Question:
    return funding.answer(db=db, clock=house.clock, question_id=question, yes=accept, rate=rate, funder_id=funder.id)


def loan_of_funder(house: House, db: Connection, *, funder: Partner, loan_id: UUID) -> View:
    """A loan, if it is this funder's; another's is unknown. Raises LoanNotYours."""
    try:
        seen = servicing.view(db=db, clock=house.clock, loan_id=loan_id)
    except servicing.errors.LoanNotFound:
        raise LoanNotYours(loan_id) from None
    if seen.loan.funder_id != funder.id:
        raise LoanNotYours(loan_id)
    return seen


def borrower(house: House, *, funder: Partner, loan_id: UUID) -> dict[str, str]:
    """What the borrower shares with this funder by name; the read is decided, and recorded for the borrower to see."""
    with house.begin() as db:
        person = loan_of_funder(house, db, funder=funder, loan_id=loan_id).loan.person_id
        values = vault.read(
            db=db,
            vault=house.vault,
            clock=house.clock,
            person=person,
            fields=SHARED,
            purpose=Purpose.FUNDER_SHARING,
            actor=Actor("funder", str(funder.id)),
            recipient=str(funder.id),
        )
    return {field.value: str(value) for field, value in values.items()}
