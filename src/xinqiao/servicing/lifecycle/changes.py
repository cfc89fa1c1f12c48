"""Schedules changed on the way: re-ageing and re-amortisation. Pure."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from ..product.model import Kind
from ..schedule.dates import shift
from .events import ReAged, ReAmortised
from .line import Line, by_due, renumber
from .model import EntryKind, LineKind
from .parts import Parts
from .rounding import to_multiple, whole
from .work import Work

PRINCIPAL = Kind.PRINCIPAL


def re_age(work: Work, event: ReAged) -> None:
    """Take what is owed of the principal off every line and spread it over new ones."""
    moved = 0
    for line in work.lines:
        owed = line.owed(PRINCIPAL)
        if owed > 0:
            moved += owed
            line.add(PRINCIPAL, -owed, event.on)
    each = to_multiple(Fraction(moved, event.instalments), work.product)
    start = work.last_line().due
    for number in range(event.instalments):
        due = shift(event.first_due, event.every, number)
        amount = each if number < event.instalments - 1 else moved - each * (event.instalments - 1)
        line = Line(0, start, due, LineKind.RE_AGED, Parts(principal=amount))
        line.note_met(event.on)
        work.lines.append(line)
        start = due
    work.lines[:] = by_due(work.lines)
    renumber(work.lines)
    work.record(event, EntryKind.RE_AGE, Parts(principal=moved))


def re_amortise(work: Work, event: ReAmortised) -> None:
    """Spread principal past due over the instalments to come; the last one takes what rounding leaves. Without any, nothing moves."""
    future, overdue = still_to_come(work.lines, event.on), 0
    for line in work.lines if future else ():
        if line.due <= event.on:
            left = line.amounts.principal - line.paid.principal - line.written_off.principal
            overdue += left
            line.amounts -= Parts(principal=left)
            line.note_met(event.on)
    if future:
        _spread(work, future, event, overdue)
    work.record(event, EntryKind.RE_AMORTISE, Parts(principal=overdue))


def still_to_come(lines: list[Line], on: date) -> list[Line]:
    return by_due([line for line in lines if line.due > on and line.kind is LineKind.REGULAR])


def _spread(work: Work, future: list[Line], event: ReAmortised, amount: int) -> None:
    each = whole(Fraction(amount, len(future)))
    if work.product.rounding.instalment_multiple is not None:
        each = to_multiple(each, work.product)
    for line in future[:-1]:
        line.add(PRINCIPAL, each, event.on)
        amount -= each
    future[-1].add(PRINCIPAL, amount, event.on)
