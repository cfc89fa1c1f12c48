"""Notices before a negative report, and the records themselves. Pure.

Credit Reporting Regulation (2013) art. 15: the person is told before negative information is provided (unverified).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from xinqiao.kit import Money, sha256_hex
from xinqiao.kit.clock import SHANGHAI

from ..errors import LanguageUnknown

SHAPE = "xinqiao.bureau/2"
TEXTS = {
    "zh-CN": "您的借款（编号 {loan}）自 {since} 起有款项逾期未还，现应还 {amount}。若在 {until} 当日或之前还清，不会报送；否则我们将按您此前单独的同意，"
    "向征信机构报送这一逾期信息。如对金额有异议，请先与我们联系。",
    "en": "A payment on your loan {loan} has been overdue since {since}; {amount} is owed now. If you pay it on or before {until}, nothing is reported. "
    "Otherwise we shall report the arrears to the credit bureau, as you separately agreed. If you dispute the amount, contact us first.",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """The borrower was told, by which words and when; it stands for the sum it names, overdue since one due date."""

    id: UUID
    loan_id: UUID
    person_id: UUID
    arrears_since: date
    overdue: Money
    language: str
    text: str
    channel: str
    """"app", "sms", "letter" …"""
    at: datetime
    grace_until: date
    """The last day on which payment stops the report."""
    number: int = 1
    """Counts the notices for arrears since the same due date."""

    def met_by(self, payments: Iterable[tuple[datetime, Money]]) -> bool:
        """Whether what was paid after the notice and within its grace reaches the sum it named: penalty that has grown meanwhile does not count."""
        days = ((at, at.astimezone(ZoneInfo(SHANGHAI)).date(), amount) for at, amount in payments)
        return sum(amount.minor for at, day, amount in days if at >= self.at and day <= self.grace_until) >= self.overdue.minor

    @property
    def text_sha256(self) -> str:
        return sha256_hex(self.text.encode())


@dataclass(frozen=True, slots=True)
class Record:
    """One record for the bureau, without the identity, which the sender reads from the vault for this purpose."""

    id: UUID
    loan_id: UUID
    person_id: UUID
    kind: str
    """"negative"; "cleared" once the arrears that were reported have been paid; "deleted" when they were found not to stand; "expired" after
    the years for which negative information is kept."""
    arrears_since: date
    days_past_due: int
    bucket: str
    overdue: Money
    consent: str
    """Id or hash of the person's receipt for credit-bureau reporting."""
    notice_id: UUID
    at: datetime
    shape: str = SHAPE


class Ground(StrEnum):
    """What a dispute is about. A code, not the person's words: those are personal data."""

    NOT_MINE = "not_mine"
    ALREADY_PAID = "already_paid"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_DATE = "wrong_date"
    NO_CONSENT = "no_consent"
    NO_NOTICE = "no_notice"
    OTHER = "other"


class Finding(StrEnum):
    """What came of a dispute."""

    STANDS = "stands"
    """The record was right and stays."""
    CORRECTED = "corrected"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Answer:
    finding: str
    on: date
    by: str
    """Who answered: an operator's id."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """An objection to one record, by the person or found by us, and until when it must be answered."""

    id: UUID
    person_id: UUID
    loan_id: UUID
    record_id: UUID
    ground: str
    raised_by: str
    """"person" or "operator"."""
    opened_on: date
    answer_by: date
    """The last day for the answer (art. 25, unverified)."""
    rules_version: str
    at: datetime
    answer: Answer | None = None

    def is_overdue(self, on: date) -> bool:
        return self.answer is None and on > self.answer_by


def notice_text(*, language: str, loan_id: UUID, since: date, overdue: Money, until: date) -> str:
    """Raises LanguageUnknown."""
    if language not in TEXTS:
        raise LanguageUnknown(language, ", ".join(TEXTS), field="language")
    return TEXTS[language].format(loan=loan_id, since=since, amount=f"{overdue.currency} {overdue}", until=until)
