"""A loan's terms as agreed, and its books on a day. Frozen values; amounts are integer minor units. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from xinqiao.kit import Money

from ..product.model import FeeBase, FeeTime, Kind, Product
from .parts import NOTHING, Parts, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The product in the version that the loan was made under, and what this loan agreed within its bounds."""

    product: Product
    principal: Money
    """What was applied for."""
    applied_on: date
    expected_on: date | None = None
    """Expected day of the first disbursement; None: the day of the application."""
    annual_rate: Decimal | None = None
    """None: the product's."""
    instalments: int | None = None
    """Down payments not counted; None: the product's."""
    first_due: date | None = None
    """When it is not a whole period after the first payout."""
    index_values: tuple[tuple[date, Decimal], ...] = ()
    """A floating rate's index by the day on which each value was published, as known when the schedule was made."""

    @property
    def rate(self) -> Decimal:
        return self.product.annual_rate if self.annual_rate is None else self.annual_rate

    @property
    def count(self) -> int:
        return self.product.instalments if self.instalments is None else self.instalments


class Status(StrEnum):
    SUBMITTED = "submitted"
    APPROVED = "approved"
    ACTIVE = "active"
    OVERPAID = "overpaid"
    CLOSED = "closed"
    """Every obligation is met."""
    WRITTEN_OFF = "written_off"


class LineKind(StrEnum):
    REGULAR = "regular"
    DOWN_PAYMENT = "down_payment"
    ADDITIONAL = "additional"
    """After the last instalment: what fell due too late for it."""
    RE_AGED = "re_aged"


class EntryKind(StrEnum):
    DISBURSEMENT = "disbursement"
    FEE_AT_DISBURSEMENT = "fee_at_disbursement"
    REPAYMENT = "repayment"
    DOWN_PAYMENT = "down_payment"
    GOODWILL_CREDIT = "goodwill_credit"
    MERCHANT_REFUND = "merchant_refund"
    PAYOUT_REFUND = "payout_refund"
    CHARGE_ADJUSTMENT = "charge_adjustment"
    WALLET = "wallet"
    RECOVERY = "recovery"
    EARLY_SETTLEMENT = "early_settlement"
    COMPENSATION = "compensation"
    CHARGE_WAIVER = "charge_waiver"
    INTEREST_WAIVER = "interest_waiver"
    FORGIVENESS = "forgiveness"
    CHARGEBACK = "chargeback"
    CREDIT_REFUND = "credit_refund"
    CASH_REFUND = "cash_refund"
    CHARGE_OFF = "charge_off"
    WRITE_OFF = "write_off"
    RE_AGE = "re_age"
    RE_AMORTISE = "re_amortise"
    ACCRUAL = "accrual"


@dataclass(frozen=True, slots=True)
class Tranche:
    event: str
    on: date
    amount: int
    fee: int = 0
    """Fees kept or paid at its disbursement."""
    disbursed: bool = True
    """False: only expected."""


@dataclass(frozen=True, slots=True)
class Instalment:
    number: int
    start: date
    due: date
    kind: LineKind
    amounts: Parts
    """What falls due."""
    paid: Parts
    waived: Parts
    written_off: Parts
    credited: Parts
    """Of `amounts`, what charge-backs and refunds made due again."""
    in_advance: int
    late: int
    paid_on: date | None
    """When everything was met."""
    balance: int
    """Principal not yet fallen due once this instalment has."""
    penalty_interest: int = 0
    """Of the penalty, what is interest for lateness (not a charge)."""
    late_unit_days: int = 0
    """Overdue minor units x days, summed: the exact base of penalty interest."""

    @property
    def outstanding(self) -> Parts:
        return self.amounts - self.paid - self.waived - self.written_off

    @property
    def days(self) -> int:
        return (self.due - self.start).days


@dataclass(frozen=True, slots=True)
class Share:
    """Which instalment took which part of an entry; number 0 is a guarantor's claim for what it paid in the borrower's stead."""

    number: int
    parts: Parts


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction as it stands: its split follows from the whole history and may change with it."""

    event: str
    on: date
    kind: EntryKind
    amount: int
    parts: Parts = NOTHING
    overpaid: int = 0
    """Of the amount, what settled nothing (payments) or was met from money paid in excess (refunds, charge-backs, tranches)."""
    balance: int | None = None
    """Principal owed after it; None for entries that move no principal."""
    reversed: bool = False
    shares: tuple[Share, ...] = ()
    charge: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    id: str
    code: str
    time: FeeTime
    base: FeeBase
    rate: Decimal
    added: date
    due: date | None
    penalty: bool
    payee: str
    amount: int
    paid: int = 0
    waived: int = 0
    active: bool = True
    shares: tuple[Share, ...] = ()
    """With which instalments it falls due."""

    @property
    def kind(self) -> Kind:
        return Kind.PENALTY if self.penalty else Kind.PREMIUM if self.payee == "guarantor" else Kind.FEE

    @property
    def outstanding(self) -> int:
        return self.amount - self.paid - self.waived


@dataclass(frozen=True, slots=True)
class Delinquency:
    since: date | None
    """The first day late; None: nothing is late."""
    days: int
    overdue: Parts
    oldest_due: date | None


@dataclass(frozen=True, slots=True)
class Books:
    agreement: Agreement
    on: date
    status: Status
    tranches: tuple[Tranche, ...]
    instalments: tuple[Instalment, ...]
    entries: tuple[Entry, ...]
    charges: tuple[Charge, ...]
    overpaid: int
    """Money paid in excess, owed to the borrower."""
    delinquency: Delinquency
    charged_off_on: date | None = None
    funder: str | None = None
    """To whom the claim was transferred; None: the first funder."""
    subrogated: Parts = NOTHING
    """What a guarantor paid in the borrower's stead and now claims, by what it was for."""
    rows: tuple[Tranche | Instalment, ...] = ()
    """Tranches and instalments in the order in which a schedule shows them."""

    @property
    def due(self) -> Parts:
        return total([i.amounts for i in self.instalments])

    @property
    def paid(self) -> Parts:
        return total([i.paid for i in self.instalments])

    @property
    def waived(self) -> Parts:
        return total([i.waived for i in self.instalments])

    @property
    def written_off(self) -> Parts:
        return total([i.written_off for i in self.instalments])

    @property
    def outstanding(self) -> Parts:
        return total([i.outstanding for i in self.instalments])

    @property
    def in_advance(self) -> int:
        return sum(i.in_advance for i in self.instalments)

    @property
    def late(self) -> int:
        return sum(i.late for i in self.instalments)

    @property
    def disbursed(self) -> int:
        return sum(t.amount for t in self.tranches if t.disbursed)

    @property
    def fees_at_disbursement(self) -> int:
        return sum(t.fee for t in self.tranches)
