"""Pictures of money, as figures for an SVG: each instalment split into principal, interest and guarantee fee. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

from xinqiao.journeys.views import Instalment, Offer
from xinqiao.kit import Money


@dataclass(frozen=True, slots=True)
class Piece:
    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Tick:
    y: float
    word: str


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    word: str
    state: str = ""
    """ "paid" or "overdue" where it is to be seen."""


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    left: int
    ticks: Sequence[Tick]
    pieces: Sequence[Piece]
    marks: Sequence[Mark]


WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 340, 186, 44, 34, 8
SEEN = ("paid", "overdue")


def instalments(schedule: Sequence[Instalment]) -> Picture:
    """One bar for each instalment, principal at the foot, then interest, then the guarantee fee."""
    highest = max((row.payment.minor for row in schedule), default=0)
    step = _step(highest)
    top = step * ceil(highest / step)
    room = HEIGHT - TOP - BOTTOM
    slot = (WIDTH - LEFT) / max(1, len(schedule))
    pieces: list[Piece] = []
    for place, row in enumerate(schedule):
        foot = HEIGHT - BOTTOM
        for kind, part in _parts(row):
            height = part.minor / top * room
            foot -= height
            if height:
                pieces.append(Piece(kind, _near(LEFT + slot * (place + 0.16)), _near(foot), _near(slot * 0.68), _near(height)))
    every = ceil(len(schedule) / 12)
    marks = [
        Mark(_near(LEFT + slot * (i + 0.5)), str(row.number), row.state if row.state in SEEN else "")
        for i, row in enumerate(schedule)
        if i % every == 0 or row.state == "overdue"
    ]
    digits = schedule[0].principal if schedule else Money(0, "CNY")
    ticks = [Tick(_near(HEIGHT - BOTTOM - value / top * room), _whole(value, digits)) for value in range(0, top + 1, step)]
    return Picture(WIDTH, HEIGHT, LEFT, ticks, pieces, marks)


def whole(offer: Offer) -> Picture:
    """One lying bar: what is borrowed, and what is paid on top of it."""
    height, x = 28, 0.0
    pieces = []
    for kind, part in (("principal", offer.principal), ("interest", offer.total_interest), ("premium", offer.total_premium)):
        width = part.minor / offer.total_repay.minor * WIDTH
        if width:
            pieces.append(Piece(kind, _near(x), 0, _near(width), height))
        x += width
    return Picture(WIDTH, height, 0, (), pieces, ())


def _parts(row: Instalment) -> Sequence[tuple[str, Money]]:
    return (("principal", row.principal), ("interest", row.interest), ("premium", row.premium + row.fee if row.fee else row.premium))


def _step(highest: int) -> int:
    """A round step of 1, 2 or 5 that cuts `highest` into two to five parts."""
    if highest <= 0:
        return 1
    power = 10 ** max(0, int(log10(highest)) - 1)
    return next(power * k for k in (1, 2, 5, 10, 20, 50, 100) if highest / (power * k) <= 4)


def _whole(minor: int, like: Money) -> str:
    digits = len(str(like).partition(".")[2])
    return f"{minor // 10**digits:,}"


def _near(value: float) -> float:
    return round(value, 2)
