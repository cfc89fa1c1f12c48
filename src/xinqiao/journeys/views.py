"""What the pages and the commands are told: frozen facts, in both languages where a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from xinqiao.kit import Money

Next = Literal["consent", "face", "wait", "review", "offer", "share", "sign", "loan", "declined", "expired", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Said:
    """The same words in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the answer was no, and what would help."""

    says: Said
    help: Said


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an application stands, and the one thing that comes next."""

    application_id: UUID
    person_id: UUID
    reference: str
    next: Next
    scene: Said
    amount: Money
    term_months: int
    reasons: Sequence[Reason] = ()
    needs_portrait: bool = False
    face_attempts: int = 0
    has_offer: bool = False
    human_asked: bool = False
    loan_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One purpose's text as it is displayed now; `display_id` is the record that it was."""

    display_id: UUID
    purpose: str
    title: str
    body: Sequence[str]
    refusal_effect: str
    text_sha256: str
    language: str


@dataclass(frozen=True, slots=True)
class FaceAnswer:
    outcome: Literal["pass", "retry", "refer", "fail"]
    instructions: Sequence[Said] = ()


@dataclass(frozen=True, slots=True)
class Instalment:
    number: int
    due: date
    principal: Money
    interest: Money
    premium: Money
    paid: Money | None = None

    @property
    def payment(self) -> Money:
        return self.principal + self.interest + self.premium


@dataclass(frozen=True, slots=True)
class Offer:
    funder: Said
    guarantor: Said | None
    principal: Money
    term_months: int
    annual_rate: Decimal
    """The nominal rate of interest, a year: 0.12 is 12 %."""
    apr: Decimal
    """The whole yearly cost with the guarantee fee: 0.1512 is 15.12 %."""
    total_interest: Money
    total_premium: Money
    total_repay: Money
    schedule: Sequence[Instalment]
    contract: Said
    contract_sha256: Said
    """Of the Chinese and of the English text."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Payment:
    at: datetime
    amount: Money


@dataclass(frozen=True, slots=True)
class Loan:
    loan_id: UUID
    funder: Said
    principal: Money
    apr: Decimal
    owed: Money
    """Everything still unpaid by the schedule."""
    payoff: Money
    """What settles the loan today."""
    next_due: date | None
    next_amount: Money | None
    overdue: Money
    days_past_due: int
    schedule: Sequence[Instalment]
    payments: Sequence[Payment]


@dataclass(frozen=True, slots=True)
class Receipt:
    receipt_id: UUID
    title: Said
    agreed: bool
    answered_at: datetime
    withdrawn_at: datetime | None
    effect: Said
    """What a withdrawal stops."""
    recipient: Said | None = None

    @property
    def is_live(self) -> bool:
        return self.agreed and self.withdrawn_at is None


@dataclass(frozen=True, slots=True)
class Held:
    """A datum that is held about the person, masked."""

    field: str
    name: Said
    masked: str
    correctable: bool


@dataclass(frozen=True, slots=True)
class Access:
    """One look at the person's data."""

    at: datetime
    who: Said
    purpose: Said
    fields: Sequence[Said]
    allowed: bool
