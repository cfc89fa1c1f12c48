"""A loan product as data: everything that a loan's amounts, dates and events follow from. Pure.

A product is a frozen value with a code and a version; a loan keeps the version it was made under for ever. Amounts are decimal strings in
JSON and `Money` here; rates are fractions of one a year (0.12 is 12 %) as `Decimal`; dates are ISO 8601. A product that contradicts itself
is refused wherever one is read, registered or planned with: `check.py` says why, and what would be right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from enum import StrEnum
from typing import Any

from xinqiao.kit import Money


class Unit(StrEnum):
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Every:
    """A distance between dates: every 1 month, every 15 days, every 2 weeks."""

    count: int = 1
    unit: Unit = Unit.MONTHS


class Method(StrEnum):
    """What interest is charged on."""

    DECLINING = "declining"
    """On the principal still owed."""
    FLAT = "flat"
    """On the principal lent, for the whole term, whatever was repaid."""


class Amortisation(StrEnum):
    EQUAL_INSTALMENTS = "equal_instalments"
    """等额本息: every total alike."""
    EQUAL_PRINCIPAL = "equal_principal"
    """等额本金: every principal alike."""
    INTEREST_ONLY = "interest_only"
    """先息后本: interest each period, the principal with the last."""
    BULLET = "bullet"
    """到期一次还本付息: principal and interest at the end."""
    BALLOON = "balloon"
    """Equal instalments down to a balloon that the last one adds."""
    STEPPED = "stepped"
    """Totals that grow or shrink by given factors."""
    CUSTOM = "custom"
    """Principal parts on given dates."""


class Accrual(StrEnum):
    """How interest within a repayment period is counted."""

    DAILY = "daily"
    """By the days that the period has."""
    PERIOD = "period"
    """By whole repayment periods: a month is a month."""


@dataclass(frozen=True, slots=True)
class DayCount:
    """Days in a month over days in a year: "30/360", "30E/360", "actual/360", "actual/365", "actual/actual" (ISDA 2006 §4.16)."""

    month: str = "30"
    """"30" (US), "30E" (European) or "actual"."""
    year: str = "360"
    """"360", "364", "365" or "actual"."""

    @classmethod
    def parse(cls, text: str) -> DayCount:
        """Read "actual/360"; raises ValueError for a pair that has no meaning."""
        month, _, year = text.partition("/")
        if month not in ("30", "30E", "actual") or year not in ("360", "364", "365", "actual"):
            raise ValueError(f"a day count is 30, 30E or actual over 360, 364, 365 or actual, such as 'actual/360'; got {text!r}")
        return cls(month, year)

    def __str__(self) -> str:
        return f"{self.month}/{self.year}"


class Rounding(StrEnum):
    HALF_EVEN = ROUND_HALF_EVEN
    HALF_UP = ROUND_HALF_UP
    UP = ROUND_UP
    DOWN = ROUND_DOWN
    CEILING = ROUND_CEILING
    FLOOR = ROUND_FLOOR


class Remainder(StrEnum):
    """Which instalment takes what rounding leaves."""

    LAST = "last"
    FIRST = "first"
    SPREAD = "spread"
    """One minor unit an instalment, the earliest first."""


@dataclass(frozen=True, slots=True)
class Rounded:
    mode: Rounding = Rounding.HALF_EVEN
    instalment_multiple: Decimal | None = None
    """Level instalments are a multiple of this amount (1 is whole units of the currency); None is the minor unit."""
    remainder: Remainder = Remainder.LAST
    even_out: bool = False
    """Adjust the level instalment until the last one differs from it by no more than half a minor unit for each instalment."""


@dataclass(frozen=True, slots=True)
class Grace:
    """Periods from the first on."""

    principal: int = 0
    """Principal is not due; interest is."""
    interest_payment: int = 0
    """Interest accrues and is due with the first instalment after."""
    interest_free: int = 0
    """No interest accrues."""


@dataclass(frozen=True, slots=True)
class DownPayment:
    fraction: Decimal
    """Of each disbursement, 0 to 1; due on its day."""
    automatic: bool = False
    """Taken as paid at disbursement."""


@dataclass(frozen=True, slots=True)
class Tranches:
    """Disbursement in parts."""

    most: int = 1
    over_applied: Decimal = Decimal(0)
    """How far approval and disbursement may exceed what was applied for, as a fraction of it."""


@dataclass(frozen=True, slots=True)
class Repricing:
    """A rate that changes: index plus spread, at given dates or every so often, within a floor and a cap."""

    index: str
    """"LPR-1Y", say; its values are given by date when the schedule is made."""
    spread: Decimal = Decimal(0)
    every: Every | None = None
    floor: Decimal = Decimal(0)
    cap: Decimal | None = None


class FeeTime(StrEnum):
    DISBURSEMENT = "disbursement"
    TRANCHE = "tranche"
    INSTALMENT = "instalment"
    DUE_DATE = "due_date"
    """On a day given when it is charged."""
    OVERDUE = "overdue"


class FeeBase(StrEnum):
    FLAT = "flat"
    PRINCIPAL = "principal"
    """The loan's principal, or what was disbursed."""
    PRINCIPAL_AND_INTEREST = "principal_and_interest"
    INTEREST = "interest"
    BALANCE = "balance"
    """Principal still owed at the period's start."""


