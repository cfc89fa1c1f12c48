"""What a contract is about, and what it really costs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from xinqiao.kit import Money

from ..apr import monthly
from ..errors import TermsRefused
from ..rules import RULES
from ..schedule import NOTHING, Charge, Schedule, equal_instalments


@dataclass(frozen=True, slots=True)
class Party:
    """A funder or a guarantor, by the names that the borrower reads."""

    id: UUID
    name: str
    name_zh: str

    def called(self, language: str) -> str:
        return self.name_zh if language.startswith("zh") else self.name


class Prepayment(StrEnum):
    """What a part paid ahead of its time does."""

    AHEAD = "ahead"
    """It pays the next instalment; more than that is not taken, for it would save nothing (contract template loan.1)."""
    REDUCE = "reduce"
    """It lowers the principal from its day on, and with it what falls due later (loan.2)."""


TEMPLATES = {Prepayment.AHEAD: "loan.1", Prepayment.REDUCE: "loan.2"}


@dataclass(frozen=True, slots=True)
class Terms:
    """All that the amounts of a loan follow from. Rates are fractions of one, a year."""

    principal: Money
    annual_rate: Decimal
    months: int
    start: date
    premium: Charge = NOTHING
    fee: Charge = NOTHING
    platform_share: Decimal = Decimal(0)
    """The part of the premium that the platform keeps; the guarantor has the rest."""
    penalty_rate: Decimal | None = None
    """On overdue principal. Left out, it is fixed at once as the contract's rate x RULES.penalty_multiple: a later rule changes no loan."""
    penalty_days_in_year: int = RULES.penalty_days_in_year
    cooling_days: int = RULES.cooling_days
    report_grace_days: int = RULES.bureau_grace_days
    rules_version: str = RULES.version
    prepayment: Prepayment = Prepayment.AHEAD

    def __post_init__(self) -> None:
        if not 0 <= self.platform_share <= 1:
            raise TermsRefused(f"the platform's share of the premium is a fraction from 0 to 1, got {self.platform_share}")
        if self.cooling_days < 0 or self.report_grace_days < 1:
            raise TermsRefused("cooling-off days must not be negative, and a report needs a day of grace at least")
        if self.penalty_rate is None:
            object.__setattr__(self, "penalty_rate", self.annual_rate * RULES.penalty_multiple)
        if self.penalty_days_in_year < 1 or self.late_rate < 0:
            raise TermsRefused(f"the penalty rate must not be negative, got {self.penalty_rate}", field="penalty_rate")

    @property
    def template(self) -> str:
        """The contract template whose clauses say all this."""
        return TEMPLATES[self.prepayment]

    @property
    def late_rate(self) -> Fraction:
        """Penalty interest of one day, exactly."""
        return Fraction(self.penalty_rate or 0) / self.penalty_days_in_year

    def schedule(self, start: date | None = None) -> Schedule:
        """The schedule when the money leaves on `start` instead of on the day the terms foresaw: same amounts, later dates."""
        return equal_instalments(self.principal, self.annual_rate, self.months, start or self.start, premium=self.premium, fee=self.fee)


@dataclass(frozen=True, slots=True)
class Contract:
    language: str
    template: str
    """The template's name and version, such as "loan.1"."""
    template_sha256: str
    text: str
    sha256: str
    """Of the text's UTF-8 bytes: what the borrower signs."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One line of "what it really costs": a component, what it adds in money and to the annual rate."""

    name: str
    """"interest", "premium", "fees" or "total"."""
    amount: Money
    annual_percent: Decimal
    """Percentage points that the component adds; for the total, the whole annual rate (IRR x 12)."""


def costs(schedule: Schedule) -> list[Cost]:
    """Each component's money and its part of the annual rate; the parts sum to the rate shown."""
    components = {"interest": schedule.interest, "premium": schedule.premium, "fees": schedule.fees}
    payments = [i.principal for i in schedule.instalments]
    lines, before = [], Decimal("0.00")
    for name, amount in components.items():
        payments = [paid + getattr(i, name.removesuffix("s")) for paid, i in zip(payments, schedule.instalments, strict=True)]
        percent = monthly(schedule.principal, payments).percent
        lines.append(Cost(name, amount, percent - before))
        before = percent
    return [*lines, Cost("total", schedule.cost, before)]
