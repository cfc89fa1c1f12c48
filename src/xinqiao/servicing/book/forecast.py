"""What the open instalments will bring: as contracted, and as may be expected. Pure; decimals of forty digits, rounded once.

**Contractual**: the unpaid parts of open instalments in the month or week in which they fall due; what is late already counts in the first.

**Expected**, by months from now, for the loans of each bucket: in a month the share `rolls[bucket]` pays nothing and moves to the next bucket with what it
owes; the others pay the month's instalment and all their arrears, and are current. Who rolls out of the last bucket is lost. Each month `prepaid` of the
loans still there repay the principal that falls due later. A week's expectation is its month's, in the proportion of what is contracted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from enum import StrEnum

from xinqiao.kit import Money

from ..delinquency import RollMatrix

CURRENT = "current"
PARTS = ("principal", "interest", "charges")
PRECISION = Context(prec=40)
NONE, ONE = Decimal(0), Decimal(1)


class Per(StrEnum):
    WEEK = "week"
    """From Monday on."""
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Shares are of one, a month; `source` says where they come from, for whoever reads the forecast."""

    rolls: Mapping[str, Decimal]
    """By bucket, "current" first, in the order in which loans move through them."""
    prepaid: Decimal = Decimal(0)
    source: str = ""

    @classmethod
    def measured(cls, matrix: RollMatrix, *, prepaid: Decimal = Decimal(0), source: str = "") -> Assumptions:
        """From roll rates over a month; a bucket in which nothing stood keeps the rate of the one before it."""
        rolls, last = {}, Decimal(0)
        ladder = [state for state in matrix.states if state not in ("closed", "charged_off")]
        for state in ladder:
            cured = matrix.cure_rate(state)
            found = matrix.worsened(state) if state != ladder[-1] else (None if cured is None else 1 - cured)
            rolls[state] = last = last if found is None else found
        return cls(rolls, prepaid, source)


ILLUSTRATION = Assumptions(
    {CURRENT: Decimal("0.02"), "M1": Decimal("0.35"), "M2": Decimal("0.6"), "M3": Decimal("0.75")}
    | {f"M{number}": Decimal("0.85") for number in (4, 5, 6)}
    | {"M7+": Decimal("0.97")},
    prepaid=Decimal("0.01"),
    source="invented for illustration; replace it by your own book's roll rates",
)


@dataclass(frozen=True, slots=True)
class Flow:
    """What falls due on a day, of the loans of one bucket; minor units."""

    bucket: str
    due: date
    principal: int
    interest: int
    charges: int


@dataclass(frozen=True, slots=True)
class Expected:
    """One week or month: its first day, what is contracted and what is expected."""

    start: date
    principal: Money
    interest: Money
    charges: Money
    expected: Money
    expected_principal: Money
    """Of it, principal, prepayments included."""
    late: Money
    """Of what is contracted, what was late already."""

    @property
    def contracted(self) -> Money:
        return self.principal + self.interest + self.charges


@dataclass(slots=True)
class _Period:
    parts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    late: int = 0
    expected: Decimal = NONE
    expected_principal: Decimal = NONE


def forecast(flows: Iterable[Flow], day: date, assumptions: Assumptions, *, per: Per, currency: str) -> list[Expected]:
    """By week or month from `day`, the end of which the flows are as of."""
    given = list(flows)
    periods = _contracted(given, day, per)
    total: dict[int, Decimal] = defaultdict(Decimal)
    principal: dict[int, Decimal] = defaultdict(Decimal)
    with localcontext(PRECISION):
        for bucket, (of_principal, of_charges) in _by_month(given, day).items():
            for month, amount in enumerate(expected(*of_principal, bucket, assumptions, prepays=True)):
                total[month] += amount
                principal[month] += amount
            for month, amount in enumerate(expected(*of_charges, bucket, assumptions, prepays=False)):
                total[month] += amount
        _spread(periods, day, per, total, principal)
    return [_row(start, period, currency) for start, period in sorted(periods.items())]


