"""The annual percentage rate of Regulation Z (12 CFR 1026 appendix J), the actuarial method."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from .dates import Sides
from .model import PERCENT, Dated, Flow
from .periods import UnitPeriod, unit_period
from .solving import actuarial, as_decimal, solve


def actuarial_percent(
    advances: Sequence[Flow], payments: Sequence[Flow], *, unit_periods_per_year: int | Fraction, places: int = 2
) -> Decimal:
    """The annual percentage rate of Regulation Z, to `places` decimals."""
    scale = PERCENT * as_decimal(unit_periods_per_year)
    return solve(actuarial(advances, payments), scale=scale, quantum=Decimal(1).scaleb(-places))


def regulation_z_percent(flows: Sequence[Dated], *, unit: UnitPeriod | None = None, places: int = 2) -> Decimal:
    """The same from dates; the unit-period is found from them unless given. Raises NoAnnualRate, FlowsRefused."""
    sides = Sides.of(flows)
    unit = unit or unit_of(sides)
    advances, payments = ([_counted(day, amount, sides, unit) for day, amount in side] for side in (sides.lent, sides.repaid))
    return actuarial_percent(advances, payments, unit_periods_per_year=unit.per_year, places=places)


def unit_of(sides: Sides) -> UnitPeriod:
    return unit_period([day for day, _ in sides.lent], [day for day, _ in sides.repaid])


def _counted(day: object, amount: Decimal, sides: Sides, unit: UnitPeriod) -> Flow:
    return Flow(amount, *unit.between(sides.start, day))  # type: ignore[arg-type]
