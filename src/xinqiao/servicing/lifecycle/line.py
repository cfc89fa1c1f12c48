"""An instalment while it is being computed: the one mutable thing in this folder. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..product.model import Kind
from .model import Instalment, LineKind
from .parts import KINDS, NOTHING, Parts


@dataclass(eq=False, slots=True)
class Line:
    number: int
    start: date
    due: date
    kind: LineKind = LineKind.REGULAR
    amounts: Parts = NOTHING
    paid: Parts = NOTHING
    waived: Parts = NOTHING
    written_off: Parts = NOTHING
    credited: Parts = NOTHING
    in_advance: int = 0
    late: int = 0
    met: bool = False
    met_on: date | None = None
    late_unit_days: int = 0
    """Overdue minor units x days, summed: the exact base of penalty interest."""
    aged_to: date | None = None
    penalty_interest: int = 0
    """Of the penalty, what is interest for lateness (not a charge)."""

    @property
    def outstanding(self) -> Parts:
        return self.amounts - self.paid - self.waived - self.written_off

    @property
    def regular(self) -> bool:
        return self.kind is LineKind.REGULAR

    @property
    def additional(self) -> bool:
        return self.kind is LineKind.ADDITIONAL

    @property
    def down_payment(self) -> bool:
        return self.kind is LineKind.DOWN_PAYMENT

    def owed(self, kind: Kind) -> int:
        return self.outstanding[kind]

    def settle_up(self, on: date | None) -> None:
        """Note whether everything is met, and if so since when."""
        self.met = self.outstanding.total == 0
        self.met_on = on if self.met else None

    def note_met(self, on: date | None) -> None:
        """As `settle_up`, but a day already noted stays."""
        if self.met != (self.outstanding.total == 0):
            self.settle_up(on)

    def add(self, kind: Kind, amount: int, on: date | None) -> None:
        self.amounts += Parts.of(kind, amount)
        self.settle_up(on)

    def credit(self, parts: Parts, on: date) -> None:
        """What is owed again."""
        self.credited += parts
        self.amounts += parts
        self.settle_up(on)

    def pay(self, kind: Kind, amount: int, on: date) -> int:
        """Take as much of `amount` as is owed of `kind`; return what was taken."""
        if amount <= 0:
            return 0
        taken = max(0, min(amount, self.owed(kind)))
        self.paid += Parts.of(kind, taken)
        self.settle_up(on)
        if on < self.due:
            self.in_advance += taken
        elif on > self.due:
            self.late += taken
        return taken

    def unpay(self, kind: Kind, amount: int, on: date) -> int:
        taken = min(amount, self.paid[kind])
        self.paid -= Parts.of(kind, taken)
        self.settle_up(on)
        if on < self.due:
            self.in_advance = max(0, self.in_advance - taken)
        elif on > self.due:
            self.late = max(0, self.late - taken)
        return taken

    def waive(self, kind: Kind, amount: int, on: date) -> int:
        taken = min(amount, self.owed(kind))
        self.waived += Parts.of(kind, taken)
        self.settle_up(on)
        return taken

    def write_off(self, on: date) -> Parts:
        given_up = self.outstanding
        self.written_off += given_up
        self.settle_up(on)
        return given_up

    def frozen(self, balance: int) -> Instalment:
        return Instalment(
            self.number,
            self.start,
            self.due,
            self.kind,
            self.amounts,
            self.paid,
            self.waived,
            self.written_off,
            self.credited,
            self.in_advance,
            self.late,
            self.met_on,
            balance,
            self.penalty_interest,
            self.late_unit_days,
        )


def by_due(lines: list[Line]) -> list[Line]:
    """In the order of due dates; alike dates keep their order."""
    return sorted(lines, key=lambda line: line.due)


def owed_by(lines: list[Line]) -> Parts:
    result = NOTHING
    for line in lines:
        result += line.outstanding
    return result


def renumber(lines: list[Line]) -> None:
    for number, line in enumerate(lines, start=1):
        line.number = number


__all__ = ["KINDS", "Line", "by_due", "owed_by", "renumber"]
