"""What is owed again: charge-backs and refunds of what was paid in excess. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ..product.model import Kind
from .events import ChargedBack, CreditRefunded
from .line import Line, by_due
from .model import EntryKind, Share
from .parts import NOTHING, Parts, total
from .waterfall import rule_for, settle
from .work import Work


def owe_again(work: Work, event: ChargedBack | CreditRefunded, kind: EntryKind) -> None:
    """Make the amount due again with the instalment to come; money paid in excess meets it first."""
    claims = bounced(work, event)[1] if isinstance(event, ChargedBack) else NOTHING
    work.subrogated += claims
    left = event.amount - claims.total
    from_excess = min(left, work.overpaid)
    again = Parts(principal=left - from_excess)
    work.overpaid -= from_excess
    if again:
        line = line_after(work, event.on)
        work.credit(line, Parts(principal=left), event.on)
        work.pay(line, Kind.PRINCIPAL, from_excess, event.on)
    work.record(event, kind, again, amount=event.amount, overpaid=from_excess)
    _give_back(work, claims)


def owe_again_by_kind(work: Work, event: ChargedBack) -> None:
    """As `owe_again`, by what the payment had settled, in the product's order; excess money then settles it like a payment."""
    parts, claims, excess = bounced(work, event)
    work.subrogated += claims
    taken = min(excess, work.overpaid)
    work.overpaid -= taken
    parts += Parts(principal=excess - taken)
    if parts:
        work.credit(line_after(work, event.on), parts, event.on)
    from_excess = min(event.amount - taken, work.overpaid)
    if work.overpaid:
        _, work.overpaid = settle(work, work.overpaid, event.on, rule_for(work, "default"))
    work.record(event, EntryKind.CHARGEBACK, parts, amount=event.amount, overpaid=from_excess + taken)
    _give_back(work, claims)


def bounced(work: Work, event: ChargedBack) -> tuple[Parts, Parts, int]:
    """What bounces of a payment, given what bounced of it before: parts of instalments, parts that had gone to the guarantor, excess."""
    entry = next((entry for entry in work.entries if entry.event == event.of), None)
    claimed = total([share.parts for share in entry.shares if share.number == 0]) if entry else NOTHING
    own = entry.parts - claimed if entry else NOTHING
    earlier = 0
    for one in work.events:
        if one is event:
            break
        if isinstance(one, ChargedBack) and one.of == event.of:
            earlier += one.amount

    def first(amount: int) -> tuple[Parts, Parts, int]:
        parts = own.take(amount, work.product.credit_order)
        claims = claimed.take(amount - parts.total)
        return parts, claims, amount - parts.total - claims.total

    before, after = first(earlier), first(earlier + event.amount)
    return after[0] - before[0], after[1] - before[1], after[2] - before[2]


def _give_back(work: Work, claims: Parts) -> None:
    """Note in the last entry that the guarantor's claim stands again."""
    if claims:
        work.entries[-1] = replace(work.entries[-1], shares=(*work.entries[-1].shares, Share(0, -claims)))


def line_after(work: Work, on: date) -> Line:
    """The line that takes what is owed again: the first not yet due, the last one on its very day, else one after it."""
    lines = [line for line in by_due(work.lines) if not line.down_payment]
    found = next((line for line in lines if line.additional or line.due > on), None)
    if found is not None and not found.additional:
        return found
    if found is None and lines[-1].due == on:
        return lines[-1]
    return work.additional_line(on)


__all__ = ["Share", "bounced", "line_after", "owe_again", "owe_again_by_kind"]
