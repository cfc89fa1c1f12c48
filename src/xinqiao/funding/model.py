"""What is asked, bid, reserved and answered. Pure: no database, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from xinqiao.kit import Money

from .errors import AskNotValid
from .terms import Answer

MOST_MINOR = 10**10
"""Largest ask in minor units; keeps every score inside 64-bit integers."""

WORDS: Mapping[str, tuple[str, str]] = {
    "currency_differs": ("币种不符", "lends in another currency"),
    "ticket_below_min": ("低于单笔下限", "the amount is below its smallest ticket"),
    "ticket_above_max": ("高于单笔上限", "the amount is above its largest ticket"),
    "term_not_offered": ("不提供该期限", "does not offer this term"),
    "kind_not_served": ("不受理该类借款人", "does not lend to this kind of borrower"),
    "purpose_not_served": ("不受理该用途", "does not lend for this purpose"),
    "region_not_served": ("不覆盖该地区", "does not lend in this region"),
    "band_not_accepted": ("不接受该风险等级", "does not accept this risk band"),
    "pd_above_max": ("违约概率高于上限", "the probability of default is above its limit"),
    "outside_hours": ("非营业时段", "is outside its hours"),
    "guarantor_kind": ("担保方不受理该类借款人", "the guarantor does not cover this kind of borrower"),
    "guarantor_region": ("担保方不覆盖该地区", "the guarantor does not cover this region"),
    "guarantor_band": ("担保方不接受该风险等级", "the guarantor does not accept this risk band"),
    "guarantor_pd": ("违约概率高于担保方上限", "the probability of default is above the guarantor's limit"),
    "guarantee_required": ("须有担保", "lends only with a guarantor"),
    "above_ceiling": ("综合年化成本高于上限", "the all-in annual rate is above the ceiling"),
    "budget_full": ("预算不足", "has too little budget left"),
    "region_full": ("地区额度已满", "has reached its share for the region"),
    "term_full": ("期限额度已满", "has reached its share for the term"),
    "scene_full": ("场景额度已满", "has reached its share for the scene"),
    "guarantor_full": ("该担保方额度已满", "has reached its share for the guarantor"),
    "cover_full": ("担保能力不足", "the guarantor has too little capacity left"),
    "withdrawn": ("资金方已撤回条款", "has withdrawn its terms"),
    "refused": ("资金方拒绝", "answered no"),
    "silent": ("资金方未按时答复", "did not answer in time"),
    "not_shared": ("申请人不同意向其提供资料", "is not to have the applicant's data"),
    "released": ("此前的预留已释放", "an earlier reservation was given back"),
}
"""Why a pair does not lend: (zh, en) by stable code."""

FINAL = ("refused", "silent", "not_shared")
"""The funder itself said no: it is out of this application with every guarantor."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A loan that seeks its funder. `region` is a GB/T 2260 code of six digits; `pd` the probability of default within the term.

    `ceiling` caps the all-in annual rate that the applicant may be offered.
    """

    amount: Money
    months: int
    kind: str
    purpose: str
    region: str
    scene_id: UUID
    band: str
    pd: Decimal
    ceiling: Decimal = Decimal("0.24")

    def __post_init__(self) -> None:
        if not 0 < self.amount.minor <= MOST_MINOR:
            raise AskNotValid(f"the amount must lie between 0.01 and {Money(MOST_MINOR, self.amount.currency)}", field="amount")
        if not 1 <= self.months <= 360:
            raise AskNotValid("the term must lie between 1 and 360 months", field="months")
        if not re.fullmatch(r"\d{6}", self.region):
            raise AskNotValid("the region must be a GB/T 2260 code of six digits", field="region")
        if not isinstance(self.pd, Decimal) or not 0 <= self.pd <= 1:
            raise AskNotValid("the probability of default must be a Decimal between 0 and 1", field="pd")
        if not isinstance(self.ceiling, Decimal) or not 0 < self.ceiling <= 10:
            raise AskNotValid("the ceiling must be a Decimal above 0", field="ceiling")

    @property
    def province(self) -> str:
        return self.region[:2]

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Ask:
        """The ask back from its JSON form."""
        amount = Money.parse(stored["amount"]["amount"], stored["amount"]["currency"])
        rest = {key: stored[key] for key in ("months", "kind", "purpose", "region", "band")}
        scene, pd, ceiling = UUID(stored["scene_id"]), Decimal(stored["pd"]), Decimal(stored["ceiling"])
        return cls(amount=amount, scene_id=scene, pd=pd, ceiling=ceiling, **rest)


@dataclass(frozen=True, slots=True)
class Bid:
    """One funder's price with one guarantor, or why there is none. Rates are a year; `premium` is on the whole loan.

    `all_in` = funder's rate + premium. `reduced_value` is what the choice goes by: the applicant's saving against the ceiling (plus
    a constant for being served) less the price of the capacity it takes, in millionths of a minor unit.
    """

    funder_id: UUID
    funder_version: int
    guarantor_id: UUID | None
    guarantor_version: int | None
    eligible: bool
    refusals: tuple[str, ...]
    annual_rate: Decimal | None
    premium: Decimal | None
    all_in: Decimal | None
    coverage: Decimal
    value: int
    reduced_value: int
    answer: Answer
    deadline_seconds: int

    @property
    def pair(self) -> tuple[UUID, UUID | None]:
        return self.funder_id, self.guarantor_id

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Bid:
        """The bid back from its JSON form."""
        rates = {key: None if stored[key] is None else Decimal(stored[key]) for key in ("annual_rate", "premium", "all_in")}
        plain = {
            key: stored[key] for key in ("funder_version", "guarantor_version", "eligible", "value", "reduced_value", "deadline_seconds")
        }
        return cls(
            funder_id=UUID(stored["funder_id"]),
            guarantor_id=UUID(stored["guarantor_id"]) if stored["guarantor_id"] else None,
            refusals=tuple(stored["refusals"]),
            coverage=Decimal(stored["coverage"]),
            answer=Answer(stored["answer"]),
            **rates,
            **plain,
        )


@dataclass(frozen=True, slots=True)
class Auction:
    """All bids for one application, best first, refused ones last: what each funder bid, and who refused and why."""

    application_id: UUID
    person_id: UUID
    id: UUID
    at: datetime
    ask: Ask
    bids: tuple[Bid, ...]
    tried: Mapping[tuple[UUID, UUID | None], str]
    """Pairs that were tried since and why they fell through, by code of WORDS."""

    def choices(self) -> Sequence[Bid]:
        """Bids still open, best first: a funder that refused, kept silent or is not wanted is out with every guarantor."""
        out = {funder for (funder, _), why in self.tried.items() if why in FINAL}
        return [bid for bid in self.bids if bid.eligible and bid.pair not in self.tried and bid.funder_id not in out]


class State(StrEnum):
    HELD = "held"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    LAPSED = "lapsed"
    """Past its time; its capacity is returned by the next `expire_due`."""
    EXPIRED = "expired"
    REPAID = "repaid"

    @property
    def is_live(self) -> bool:
        return self in (State.HELD, State.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Hold:
    """What a reservation takes from one capacity row."""

    holder_id: UUID
    dimension: str
    key: str
    slice: int
    minor: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """Capacity of one funder and one guarantor set aside for one application until `expires_at`, or for the loan once confirmed."""

    id: UUID
    application_id: UUID
    person_id: UUID
    state: State
    amount: Money
    outstanding: Money
    months: int
    funder_id: UUID
    funder_version: int
    guarantor_id: UUID | None
    guarantor_version: int | None
    annual_rate: Decimal
    premium: Decimal
    coverage: Decimal
    answer: Answer
    deadline_seconds: int
    made_at: datetime
    expires_at: datetime
    holds: tuple[Hold, ...]

    @property
    def all_in(self) -> Decimal:
        return self.annual_rate + self.premium


@dataclass(frozen=True, slots=True)
class Line:
    """One capacity of a funder or guarantor: its budget or cover, or its share for a region, term, scene or guarantor."""

    dimension: str
    key: str
    cap: Money
    used: Money
    price: int
    """Shadow price, in millionths of value per minor unit; 0 while the capacity is ample."""

    @property
    def left(self) -> Money:
        return self.cap - self.used


@dataclass(frozen=True, slots=True)
class Standing:
    """A funder or guarantor as it stands: its newest terms as they were published, and its capacity line by line."""

    partner_id: UUID
    role: str
    version: int
    open: bool
    published_at: datetime
    terms: Mapping[str, Any]
    lines: tuple[Line, ...]


class Reply(StrEnum):
    PENDING = "pending"
    YES = "yes"
    NO = "no"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Question:
    """A funder asked whether it takes a loan; unanswered at `deadline`, it is a no."""

    id: UUID
    reservation_id: UUID
    application_id: UUID
    person_id: UUID
    funder_id: UUID
    annual_rate: Decimal
    asked_at: datetime
    deadline: datetime
    reply: Reply
    answered_at: datetime | None = None


def from_ppm(rate: int) -> Decimal:
    """Millionths as a decimal of six places, as the database gives it back."""
    return Decimal(rate).scaleb(-6)