class FeePaid(StrEnum):
    FINANCED = "financed"
    """Added to the principal."""
    DEDUCTED = "deducted"
    """Kept back from the payout."""
    DUE = "due"
    """Due with the instalment in whose period it falls."""


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee or a premium."""

    code: str
    time: FeeTime
    base: FeeBase = FeeBase.FLAT
    amount: Decimal = Decimal(0)
    """In the currency when flat, else a fraction of the base."""
    spread: bool = False
    """A flat instalment fee is one sum for the whole loan, split over the instalments to the minor unit, the larger parts first."""
    annual: bool = False
    """The fraction is of a year: a twelfth of it falls on each monthly instalment."""
    paid: FeePaid = FeePaid.DUE
    payee: str = "platform"
    """"platform", "guarantor", "funder" or "scene"."""
    penalty: bool = False
    least: Money | None = None
    most: Money | None = None


class Convention(StrEnum):
    """What happens to a due date that is no business day (ISDA 2006 §4.12)."""

    NONE = "none"
    FOLLOWING = "following"
    MODIFIED_FOLLOWING = "modified_following"
    PRECEDING = "preceding"


@dataclass(frozen=True, slots=True)
class BusinessDays:
    calendar: str = ""
    """ISO 3166 country, optionally with a subdivision ("CN", "DE-BY"); empty: every day is a business day."""
    convention: Convention = Convention.NONE
    interest_follows: bool = False
    """Interest runs to the moved date."""


class Kind(StrEnum):
    """What is owed; the parts that a waterfall orders."""

    PENALTY = "penalty"
    FEE = "fee"
    PREMIUM = "premium"
    INTEREST = "interest"
    PRINCIPAL = "principal"


class When(StrEnum):
    PAST_DUE = "past_due"
    DUE = "due"
    IN_ADVANCE = "in_advance"


class Future(StrEnum):
    """Which later instalment takes what is paid ahead of its time."""

    NEXT = "next_instalment"
    LAST = "last_instalment"
    REAMORTISE = "reamortisation"
    NEXT_LAST = "next_last_instalment"


class Across(StrEnum):
    HORIZONTAL = "horizontal"
    """One instalment is cleared before the next."""
    VERTICAL = "vertical"
    """One kind is cleared on all instalments before the next kind."""


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The order in which money settles what is owed (冲还顺序)."""

    late: tuple[Kind, ...] = (Kind.PENALTY, Kind.FEE, Kind.PREMIUM, Kind.INTEREST, Kind.PRINCIPAL)
    """Within an instalment that is due or past due."""
    early: tuple[Kind, ...] | None = None
    """Within one that is not yet due; None: as `late`."""
    early_charges_first: bool = False
    """Before its due date an instalment's penalties and fees take money only when they are due themselves; then the rest of it."""
    order: tuple[tuple[When, Kind], ...] = ()
    """When given, the whole order, across instalments as `across` tells; `late` and `early` are then not used."""
    across: Across = Across.HORIZONTAL
    future: Future = Future.NEXT


class Advance(StrEnum):
    """What a prepayment does to the instalments to come, where interest is recalculated."""

    REDUCE_INSTALMENT = "reduce_instalment"
    REDUCE_NUMBER = "reduce_number"
    NEXT_REPAYMENTS = "next_repayments"


@dataclass(frozen=True, slots=True)
class Recalculation:
    """Interest counted anew from what was really paid, and when."""

    advance: Advance = Advance.REDUCE_INSTALMENT
    rest: Every | None = None
    """Payments count from the next such day on; None: from the day itself."""
    rest_same_as_period: bool = False
    compounding: tuple[Kind, ...] = ()
    """Overdue parts on which interest is charged too."""
    compound_every: Every | None = None
    instalment_first: bool = False
    """What is paid ahead pays the running instalment first, as it stands; only more than that lowers the principal at once."""
    late_bears_interest: bool = True
    """Principal past due bears the loan's interest too; False where penalty interest takes its place."""
    early_settlement_until: str = "settlement"
    """Interest of an early settlement runs to the "settlement" day or to the next "rest" day."""


