"""What funders and guarantors offer, as data: read strictly, never as binary floats. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from xinqiao.kit import Money, Refused

from .errors import TermsNotValid

PPM = 1_000_000
"""Rates and shares are counted in whole millionths, so that scoring is exact integer arithmetic."""
SHANGHAI = ZoneInfo("Asia/Shanghai")


class Answer(StrEnum):
    AUTO = "auto"
    WEBHOOK = "webhook"


class Measure(StrEnum):
    """What a guarantor's capacity limits."""

    OUTSTANDING = "outstanding"
    EXPECTED_LOSS = "expected_loss"


def ppm(rate: Decimal) -> int:
    return int(rate * PPM)


def _money(value: Any) -> Money:
    if isinstance(value, Money):
        return value
    if not isinstance(value, Mapping) or set(value) != {"amount", "currency"} or not isinstance(value["amount"], str):
        raise ValueError('write money as {"amount": "1200.50", "currency": "CNY"}')
    try:
        return Money.parse(value["amount"], value["currency"])
    except Refused as refused:
        raise ValueError(str(refused)) from None


def _decimal(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        found = value
    elif isinstance(value, str) and re.fullmatch(r"\d{1,3}(\.\d{1,6})?", value):
        found = Decimal(value)
    else:
        raise ValueError('write a rate or share as a text of at most six decimals, such as "0.068"')
    return found


Amount = Annotated[Money, BeforeValidator(_money)]
Rate = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, le=10)]
Share = Annotated[Decimal, BeforeValidator(_decimal), Field(gt=0, le=1)]
Band = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9+-]{0,3}$")]
Region = Annotated[str, Field(pattern=r"^\d{2}(\d{2}(\d{2})?)?$")]
Kind = Literal["personal", "micro_business"]
Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Months = Annotated[int, Field(ge=1, le=360)]
Slices = Annotated[int, Field(ge=1, le=64)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ticket(_Data):
    min: Amount
    max: Amount


class Caps(_Data):
    """Shares of the budget that may stand with one region (province), term, scene or guarantor; named ones override."""

    region: Share = Decimal(1)
    regions: dict[Region, Share] = {}
    term: Share = Decimal(1)
    terms: dict[Months, Share] = {}
    scene: Share = Decimal(1)
    guarantor: Share = Decimal(1)


class FunderRate(_Data):
    """Annual rate by band: base + add_on[band]. A band without an add-on is not lent to."""

    base: Rate
    add_on: dict[Band, Rate]


class AnswerMode(_Data):
    mode: Answer = Answer.AUTO
    deadline_seconds: Annotated[int, Field(ge=1, le=86_400)] = 30


class FunderTerms(_Data):
    """A funder's terms. `regions` and `purposes` left empty mean all; `guarantee` says whether it lends without a guarantor.

    `revolving`: repaid principal may be lent again. `hours` are local to Asia/Shanghai, end excluded; an end before the
    start spans midnight. `slices`: into how many independently locked parts the budget is cut.
    """

    budget: Amount
    ticket: Ticket
    months: Annotated[frozenset[Months], Field(min_length=1)]
    kinds: Annotated[frozenset[Kind], Field(min_length=1)]
    purposes: frozenset[str] = frozenset()
    regions: frozenset[Region] = frozenset()
    regions_excluded: frozenset[Region] = frozenset()
    caps: Caps = Caps()
    rate: FunderRate
    max_pd: Share
    guarantee: Literal["required", "optional"] = "optional"
    revolving: bool = True
    hours: tuple[Hour, Hour] = ("00:00", "24:00")
    answer: AnswerMode = AnswerMode()
    slices: Slices = 4

    @model_validator(mode="after")
    def _agree(self) -> FunderTerms:
        if not self.ticket.min.is_positive or self.ticket.max.minor < self.ticket.min.minor:
            raise ValueError("ticket.min must be positive and not above ticket.max")
        if len({self.budget.currency, self.ticket.min.currency, self.ticket.max.currency}) > 1:
            raise ValueError("budget and ticket must be in one currency")
        if self.budget.minor < 0:
            raise ValueError("budget must not be negative")
        return self

    def share_of(self, dimension: str, key: str) -> Decimal:
        """The share of the budget that may stand under this key: region, term, scene or guarantor."""
        if dimension == "region":
            return self.caps.regions.get(key, self.caps.region)
        if dimension == "term":
            return self.caps.terms.get(int(key), self.caps.term)
        return {"scene": self.caps.scene, "guarantor": self.caps.guarantor}[dimension]

    def is_open(self, at: datetime) -> bool:
        start, end = self.hours
        now = f"{at.astimezone(SHANGHAI).time().replace(microsecond=0):%H:%M}"
        return start <= now < end if start <= end else now >= start or now < end


class GuarantorTerms(_Data):
    """A guarantor's terms: it covers `coverage` of the principal for `premium[band]` a year on what it covers.

    Capacity limits what stands guaranteed: outstanding covered principal, or its expected loss (covered x PD x loss given default).
    """

    capacity: Amount
    measure: Measure = Measure.OUTSTANDING
    loss_given_default: Share = Decimal("0.6")
    coverage: Share
    premium: Annotated[dict[Band, Rate], Field(min_length=1)]
    max_pd: Share
    kinds: Annotated[frozenset[Kind], Field(min_length=1)]
    regions_excluded: frozenset[Region] = frozenset()
    slices: Slices = 2


_T = TypeVar("_T", bound=BaseModel)


def read_funder(data: Mapping[str, Any]) -> FunderTerms:
    """Funder's terms from JSON; raises TermsNotValid naming the place."""
    return _read(FunderTerms, data)


def read_guarantor(data: Mapping[str, Any]) -> GuarantorTerms:
    """Guarantor's terms from JSON; raises TermsNotValid naming the place."""
    return _read(GuarantorTerms, data)


def _read(kind: type[_T], data: Mapping[str, Any]) -> _T:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise TermsNotValid(".".join(str(part) for part in first["loc"]) or "terms", first["msg"], field="terms") from None


def covers(prefixes: frozenset[str], region: str) -> bool:
    """Whether one of the GB/T 2260 prefixes (province, city or district) holds the region."""
    return any(region.startswith(prefix) for prefix in prefixes)
