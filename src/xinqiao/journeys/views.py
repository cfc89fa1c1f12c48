"""What the pages and the commands are told: frozen facts, in both languages where a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from xinqiao.kit import Money, canonical, sha256_hex
from xinqiao.servicing.apr import Breakdown
from xinqiao.servicing.wallet import Bounds

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
    face_tries_left: int = 0
    """Recordings that may still be sent."""
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
    state: str = "upcoming"
    """"paid", "overdue", "due" or "upcoming"."""
    fee: Money | None = None
    """Fees and fixed penalties, where there are any."""

    @property
    def payment(self) -> Money:
        whole = self.principal + self.interest + self.premium
        return whole + self.fee if self.fee else whole


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
    breakdown: Breakdown
    """What each cost adds to the yearly rate."""
    contract: Said
    contract_sha256: Said
    """Of the Chinese and of the English text."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Payment:
    at: datetime
    amount: Money


@dataclass(frozen=True, slots=True)
class Portions:
    """An amount by what it is for."""

    principal: Money
    interest: Money
    premium: Money
    fee: Money
    penalty: Money

    @property
    def total(self) -> Money:
        return self.principal + self.interest + self.premium + self.fee + self.penalty


@dataclass(frozen=True, slots=True)
class Why:
    """One number of one instalment, with the sum it is the result of."""

    number: int
    what: str
    """"principal", "interest", "premium", "penalty", or a fee's code."""
    amount: Money
    worked: str
    rule: Said
    clause: str
    """Of the contract; empty where it names none."""


@dataclass(frozen=True, slots=True)
class Loan:
    loan_id: UUID
    funder: Said
    principal: Money
    disbursed_on: date
    apr: Decimal
    owed: Money
    """Everything still unpaid by the schedule."""
    payoff: Money
    """What settles the loan today."""
    saved_by_settling: Money
    """Interest and fees that would no longer fall due if it were settled today."""
    next_due: date | None
    next_amount: Money | None
    due_now: Money
    """All that is due by today, what is late included."""
    due_parts: Portions
    """The same by what it is for."""
    due_why: Sequence[Why]
    """How the numbers of each instalment that is due came about."""
    overdue: Money
    days_past_due: int
    late_a_day: Money
    """What one more day late adds."""
    schedule: Sequence[Instalment]
    payments: Sequence[Payment]


@dataclass(frozen=True, slots=True)
class Prepayment:
    """What paying an amount today would do."""

    amount: Money
    settles: bool
    accepted: bool
    """Whether the loan takes this amount; `most` is what it takes short of settling."""
    most: Money
    payoff: Money
    saved: Money
    """Interest and fees that would no longer fall due."""
    saved_by_settling: Money
    before: Sequence[Instalment]
    after: Sequence[Instalment]


@dataclass(frozen=True, slots=True)
class Relief:
    """A request for relief, and what came of it."""

    request_id: UUID
    asked_at: datetime
    reason: str
    wish: str
    state: str
    """"open", "done", "declined" or "withdrawn"."""
    answer: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """What the credit bureau was told of the loan, and the dispute about it."""

    record_id: UUID
    at: datetime
    kind: str
    since: date
    days_past_due: int
    overdue: Money
    disputed_on: date | None = None
    answer_by: date | None = None
    finding: str | None = None
    """"stands", "corrected" or "deleted", once answered."""

    @property
    def can_dispute(self) -> bool:
        return self.kind == "negative" and (self.disputed_on is None or self.finding == "stands")


@dataclass(frozen=True, slots=True)
class WalletLine:
    on: date
    what: str
    amount: Money
    """Positive when it came in."""
    balance: Money


@dataclass(frozen=True, slots=True)
class WalletMovement:
    """A top-up or pay-out, and what the payment rail said."""

    at: datetime
    way: str
    amount: Money
    state: str
    """"asked", "done" or "refused"."""
    says: str


@dataclass(frozen=True, slots=True)
class Wallet:
    total: Money
    held: Money
    """Of it, what is set aside for a payment on its way."""
    lines: Sequence[WalletLine]
    """Newest first."""
    movements: Sequence[WalletMovement]
    top_up: Bounds
    pay_out: Bounds
    most: Money
    """What a wallet may hold."""

    @property
    def available(self) -> Money:
        return self.total - self.held


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


@dataclass(frozen=True, slots=True)
class Booked:
    """One line of a statement, as the ledger holds it."""

    on: date
    what: str
    """A kind of entry of a loan's life: "disbursement", "repayment", "charge_waiver" …"""
    way: str
    """"out" to the borrower, "in" from them, or "" when no money moved between the two."""
    amount: Money
    """Never negative."""
    parts: Portions
    balance: Money
    """Principal owed after it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """All that was booked on a loan in a period, and what is still to come. It holds no time of making, so that the same books make the same file."""

    loan_id: UUID
    borrower: str
    """The name, masked."""
    lender: Said
    guarantor: Said | None
    principal: Money
    disbursed_on: date
    annual_rate: Decimal
    apr: Decimal
    since: date
    until: date
    opening: Money
    """Principal owed before the period."""
    closing: Money
    lent: Money
    repaid: Money
    """What was paid in within the period, less what bounced or went back."""
    settled: Portions
    """What that settled, by part."""
    entries: Sequence[Booked]
    dues: Sequence[Instalment]
    """What is not settled yet, as of the period's last day."""
    shape: str = "xinqiao.loan-statement/1"

    @property
    def file(self) -> bytes:
        """The canonical JSON that the fingerprint covers."""
        return canonical(self)

    @property
    def sha256(self) -> str:
        return sha256_hex(self.file)


@dataclass(frozen=True, slots=True)
class WalletStatement:
    """All that went in and out of a wallet in a period, oldest first."""

    owner: str
    """The name, masked."""
    since: date
    until: date
    opening: Money
    closing: Money
    lines: Sequence[WalletLine]
    shape: str = "xinqiao.wallet-statement/1"

    @property
    def file(self) -> bytes:
        """The canonical JSON that the fingerprint covers."""
        return canonical(self)

    @property
    def sha256(self) -> str:
        return sha256_hex(self.file)


@dataclass(frozen=True, slots=True)
class Issued:
    """A statement that this platform gave out."""

    sha256: str
    at: datetime
    since: date
    until: date
