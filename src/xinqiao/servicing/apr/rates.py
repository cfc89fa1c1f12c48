"""One loan's annual rate by every convention at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol

from xinqiao.kit import Money

from .chinese import chinese_rate
from .dates import Sides, lent, repaid
from .european import european_percent
from .model import PERCENT, Convention, Dated, Rates, as_percent
from .periods import UnitPeriod
from .regulation_z import regulation_z_percent, unit_of
from .xirr import xirr


class Row(Protocol):
    """An instalment of a schedule, as far as rates go."""

    @property
    def due(self) -> date: ...
    @property
    def principal(self) -> Money: ...
    @property
    def interest(self) -> Money: ...
    @property
    def premium(self) -> Money: ...
    @property
    def fee(self) -> Money: ...


def rates_of(flows: Sequence[Dated]) -> Rates:
    """Every convention's rate of dated flows, each to its published digit. Raises FlowsRefused, NoAnnualRate."""
    unit = unit_of(Sides.of(flows))
    found = {one.value: percent_of(flows, one, unit=unit) for one in Convention}
    return Rates(**found, unit_period=str(unit))


def percent_of(flows: Sequence[Dated], convention: Convention, *, unit: UnitPeriod | None = None) -> Decimal:
    """One convention's rate in percent, as it is shown. `unit` fixes Regulation Z's unit-period, which is found from the dates otherwise."""
    places = convention.shown_to
    match convention:
        case Convention.REGULATION_Z:
            return regulation_z_percent(flows, unit=unit, places=places)
        case Convention.EUROPEAN:
            return european_percent(flows, places=places)
        case Convention.XIRR:
            return (xirr(flows, places=places + 2) * PERCENT).quantize(Decimal(1).scaleb(-places))
        case Convention.SINGLE_INTEREST:
            return as_percent(chinese_rate(flows).nominal, places)
        case Convention.COMPOUND:
            return as_percent(chinese_rate(flows).effective, places)


def of_schedule(start: date, principal: Money, rows: Iterable[Row], *, kept_back: Iterable[tuple[str, Money]] = ()) -> list[Dated]:
    """A schedule as dated flows, cost by cost; `kept_back` are fees taken from the payout, by name, such as ("fee.service", CNY(5000))."""
    flows = [lent(start, principal), *(repaid(start, fee, name) for name, fee in kept_back)]
    for row in rows:
        parts = (("principal", row.principal), ("interest", row.interest), ("premium", row.premium), ("fee", row.fee))
        flows += [repaid(row.due, amount, name) for name, amount in parts if amount.is_positive]
    return flows
