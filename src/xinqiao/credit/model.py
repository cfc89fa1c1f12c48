"""What a decision is made of. Frozen values; no input or output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from xinqiao.kit import Money, canonical, sha256_hex

from .errors import FactUnusable

SCHEMA = "xinqiao.credit.decision/1"


class Outcome(StrEnum):
    APPROVE = "approve"
    REFER = "refer"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class ApplicationFacts:
    """What the policy needs beside the bureau's attributes.

    `age` in years serves the policy's legal bounds only; no model sees it. `monthly_income` and `existing_limit` (the sum
    of the person's credit limits) may be unknown.
    """

    amount: Money
    term_months: int
    kind: str = "personal"
    age: int | None = None
    monthly_income: Money | None = None
    existing_limit: Money | None = None
    region: str | None = None
    loan_purpose: str | None = None

    def __post_init__(self) -> None:
        if not self.amount.is_positive:
            raise FactUnusable("amount", "more than zero", str(self.amount), field="amount")
        if isinstance(self.term_months, bool) or not isinstance(self.term_months, int) or not 1 <= self.term_months <= 360:
            raise FactUnusable("term_months", "a whole number from 1 to 360", self.term_months, field="term_months")
        if self.age is not None and (isinstance(self.age, bool) or not isinstance(self.age, int) or not 0 <= self.age <= 130):
            raise FactUnusable("age", "a whole number of years from 0 to 130", self.age, field="age")
        for name in ("monthly_income", "existing_limit"):
            self._check_money(name)

    def _check_money(self, name: str) -> None:
        value = getattr(self, name)
        if value is None:
            return
        if value.currency != self.amount.currency or value.minor < 0:
            raise FactUnusable(name, f"an amount of {self.amount.currency}, zero or more", f"{value} {value.currency}", field=name)

    @classmethod
    def parse(cls, facts: Mapping[str, Any] | ApplicationFacts) -> ApplicationFacts:
        """Read a mapping with the same keys; money as Money, or {"amount": "1200.00", "currency": "CNY"}."""
        if isinstance(facts, ApplicationFacts):
            return facts
        unknown = sorted(set(facts) - set(cls.__dataclass_fields__))
        if unknown:
            raise FactUnusable(unknown[0], f"one of {', '.join(cls.__dataclass_fields__)}", facts[unknown[0]], field=unknown[0])
        for needed in ("amount", "term_months"):
            if facts.get(needed) is None:
                raise FactUnusable(needed, "present", None, field=needed)
        money = {name: _money(name, facts.get(name)) for name in ("amount", "monthly_income", "existing_limit") if name in facts}
        return cls(**{**facts, **money})

    def value_of(self, name: str) -> Any:
        """A fact for the policy's rules: money as a Decimal of the currency's unit, the rest as it is."""
        value = getattr(self, name)
        return value.decimal if isinstance(value, Money) else value


def _money(name: str, value: Any) -> Money | None:
    if value is None or isinstance(value, Money):
        return value
    if isinstance(value, Mapping) and isinstance(value.get("amount"), str) and isinstance(value.get("currency"), str):
        return Money.parse(value["amount"], value["currency"])
    raise FactUnusable(name, "an amount such as {'amount': '1200.00', 'currency': 'CNY'}", value, field=name)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in words an applicant understands, and what would help; `points` is what it cost against the usual applicant."""

    code: str
    zh: str
    en: str
    help_zh: str = ""
    help_en: str = ""
    points: int | None = None

    def says(self, language: str = "zh-CN") -> str:
        return self.zh if language.startswith("zh") else self.en

    def helps(self, language: str = "zh-CN") -> str:
        return self.help_zh if language.startswith("zh") else self.help_en


@dataclass(frozen=True, slots=True)
class Decision:
    """A credit decision with everything needed to make it again.

    `limit` is the most that the policy lends and `annual_rate` (a fraction: 0.18 is 18 %) its price; on a referral both are what the
    band would give, for the person who looks at it. `amount` is what is granted of the sum asked for, zero unless approved.
    `pd` is the model's probability of default with six decimals. Score, band and pd are None for a file too thin to score.
    """

    outcome: Outcome
    score: int | None
    band: str | None
    pd: Decimal | None
    limit: Money
    amount: Money
    annual_rate: Decimal | None
    reasons: tuple[Reason, ...]
    inputs: Mapping[str, Any]
    features: Mapping[str, Any]
    points: Mapping[str, int]
    versions: Mapping[str, str]

    def record(self) -> bytes:
        """The decision as canonical JSON; `replay` makes the same bytes from it, the model and the policy."""
        return canonical({"schema": SCHEMA, **{name: getattr(self, name) for name in self.__dataclass_fields__}})

    @property
    def sha256(self) -> str:
        return sha256_hex(self.record())


def decimal(value: Any, where: str) -> Decimal:
    """A finite Decimal from a string or int; raises ValueError that names `where`."""
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("nan")
        if number.is_finite():
            return number
    raise ValueError(f'{where} must be a number in quotes, such as "0.18", got {value!r}')
