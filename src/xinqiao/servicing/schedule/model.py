"""A planned schedule: today's `Schedule`, with where each number comes from. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from xinqiao.kit import Money
from xinqiao.kit.money import total

from ..apr import AnnualRate, Dated, chinese_rate, lent, repaid
from ..product.model import Product
from ..product.request import Request
from .equal import Instalment, Schedule


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of days on one balance at one rate: its interest is balance x rate x fraction, exactly."""

    start: date
    end: date
    """Excluded."""
    days: int
    """As the day count counts them."""
    fraction: Fraction
    """Of a year."""
    annual_rate: Decimal
    balance: Money

    @property
    def interest(self) -> Fraction:
        """Minor units, unrounded."""
        return self.balance.minor * Fraction(self.annual_rate) * self.fraction


PREMIUM = "guarantor"
"""Fees of this payee are premiums (担保费, 保费)."""


@dataclass(frozen=True, slots=True)
class FeeLine:
    """A fee or premium due with an instalment: a flat sum, or rate x base x part."""

    code: str
    payee: str
    amount: Money
    rate: Decimal
    """The flat sum in the currency, or the fraction of the base."""
    base: Money | None = None
    part: Fraction = Fraction(1)
    """Of a year, or of a sum that is spread."""
    bounded: bool = False
    """The fee's least or most took the place of what came out."""

    @property
    def is_premium(self) -> bool:
        return self.payee == PREMIUM


@dataclass(frozen=True, slots=True)
class Basis:
    """What an instalment's numbers follow from; the ids are keys of `FORMULAS`."""

    opening: Money
    """Principal owed when the period began, before any payout on that day."""
    stretches: tuple[Stretch, ...] = ()
    accrued: Money | None = None
    """The period's own interest; what is due differs where payment of interest has a grace."""
    level: Money | None = None
    """The level total it was split from."""
    deferred: Money | None = None
    """Interest of earlier periods that is due with this one."""
    interest: str = ""
    principal: str = ""
    fees: tuple[FeeLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned(Instalment):
    start: date
    """Interest of this instalment runs from here."""
    unadjusted: date
    """The due date before business days moved it."""
    basis: Basis
    down_payment: bool = False


@dataclass(frozen=True, slots=True)
class Payout:
    """What leaves on a day: `amount` is owed, of which `financed` pays fees and `deducted` is kept back; `net` reaches the borrower."""

    on: date
    amount: Money
    financed: Money
    deducted: Money

    @property
    def net(self) -> Money:
        return self.amount - self.financed - self.deducted


@dataclass(frozen=True, slots=True)
class Plan(Schedule):
    product: Product
    request: Request
    payouts: tuple[Payout, ...]
    unpublished: tuple[int, ...] = ()
    """Years of due dates for which the business-day calendar is not yet published."""

    @property
    def disbursed(self) -> Money:
        return total((p.amount for p in self.payouts), self.principal.currency)

    @property
    def cost(self) -> Money:
        """All that is paid over and above what reached the borrower: financed and deducted fees are part of it."""
        return self.to_repay - total((p.net for p in self.payouts), self.principal.currency)

    def flows(self) -> list[Dated]:
        """Every payout and payment on its day, cost by cost: what annual rates are found from. A financed or deducted fee is paid at payout."""
        flows = [flow for payout in self.payouts for flow in _of_payout(payout)]
        for one in self.instalments:
            parts = (("principal", one.principal), ("interest", one.interest), ("premium", one.premium), ("fee", one.fee))
            flows += [repaid(one.due, amount, what) for what, amount in parts if amount.is_positive]
        return flows

    def annual_rate(self) -> AnnualRate:
        """The full annual cost from the real dates (PBoC notice 3/2021, unverified)."""
        return chinese_rate(self.flows())

    def starting(self, start: date) -> Plan:
        """The same request moved to another day: every date in it moves by as many days, and the plan is made anew."""
        from .generate import plan

        by = start - self.request.start
        return plan(self.product, _moved(self.request, start, by))


def _of_payout(payout: Payout) -> list[Dated]:
    kept = payout.financed + payout.deducted
    return [lent(payout.on, payout.amount), *([repaid(payout.on, kept, "fee.payout")] if kept.is_positive else [])]


def _moved(request: Request, start: date, by: timedelta) -> Request:
    return replace(
        request,
        start=start,
        first_due=request.first_due and request.first_due + by,
        last_due=request.last_due and request.last_due + by,
        applied=request.applied and request.applied + by,
        tranches=tuple(replace(tranche, on=tranche.on + by) for tranche in request.tranches),
    )
