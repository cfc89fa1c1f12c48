"""What is owed again: charge-backs and refunds of what was paid in excess. Pure."""

from __future__ import annotations

from datetime import date

from ..product.model import Kind
from .events import ChargedBack, CreditRefunded
from .line import Line, by_due
from .model import EntryKind, Share
from .parts import NOTHING, Parts
from .waterfall import rule_for, settle
from .work import Work


def owe_again(work: Work, event: ChargedBack | CreditRefunded, kind: EntryKind) -> None:
    """Make the amount due again with the instalment to come; money paid in excess meets it first."""
    from_excess = min(event.amount, work.overpaid)
    again = Parts(principal=event.amount - from_excess)
    work.overpaid -= from_excess
    if again:
        line = line_after(work, event.on)
        work.credit(line, Parts(principal=event.amount), event.on)
        work.pay(line, Kind.PRINCIPAL, from_excess, event.on)
    work.record(event, kind, again, amount=event.amount, overpaid=from_excess)


def owe_again_by_kind(work: Work, event: ChargedBack) -> None:
    """As `owe_again`, by what the payment had settled, in the product's order; excess money then settles it like a payment."""
    parts = charged_back(work, event)
    if parts:
        work.credit(line_after(work, event.on), parts, event.on)
    from_excess = min(event.amount, work.overpaid)
    if work.overpaid:
        _, work.overpaid = settle(work, work.overpaid, event.on, rule_for(work, "default"))
    work.record(event, EntryKind.CHARGEBACK, parts, amount=event.amount, overpaid=from_excess)


def charged_back(work: Work, event: ChargedBack) -> Parts:
    """Which parts of the payment bounce, given what bounced of it before."""
    left = next((entry.parts for entry in work.entries if entry.event == event.of), NOTHING)
    for earlier in work.events:
        if earlier is event:
            break
        if isinstance(earlier, ChargedBack) and earlier.of == event.of:
            left -= left.take(earlier.amount, work.product.credit_order)
    return left.take(event.amount, work.product.credit_order)


def line_after(work: Work, on: date) -> Line:
    """The line that takes what is owed again: the first not yet due, the last one on its very day, else one after it."""
    lines = [line for line in by_due(work.lines) if not line.down_payment]
    found = next((line for line in lines if line.additional or line.due > on), None)
    if found is not None and not found.additional:
        return found
    if found is None and lines[-1].due == on:
        return lines[-1]
    return work.additional_line(on)


__all__ = ["Share", "charged_back", "line_after", "owe_again", "owe_again_by_kind"]