def expected(due: list[int], arrears: int, bucket: str, assumptions: Assumptions, *, prepays: bool) -> list[Decimal]:
    """What comes in month by month of amounts that fall due month by month, from loans that stand in `bucket` with `arrears`."""
    ladder = list(assumptions.rolls)
    place = ladder.index(bucket) if bucket in ladder else len(ladder) - 1
    roll = [assumptions.rolls[name] for name in ladder]
    loans = [ONE if number == place else NONE for number in range(len(ladder))]
    owed = [arrears * share for share in loans]
    stay, left, made = ONE, sum(due), []
    for amount in due:
        left -= amount
        owed = [have + share * amount * stay for have, share in zip(owed, loans, strict=True)]
        early = assumptions.prepaid * stay
        made.append(_cured(owed, roll) + (early * sum(loans) * left if prepays else 0))
        owed, loans, stay = [NONE, *_rolled(owed, roll)], [_cured(loans, roll), *_rolled(loans, roll)], stay - early
    return made


def _cured(have: list[Decimal], roll: list[Decimal]) -> Decimal:
    return sum((one * (1 - rate) for one, rate in zip(have, roll, strict=True)), NONE)


def _rolled(have: list[Decimal], roll: list[Decimal]) -> list[Decimal]:
    """Into the next bucket each; out of the last one is out of sight."""
    return [one * rate for one, rate in zip(have[:-1], roll, strict=False)]


def _contracted(flows: list[Flow], day: date, per: Per) -> dict[date, _Period]:
    periods: dict[date, _Period] = defaultdict(_Period)
    for flow in flows:
        period = periods[_start(max(flow.due, day), per)]
        for part in PARTS:
            period.parts[part] += getattr(flow, part)
        if flow.due <= day:
            period.late += flow.principal + flow.interest + flow.charges
    return periods


Months = tuple[list[int], int]
"""What is yet to fall due by months from now, and what is late."""


def _by_month(flows: list[Flow], day: date) -> dict[str, tuple[Months, Months]]:
    """Of each bucket: principal, and all else."""
    last = max((_month(max(flow.due, day), day) for flow in flows), default=0)
    found = {flow.bucket: [[0] * (last + 2), [0] * (last + 2)] for flow in flows}
    for flow in flows:
        place = _month(flow.due, day) if flow.due > day else last + 1
        principal, others = found[flow.bucket]
        principal[place] += flow.principal
        others[place] += flow.interest + flow.charges
    return {bucket: ((one[:-1], one[-1]), (other[:-1], other[-1])) for bucket, (one, other) in found.items()}


def _spread(periods: dict[date, _Period], day: date, per: Per, total: dict[int, Decimal], principal: dict[int, Decimal]) -> None:
    """Each month's expectation over its periods, in the proportion of what is contracted."""
    of_month: dict[int, list[date]] = defaultdict(list)
    for start in periods:
        of_month[_month(max(start, day), day)].append(start)
    for month, amount in total.items():
        starts = of_month.get(month) or [_start(day + timedelta(days=30 * month), per)]
        weights = {start: sum(periods[start].parts.values()) for start in starts}
        whole = sum(weights.values())
        for start, weight in weights.items():
            share = Decimal(weight) / whole if whole else ONE / len(starts)
            periods[start].expected += amount * share
            periods[start].expected_principal += principal[month] * share


def _row(start: date, of: _Period, currency: str) -> Expected:
    parts = [Money(of.parts[part], currency) for part in PARTS]
    return Expected(
        start, *parts, Money(round(of.expected), currency), Money(round(of.expected_principal), currency), Money(of.late, currency)
    )


def _start(day: date, per: Per) -> date:
    return day.replace(day=1) if per is Per.MONTH else day - timedelta(days=day.weekday())


def _month(day: date, since: date) -> int:
    return (day.year - since.year) * 12 + day.month - since.month
