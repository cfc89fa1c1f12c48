"""Settling early: what each instalment still costs on a day, and what is not earned and falls away. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from ..product.model import Kind, Settlement
from .line import Line, by_due
from .parts import NOTHING, Parts
from .rounding import exact, whole
from .work import Work


def cooling(work: Work, on: date) -> bool:
    """Whether the loan may be handed back for its principal alone."""
    days = work.product.cooling_days
    return bool(days) and on <= work.terms.started + timedelta(days)


def still_owed(work: Work, line: Line, on: date) -> Parts:
    """What of a line a settlement on `on` pays: all that is due; of the current period what is earned by the day; later its principal.

    What was paid ahead is not returned.
    """
    owed = line.outstanding
    if cooling(work, on):
        return Parts(principal=owed.principal)
    if line.due <= on or line.down_payment or work.product.settlement is Settlement.WHOLE:
        return owed
    if line.start >= on:
        return Parts(penalty=owed.penalty, principal=owed.principal)
    return _earned(work, line, on)


def _earned(work: Work, line: Line, on: date) -> Parts:
    """The product's own charges by the day; one that was added, in full once it is due and not at all before."""
    days, period = (on - line.start).days, (line.due - line.start).days

    def charged(kind: Kind) -> int:
        pieces = work.pieces_of(line, kind)
        due = sum(piece.amount for piece in pieces if (piece.charge.due or line.due) <= on)
        return due + whole(Fraction((line.amounts[kind] - sum(piece.amount for piece in pieces)) * days, period))

    interest = whole(Fraction(line.amounts.interest * days, period))
    owed = Parts(line.amounts.penalty, charged(Kind.FEE), charged(Kind.PREMIUM), interest, line.amounts.principal)
    left = owed - line.paid - line.waived - line.written_off
    return Parts(*(max(0, amount) for amount in left.amounts))


def settlement_fee(work: Work, on: date) -> int:
    """The product's charge for prepaying, on principal that is not yet due."""
    rate = work.product.settlement_fee
    if not rate or cooling(work, on):
        return 0
    return whole(sum(line.outstanding.principal for line in work.lines if line.due > on) * exact(rate))


def settling(work: Work, on: date) -> Parts:
    """All that settles the loan on `on`, the fee included."""
    owed = Parts(fee=settlement_fee(work, on))
    for line in work.lines:
        owed += still_owed(work, line, on)
    return owed + work.subrogated


def let_go(work: Work, on: date) -> Parts:
    """Strike what a settlement on `on` leaves unearned, and charge its fee; return what was struck."""
    fee, struck = settlement_fee(work, on), NOTHING
    for line in by_due(work.lines):
        unearned = line.outstanding - still_owed(work, line, on)
        line.amounts -= unearned
        struck += unearned
        line.note_met(on)
    if fee:
        first = next((line for line in by_due(work.lines) if line.due > on), by_due(work.lines)[-1])
        first.amounts += Parts(fee=fee)
        first.note_met(on)
    return struck
