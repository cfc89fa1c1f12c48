"""How money settles what is owed (冲还顺序): by the product's waterfall. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction

from ..product.model import Across, Future, Kind, Waterfall, When
from .charges import due_by
from .line import Line, by_due
from .model import Share
from .parts import KINDS, Parts
from .rounding import whole
from .work import Work, merged

CHARGES = (Kind.PENALTY, Kind.FEE, Kind.PREMIUM)


def rule_for(work: Work, kind: str) -> Waterfall:
    return work.product.waterfalls.get(kind) or work.product.waterfalls["default"]


def settle(work: Work, amount: int, on: date, rule: Waterfall) -> tuple[list[Share], int]:
    """Spread `amount` paid on `on`; return each line's share and what found nothing to settle."""
    if not rule.order:
        shares, left = _line_by_line(work, amount, on, rule)
    elif rule.across is Across.VERTICAL:
        shares, left = _kind_by_kind(work, amount, on, rule)
    else:
        shares, left = _group_by_group(work, amount, on, rule)
    return merged(shares), left


def _line_by_line(work: Work, amount: int, on: date, rule: Waterfall) -> tuple[list[Share], int]:
    shares: list[Share] = []
    due = {kind: due_by(work, kind, on) for kind in CHARGES}
    for line in by_due(work.lines):
        if amount and not line.met:
            before, amount = amount, _one_line(work, line, amount, on, rule, shares, due)
            assert amount <= before
    return shares, amount


def _one_line(work: Work, line: Line, amount: int, on: date, rule: Waterfall, shares: list[Share], due: dict[Kind, int]) -> int:
    """`due` bounds what charges take of a line first, when the money comes ahead of its time."""
    early = on < line.due
    if early and rule.early_charges_first:
        for kind in CHARGES:
            amount = _take(work, line, kind, min(amount, due[kind]), amount, on, shares)
    order = rule.early if early and rule.early else rule.late
    for kind in order:
        amount = _take(work, line, kind, amount, amount, on, shares)
    return amount


def _take(work: Work, line: Line, kind: Kind, offered: int, amount: int, on: date, shares: list[Share]) -> int:
    taken = work.pay(line, kind, offered, on)
    shares.append(Share(line.number, Parts.of(kind, taken)))
    return amount - taken


def _group_by_group(work: Work, amount: int, on: date, rule: Waterfall) -> tuple[list[Share], int]:
    """All that is past due, then what is due, then what is not yet due (or as the order has it); within each, one instalment at a time."""
    shares: list[Share] = []
    for when in dict.fromkeys(when for when, _ in rule.order):
        kinds = tuple(kind for at, kind in rule.order if at is when)
        amount = _while_it_takes(work, when, kinds, amount, on, rule.future, shares, lambda line: not line.met)
    return shares, amount


def _kind_by_kind(work: Work, amount: int, on: date, rule: Waterfall) -> tuple[list[Share], int]:
    shares: list[Share] = []
    for when, kind in rule.order:
        amount = _while_it_takes(work, when, (kind,), amount, on, rule.future, shares, lambda line, kind=kind: line.owed(kind) > 0)
    return shares, amount


def _while_it_takes(
    work: Work,
    when: When,
    kinds: tuple[Kind, ...],
    amount: int,
    on: date,
    future: Future,
    shares: list[Share],
    open_: Callable[[Line], bool],
) -> int:
    """Pay the lines that come next, again and again; a line that takes nothing is passed over until another has. Return what is left."""
    full: list[Line] = []
    while amount and (lines := _lines(work, when, on, future, lambda line, full=full: open_(line) and line not in full)):
        before = amount
        for kind in kinds:
            amount = _evenly(work, lines, kind, amount, on, shares)
        full[:] = [*full, *lines] if amount == before else []
    return amount


def _evenly(work: Work, lines: list[Line], kind: Kind, amount: int, on: date, shares: list[Share]) -> int:
    """The same portion for each line; the last one takes what the division leaves."""
    if not lines or not amount:
        return amount
    each = whole(Fraction(amount, len(lines)))
    if amount - each * (len(lines) - 1) < 0:
        each = amount // len(lines)
    last = amount - each * (len(lines) - 1)
    for line in lines:
        amount = _take(work, line, kind, last if line is lines[-1] else each, amount, on, shares)
    return amount


def _lines(work: Work, when: When, on: date, future: Future, wanted: Callable[[Line], bool]) -> list[Line]:
    lines = [line for line in sorted(work.lines, key=lambda line: line.number) if wanted(line)]
    if when is When.PAST_DUE:
        return [line for line in lines if line.due < on][:1]
    if when is When.DUE:
        return [line for line in lines if line.due == on][:1]
    return ahead([line for line in lines if line.due > on], on, future)


def ahead(lines: list[Line], on: date, future: Future) -> list[Line]:
    """Which of the lines not yet due take money paid ahead of its time."""
    if future is Future.REAMORTISE:
        return lines
    if future is Future.NEXT:
        return lines[:1]
    if future is Future.NEXT_LAST:
        return [line for line in lines if line.start <= on] or lines[-1:]
    return lines[-1:]


def unwind(work: Work, amount: int, on: date, kind: str) -> tuple[list[Share], int]:
    """Take back `amount` of what was settled, the latest first; return each line's share and what could not be taken back."""
    rule = rule_for(work, kind)
    if not rule.order:
        return _unwind_lines(work, amount, on)
    named = kind in work.product.waterfalls
    order = rule.order if named else tuple(reversed(rule.order))
    return _unwind_ordered(work, amount, on, order, rule.future if named else Future.LAST)


def _unwind_lines(work: Work, amount: int, on: date) -> tuple[list[Share], int]:
    shares: list[Share] = []
    for line in reversed(by_due(work.lines)):
        for kind in (Kind.PRINCIPAL, Kind.INTEREST, Kind.PREMIUM, Kind.FEE, Kind.PENALTY):
            taken = work.unpay(line, kind, amount, on)
            shares.append(Share(line.number, Parts.of(kind, taken)))
            amount -= taken
    return merged(shares), amount


def _unwind_ordered(work: Work, amount: int, on: date, order: tuple[tuple[When, Kind], ...], future: Future) -> tuple[list[Share], int]:
    shares: list[Share] = []
    for when in dict.fromkeys(when for when, _ in order):
        kinds = [kind for at, kind in order if at is when]
        while amount and (line := _paid_line(work, when, on, future)):
            before = amount
            for kind in kinds:
                taken = work.unpay(line, kind, amount, on)
                shares.append(Share(line.number, Parts.of(kind, taken)))
                amount -= taken
            if amount == before:
                break
    return merged(shares), amount


def _paid_line(work: Work, when: When, on: date, future: Future) -> Line | None:
    lines = [line for line in sorted(work.lines, key=lambda line: line.number) if line.paid.total]
    if when is When.PAST_DUE:
        return next(iter([line for line in lines if line.due < on][-1:]), None)
    if when is When.DUE:
        return next(iter([line for line in lines if line.due == on][-1:]), None)
    return next(iter(ahead([line for line in lines if line.due > on], on, future)), None)


__all__ = ["KINDS", "ahead", "rule_for", "settle", "unwind"]