class Settlement(StrEnum):
    """What an early settlement pays of charges for time that has not passed, where interest does not follow payments."""

    EARNED = "earned"
    """Of the current period by the day, of later ones nothing."""
    WHOLE = "whole"
    """All that the schedule foresaw."""


@dataclass(frozen=True, slots=True)
class Late:
    """What lateness costs."""

    rate_multiple: Decimal = Decimal(0)
    """Penalty interest a year on overdue principal, as a multiple of the loan's rate."""
    annual_rate: Decimal | None = None
    """Penalty interest a year on overdue principal as the contract fixes it, whatever the loan's rate; None: by the multiple."""
    days_in_year: int = 360
    grace_days: int = 0
    cap_fraction: Decimal | None = None
    """Penalty interest never exceeds this fraction of the principal lent."""
    on_interest: bool = False
    """Penalty interest is charged on overdue interest too (复利)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Minimum and maximum, both included; None: no bound."""

    principal: tuple[Money | None, Money | None] = (None, None)
    annual_rate: tuple[Decimal | None, Decimal | None] = (None, None)
    instalments: tuple[int | None, int | None] = (None, None)
    balance_most: Money | None = None
    tranche: tuple[Money | None, Money | None] = (None, None)
    """Of each payout."""
    instalment: tuple[Money | None, Money | None] = (None, None)
    """Of the total of each instalment that repays principal."""
    first_period_days: tuple[int | None, int | None] = (None, None)
    """From the payout to the first due date, before business days move it."""


@dataclass(frozen=True, slots=True)
class Product:
    code: str
    version: int = 1
    name: str = ""
    name_zh: str = ""
    currency: str = "CNY"
    method: Method = Method.DECLINING
    amortisation: Amortisation = Amortisation.EQUAL_INSTALMENTS
    accrual: Accrual = Accrual.PERIOD
    partial_periods: bool = True
    """With `Accrual.PERIOD`: an odd period is charged by its part of a whole one."""
    day_count: DayCount = DayCount()
    annual_rate: Decimal = Decimal(0)
    every: Every = Every()
    instalments: int = 12
    first_due_after: Every | None = None
    """Distance to the first due date, when it differs: an odd first period."""
    grace: Grace = Grace()
    rounding: Rounded = Rounded()
    business_days: BusinessDays = BusinessDays()
    down_payment: DownPayment | None = None
    tranches: Tranches = Tranches()
    repricing: Repricing | None = None
    fees: tuple[Fee, ...] = ()
    balloon: Decimal | None = None
    """A fraction of the principal."""
    steps: tuple[Decimal, ...] = ()
    """Relative totals of the instalments; the last one repeats."""
    custom: tuple[tuple[date, Decimal], ...] = ()
    """Due dates and fractions of the principal."""
    progressive: bool = True
    """Instalments are recomputed going forward as things happen; else the schedule stands until it is made anew."""
    waterfalls: dict[str, Waterfall] = field(default_factory=lambda: {"default": Waterfall()})
    """By transaction type; "default" for those not named."""
    credit_order: tuple[Kind, ...] = (Kind.PENALTY, Kind.FEE, Kind.PREMIUM, Kind.INTEREST, Kind.PRINCIPAL)
    """What a charge-back makes due again, in this order."""
    recalculation: Recalculation | None = None
    due_from_application: bool = False
    """Due dates are counted from the application instead of the disbursement."""
    late: Late = Late()
    cooling_days: int = 0
    """Days in which a loan may be handed back for its principal alone."""
    settlement: Settlement = Settlement.EARNED
    settlement_fee: Decimal = Decimal(0)
    """Of the principal prepaid."""
    limits: Limits = Limits()
    clauses: dict[str, str] = field(default_factory=dict)
    """Contract clauses by what they govern ("interest", "penalty", "prepayment" …), for the explanation of each number."""

    @classmethod
    def parse(cls, data: str | bytes | Mapping[str, Any]) -> Product:
        """Read a product's JSON, which `product.schema.json` describes. Raises ProductMalformed, ProductContradictory."""
        from .codec import parse_product

        return parse_product(data)

    def to_json(self) -> dict[str, Any]:
        """JSON types, every field; `Product.parse` reads them back to an equal product."""
        from .codec import to_json

        return to_json(self)

    def called(self, language: str) -> str:
        """Its name in the reader's language, else its code."""
        return (self.name_zh if language.startswith("zh") else self.name) or self.name or self.code
