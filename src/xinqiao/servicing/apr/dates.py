"""Dated flows as the two sides of an equation of value: one sum for each day, nothing left that cancels on the first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from xinqiao.kit import Money

from ..errors import FlowsRefused
from .model import Dated

Side = tuple[tuple[date, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Sides:
    """What was lent and what is repaid, by day, in the currency's units; fees kept back on the first day are taken off what was lent."""

    lent: Side
    repaid: Side

    @property
    def start(self) -> date:
        """The day on which the term begins: that of the first advance."""
        return self.lent[0][0]

    @classmethod
    def of(cls, flows: Sequence[Dated]) -> Sides:
        """Raises FlowsRefused when the flows lend nothing, repay nothing or begin with a payment, or mix currencies."""
        check(flows)
        days: dict[bool, dict[date, Decimal]] = {True: defaultdict(Decimal), False: defaultdict(Decimal)}
        for flow in flows:
            days[flow.lent][flow.on] += flow.amount.decimal
        start = min(days[True])
        kept = days[False].pop(start, Decimal(0))
        if kept >= days[True][start]:
            raise FlowsRefused("the fees kept back on the first day leave nothing of the advance")
        days[True][start] -= kept
        lent, repaid = (tuple(sorted((day, amount) for day, amount in days[side].items() if amount)) for side in (True, False))
        if not repaid:
            raise FlowsRefused("nothing is repaid after the first day")
        return cls(lent, repaid)


def check(flows: Sequence[Dated]) -> None:
    """Raises FlowsRefused."""
    if len({flow.amount.currency for flow in flows}) > 1:
        raise FlowsRefused("they are in more than one currency")
    if any(flow.amount.minor < 0 for flow in flows):
        raise FlowsRefused("an amount is negative; turn its direction instead")
    lent = [flow.on for flow in flows if flow.lent and flow.amount.is_positive]
    repaid = [flow.on for flow in flows if not flow.lent and flow.amount.is_positive]
    if not lent or not repaid:
        raise FlowsRefused("they need something lent and something repaid")
    if min(repaid) < min(lent):
        raise FlowsRefused(f"something is repaid on {min(repaid)}, before anything was lent")


def lent(on: date, amount: Money) -> Dated:
    return Dated(on, amount, lent=True)


def repaid(on: date, amount: Money, what: str = "principal") -> Dated:
    return Dated(on, amount, what)
