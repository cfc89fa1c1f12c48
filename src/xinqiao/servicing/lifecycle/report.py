"""Books out of finished work: rows, balances, status, arrears. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from . import events as e
from .charges import frozen
from .line import Line, by_due
from .model import Books, Delinquency, Entry, EntryKind, Instalment, Status, Tranche
from .parts import NOTHING
from .work import Work

NO_PRINCIPAL = {
    EntryKind.ACCRUAL,
    EntryKind.CHARGE_OFF,
    EntryKind.COMPENSATION,
    EntryKind.RE_AGE,
    EntryKind.RE_AMORTISE,
    EntryKind.FEE_AT_DISBURSEMENT,
    EntryKind.RECOVERY,
}


def books_of(work: Work, known: Sequence[e.Event], taken_back: Sequence[Entry]) -> Books:
    rows = _rows(work)
    return Books(
        work.agreement,
        work.on,
        _status(work, known),
        tuple(row for row in rows if isinstance(row, Tranche)),
        tuple(row for row in rows if isinstance(row, Instalment)),
        _entries(work, known, taken_back),
        tuple(frozen(charge, work.terms.disbursed) for charge in work.charges.values()),
        work.overpaid,
        _delinquency(work),
        work.charged_off_on,
        work.funder,
        work.subrogated,
        tuple(rows),
    )


def _rows(work: Work) -> list[Tranche | Instalment]:
    """Each tranche stands before the first instalment of a period in which it goes out."""
    waiting = [replace(t, fee=work.fees.get(t.event, 0)) for t in work.terms.tranches]
    rows: list[Tranche | Instalment] = []
    balance = 0
    for line in sorted(work.lines, key=lambda line: line.number):
        while waiting and _before(work, waiting[0], line, first=not rows):
            rows.append(waiting.pop(0))
            balance += rows[-1].amount
        balance += line.credited.principal - line.amounts.principal
        rows.append(line.frozen(balance))
    return rows + waiting


def _before(work: Work, tranche: Tranche, line: Line, *, first: bool) -> bool:
    if first or line.due > tranche.on:
        return True
    return line.due == tranche.on and (line.down_payment or not work.grows)


def _entries(work: Work, known: Sequence[e.Event], taken_back: Sequence[Entry]) -> tuple[Entry, ...]:
    order = {event.id: event.order for event in known}
    balance, entries = 0, []
    for entry in work.entries:
        balance += _moves(entry)
        entries.append(entry if entry.kind in NO_PRINCIPAL else replace(entry, balance=max(0, balance)))
    entries += [entry for entry in taken_back if entry.event not in {kept.event for kept in entries}]
    return tuple(sorted(entries, key=lambda entry: (entry.on, order.get(entry.event, 0))))


def _moves(entry: Entry) -> int:
    """By how much an entry changes the principal owed."""
    match entry.kind:
        case EntryKind.DISBURSEMENT:
            return entry.amount - entry.overpaid
        case EntryKind.CHARGEBACK if entry.parts.total == entry.amount:
            return max(0, entry.parts.principal - entry.overpaid)
        case EntryKind.CHARGEBACK | EntryKind.CREDIT_REFUND | EntryKind.CASH_REFUND:
            return entry.parts.principal
        case kind if kind in NO_PRINCIPAL:
            return 0
        case _:
            return -entry.parts.principal


def _status(work: Work, known: Sequence[e.Event]) -> Status:
    if not work.terms.disbursed:
        return Status.APPROVED if any(isinstance(event, e.Approved) for event in known) else Status.SUBMITTED
    if work.written_off:
        return Status.WRITTEN_OFF
    if work.overpaid:
        return Status.OVERPAID
    return Status.ACTIVE if work.owed.total or work.subrogated else Status.CLOSED


def _delinquency(work: Work) -> Delinquency:
    late = [line for line in by_due(work.lines) if line.due < work.on and line.outstanding.total] if work.terms.disbursed else []
    overdue = NOTHING
    for line in late:
        overdue += line.outstanding
    if not late:
        return Delinquency(None, 0, overdue, None)
    oldest = late[0].due
    return Delinquency(oldest + timedelta(1), (work.on - oldest).days, overdue, oldest)
