"""What happens to a loan, each fact dated on a business day. Pure values: what a loan owes is a fold over them (`fold.replay`).

Amounts are integer minor units of the product's currency. `on` is the day from which the event counts; `recorded_on` the business day on
which it was written down (None: the same day): a payment may be recorded late and then reorders history. `order` tells apart what was
recorded on one day and grows with each event of the loan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from ..product.model import Every, FeeBase, FeeTime, Kind
from .parts import Parts


class PaymentKind(StrEnum):
    """Where money that settles the debt comes from; the product's `waterfalls` are keyed by these."""

    REPAYMENT = "repayment"
    DOWN_PAYMENT = "down_payment"
    GOODWILL_CREDIT = "goodwill_credit"
    MERCHANT_REFUND = "merchant_refund"
    PAYOUT_REFUND = "payout_refund"
    CHARGE_ADJUSTMENT = "charge_adjustment"
    WALLET = "wallet"
    RECOVERY = "recovery"
    """After a write-off: it settles no instalment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    id: str
    on: date
    order: int
    recorded_on: date | None = None

    @property
    def recorded(self) -> date:
        return self.recorded_on or self.on


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved(Event):
    amount: int
    expected_on: date | None = None
    """When the money is expected to go out; the schedule shown until then starts there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disbursed(Event):
    amount: int
    """One tranche."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisbursalUndone(Event):
    last_only: bool = False
    """Undo the latest tranche and what followed it; else every tranche, and the loan is approved again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid(Event):
    amount: int
    kind: PaymentKind = PaymentKind.REPAYMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledEarly(Event):
    amount: int
    """What settles the loan that day (`what_if.payoff`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeAdded(Event):
    """A fee or a penalty. `on` is the day it was added; `due` the day on which it falls due (None: by `time`)."""

    charge: str
    """The charge's own id within the loan."""
    code: str
    time: FeeTime = FeeTime.DUE_DATE
    base: FeeBase = FeeBase.FLAT
    amount: Decimal = Decimal(0)
    """Minor units when flat, else a fraction of the base."""
    due: date | None = None
    penalty: bool = False
    payee: str = "platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeWaived(Event):
    charge: str
    amount: int | None = None
    """None: all of it that is unpaid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeAdjusted(Event):
    """Money credited on account of a charge; it settles what is owed like a payment."""

    charge: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedBack(Event):
    """A payment that bounced after all: what it settled is owed again."""

    of: str
    """The payment's event id."""
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRefunded(Event):
    """Money paid in excess goes back."""

    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CashRefunded(Event):
    """Money that had settled something goes back; what it settled is owed again, the latest first."""

    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestWaived(Event):
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgiven(Event):
    """Part of a hardship plan: the lender gives up what is owed of one kind (penalty interest, say), the oldest instalment first."""

    kind: Kind
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedOff(Event):
    """The lender books the loan as a loss; the borrower still owes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenOff(Event):
    """The lender gives up what is owed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensated(Event):
    """代偿: the guarantor pays what is due in the borrower's stead and takes over the claim for it."""

    guarantor: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReAged(Event):
    """What is owed of the principal is spread over new instalments."""

    first_due: date
    every: Every
    instalments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReAmortised(Event):
    """Principal past due is spread over the instalments to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescheduled(Event):
    """New terms from the instalment that falls due on `from_due`; what is None or zero stays."""

    from_due: date
    move_to: date | None = None
    """Its new due date; those after it follow at the usual distance."""
    grace_principal: int = 0
    """Instalments in which no principal falls due; the schedule gets as many more."""
    grace_interest: int = 0
    extra_instalments: int = 0
    annual_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped(Event):
    """A payment holiday: the instalment due on `due` and those after it fall due one period later."""

    due: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RateChanged(Event):
    """Repriced: `annual_rate` holds from `on`."""

    annual_rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(Event):
    """The claim passes to another funder."""

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversed(Event):
    """An earlier event is taken back as if it had not been."""

    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrued(Event):
    """Income was recognised: interest, fees and penalties earned by the event's day and not recognised before. It changes no debt."""

    parts: Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClosed(Event):
    """The day's close ran for `on`."""

    recalculated: bool = False
    """Interest on late instalments was counted anew through `on`."""
