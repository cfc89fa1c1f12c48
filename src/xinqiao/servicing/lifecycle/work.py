"""The books while they are being kept: lines, charges and entries that the events fill in, one after another. Pure within `replay`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from ..product.model import Kind, Product
from .events import ChargeAdded, Event
from .line import Line, by_due, owed_by
from .model import Agreement, Entry, EntryKind, LineKind, Share
from .parts import NOTHING, Parts
from .progressive import Progress
from .terms import Terms


@dataclass(eq=False, slots=True)
class Piece:
    """The part of a charge that falls due with one line."""

    charge: OpenCharge
    line: Line
    amount: int
    paid: int = 0
    waived: int = 0

    @property
    def owed(self) -> int:
        return self.amount - self.paid - self.waived


@dataclass(eq=False, slots=True)
class OpenCharge:
    event: ChargeAdded
    kind: Kind
    pieces: list[Piece] = field(default_factory=list)
    at_disbursement: int = 0
    """Of it, what is paid when a tranche goes out."""

    @property
    def due(self) -> date | None:
        return self.event.due


@dataclass(eq=False, slots=True)
class Work:
    agreement: Agreement
    terms: Terms
    on: date
    lines: list[Line]
    charges: dict[str, OpenCharge] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    overpaid: int = 0
    fees: dict[str, int] = field(default_factory=dict)
    """Fees at disbursement, by tranche."""
    events: tuple[Event, ...] = ()
    charged_off_on: date | None = None
    written_off: bool = False
    funder: str | None = None
    subrogated: Parts = NOTHING
    progress: Progress | None = None
    """Interest worked out anew as things happen; None where the schedule stands."""

    @property
    def product(self) -> Product:
        return self.agreement.product

    @property
    def grows(self) -> bool:
        return self.terms.grows and self.terms.disbursed

    @property
    def owed(self) -> Parts:
        return owed_by(self.lines)

    def post(
        self, event: Event, kind: EntryKind, amount: int, shares: list[Share], *, overpaid: int = 0, charge: str | None = None
    ) -> None:
        parts = NOTHING
        for share in shares:
            parts += share.parts
        self.entries.append(Entry(event.id, event.on, kind, amount, parts, overpaid, shares=tuple(shares), charge=charge))

    def record(self, event: Event, kind: EntryKind, parts: Parts, *, amount: int | None = None, overpaid: int = 0) -> None:
        self.entries.append(Entry(event.id, event.on, kind, parts.total if amount is None else amount, parts, overpaid))

    def credit(self, line: Line, parts: Parts, on: date) -> None:
        """Have `parts` owed again with a line."""
        if self.progress is not None and self.progress.holds(line):
            self.progress.credit(line, parts, on)
        else:
            line.credit(parts, on)

    def pieces_of(self, line: Line, kind: Kind) -> list[Piece]:
        """What charges of `kind` put on `line`, the earliest due first."""
        found = [piece for charge in self.charges.values() if charge.kind is kind for piece in charge.pieces if piece.line is line]
        return sorted(found, key=lambda piece: piece.charge.due or piece.line.due)

    def pay(self, line: Line, kind: Kind, amount: int, on: date) -> int:
        """Pay on a line, and on the charges that lie there."""
        if self.follows(line) and kind in (Kind.PRINCIPAL, Kind.INTEREST):
            return self.progress.pay(line, kind, amount, on) if amount > 0 else 0
        taken = line.pay(kind, amount, on)
        left = taken
        for piece in self.pieces_of(line, kind) if kind not in (Kind.PRINCIPAL, Kind.INTEREST) else ():
            share = min(left, piece.owed)
            piece.paid += share
            left -= share
        return taken

    @property
    def follows_payments(self) -> bool:
        """Whether interest is counted anew from what was paid and when."""
        return self.product.recalculation is not None and self.terms.rate > 0

    def follows(self, line: Line) -> bool:
        """Whether payments on the line change interest to come."""
        return self.progress is not None and self.progress.follows_payments and self.progress.holds(line)

    def unpay(self, line: Line, kind: Kind, amount: int, on: date) -> int:
        if self.follows(line) and kind in (Kind.PRINCIPAL, Kind.INTEREST):
            return self.progress.unpay(line, kind, amount, on)
        taken = line.unpay(kind, amount, on)
        left = taken
        for piece in reversed(self.pieces_of(line, kind)) if kind not in (Kind.PRINCIPAL, Kind.INTEREST) else ():
            share = min(left, piece.paid)
            piece.paid -= share
            left -= share
        return taken

    def last_line(self) -> Line:
        """The latest by due date, down payments apart."""
        return by_due([line for line in self.lines if not line.down_payment])[-1]

    def additional_line(self, due: date) -> Line:
        """The line after the last one, reaching at least to `due`; made when there is none."""
        found = next((line for line in self.lines if line.additional), None)
        if found is None:
            found = Line(len(self.lines) + 1, self.last_line().due, due, LineKind.ADDITIONAL)
            self.lines.append(found)
        found.due = max(found.due, due)
        return found


def merged(shares: list[Share]) -> list[Share]:
    """One share a line, in the order of first mention."""
    by_number: dict[int, Parts] = {}
    for share in shares:
        by_number[share.number] = by_number.get(share.number, NOTHING) + share.parts
    return [Share(number, parts) for number, parts in by_number.items() if parts]


__all__ = ["OpenCharge", "Piece", "Share", "Work", "merged", "replace"]
