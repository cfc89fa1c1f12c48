"""The books of a loan as a fold over its events. Pure: nothing but the arguments decides the result."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import date
from fractions import Fraction

from ..product.model import Across, Future, Kind
from . import events as e
from .changes import re_age, re_amortise
from .charges import opened, place, recognised_of, reserve, waive
from .credits import line_after, owe_again, owe_again_by_kind
from .late import age
from .line import Line, by_due
from .model import Agreement, Books, Entry, EntryKind, LineKind, Share
from .parts import NOTHING, Parts
from .plan import dated, standing, with_down_payments
from .progressive import progress
from .recalculated import recalculated
from .report import books_of
from .rounding import exact, to_multiple, whole
from .settlement import cooling, let_go
from .terms import Terms, live, moves_money, terms_of
from .waterfall import rule_for, settle, unwind
from .work import Work

PLENTY = 10**15
"""More than any loan."""
PAYMENTS = {kind: EntryKind(kind.value) for kind in e.PaymentKind}
LIKE_REPAYMENTS = {*PAYMENTS.values(), EntryKind.CHARGE_ADJUSTMENT} - {EntryKind.RECOVERY}


def replay(agreement: Agreement, events: Sequence[e.Event], *, on: date) -> Books:
    """The loan's books on the business day `on`, from the events recorded by then."""
    known = [event for event in events if event.recorded <= on]
    work = fold(agreement, known, on)
    return books_of(work, known, _reversed_entries(agreement, known))


def _reversed_entries(agreement: Agreement, known: Sequence[e.Event]) -> list[Entry]:
    """Entries taken back, as they stood when they were."""
    found = []
    for event in known:
        if isinstance(event, e.Reversed):
            before = [earlier for earlier in known if earlier.order < event.order]
            books = books_of(fold(agreement, before, event.recorded), before, [])
            found += [replace(entry, reversed=True) for entry in books.entries if entry.event == event.of and not entry.reversed]
    return found


def fold(agreement: Agreement, known: Sequence[e.Event], on: date) -> Work:
    standing_events = live(known)
    terms = terms_of(agreement, standing_events)
    work = _opened(agreement, terms, on, standing_events)
    for event in _in_order(work, standing_events):
        if moves_money(event):
            age(work, event.on)
        apply(work, event)
    age(work, on)
    _finish(work)
    return work


def _opened(agreement: Agreement, terms: Terms, on: date, events: list[e.Event]) -> Work:
    grows = terms.grows and terms.disbursed
    lines = dated(terms) if grows else _standing(terms, events, on)
    work = Work(agreement, terms, on, lines, events=tuple(events))
    charges = [event for event in events if isinstance(event, e.ChargeAdded)]
    reserve(work, charges)
    if not grows:
        for charge in charges:
            place(work, opened(charge))
    if terms.disbursed:
        work.progress = progress(terms, work.lines)
        for line in work.lines:
            line.note_met(terms.started)
    return work


def _standing(terms: Terms, events: list[e.Event], on: date) -> list[Line]:
    """The standing schedule; where interest follows payments, as drawn when the last of them (or the day's close) was recorded."""
    if terms.product.recalculation is None or not terms.rate or not terms.disbursed:
        return standing(terms)
    drawn = [event.recorded for event in events if moves_money(event)]
    drawn += [event.on for event in events if isinstance(event, e.DayClosed) and event.recalculated]
    return with_down_payments(terms, recalculated(terms, events, min(on, max(drawn))))


def _in_order(work: Work, events: list[e.Event]) -> list[e.Event]:
    """By day, then as recorded. Where amounts grow as things happen, a charge counts from its due day when it was added after that."""

    def key(event: e.Event) -> tuple[date, int]:
        late = isinstance(event, e.ChargeAdded) and event.due is not None and event.due < event.on
        return (event.due if late else event.on, event.order)

    return _without_idle_closes(sorted(events, key=key))


def _without_idle_closes(events: list[e.Event]) -> list[e.Event]:
    """Only the last close counts, and only when nothing that counts interest itself comes after it: closing every day changes no rounding."""
    counting = [event for event in events if moves_money(event) or isinstance(event, e.DayClosed)]
    return [event for event in events if not isinstance(event, e.DayClosed) or event is counting[-1]]


def apply(work: Work, event: e.Event) -> None:
    match event:
        case e.Disbursed():
            _disbursed(work, event)
        case e.Paid():
            _paid(work, event)
        case e.SettledEarly():
            _settled_early(work, event)
        case e.ChargeAdded():
            _charge_added(work, event)
        case e.ChargeWaived():
            _charge_waived(work, event)
        case e.ChargeAdjusted():
            _settle(work, event, EntryKind.CHARGE_ADJUSTMENT, event.amount, "charge_adjustment", charge=event.charge)
        case e.ChargedBack() if by_kind(work):
            owe_again_by_kind(work, event)
        case e.ChargedBack():
            owe_again(work, event, EntryKind.CHARGEBACK)
        case e.CreditRefunded():
            owe_again(work, event, EntryKind.CREDIT_REFUND)
        case e.CashRefunded():
            _cash_refunded(work, event)
        case e.InterestWaived():
            _forgiven(work, event, Kind.INTEREST, event.amount, EntryKind.INTEREST_WAIVER)
        case e.Forgiven():
            _forgiven(work, event, event.kind, event.amount, EntryKind.FORGIVENESS)
        case e.ChargedOff():
            work.charged_off_on = event.on
            work.record(event, EntryKind.CHARGE_OFF, work.owed)
        case e.WrittenOff():
            _written_off(work, event)
        case e.Compensated():
            _compensated(work, event)
        case e.Accrued():
            work.record(event, EntryKind.ACCRUAL, event.parts)
        case e.ReAged():
            re_age(work, event)
        case e.ReAmortised():
            re_amortise(work, event)
        case e.Transferred():
            work.funder = event.to
        case e.DayClosed() if event.recalculated and work.progress is not None and work.charged_off_on is None:
            work.progress.count_until(event.on)
        case e.RateChanged() | e.Rescheduled() if event.annual_rate is not None and work.progress is not None:
            start = event.from_due if isinstance(event, e.Rescheduled) else event.on
            work.progress.change_rate(start, exact(event.annual_rate), event.on)
        case _:
            pass


def by_kind(work: Work) -> bool:
    """Whether a charge-back makes due again what the payment had settled, kind by kind; else it is all principal."""
    return work.product.credit_order != (Kind.PRINCIPAL,)


def _disbursed(work: Work, event: e.Disbursed) -> None:
    fee = work.fees.get(event.id, 0)
    if fee:
        work.record(event, EntryKind.FEE_AT_DISBURSEMENT, Parts(fee=fee))
    used = 0
    if work.grows:
        _grow(work, event)
    if work.overpaid:
        used = min(event.amount, work.overpaid)
        _, work.overpaid = settle(work, work.overpaid, event.on, rule_for(work, "default"))
    work.record(event, EntryKind.DISBURSEMENT, NOTHING, amount=event.amount, overpaid=used)


def _grow(work: Work, event: e.Disbursed) -> None:
    """Spread a tranche over the instalments still to come; its down payment falls due at once."""
    down = work.terms.down_payment(event.amount)
    if work.product.down_payment:
        line = next(line for line in work.lines if line.down_payment and line.due == event.on and not line.amounts.principal)
        line.add(Kind.PRINCIPAL, down, event.on)
    left = event.amount - down
    if work.progress is not None and event.on <= work.progress.model.periods[-1].due:
        work.progress.disburse(event.on, left)
        return
    lines = [line for line in by_due(work.lines) if line.due > event.on and line.kind in (LineKind.REGULAR, LineKind.RE_AGED)]
    lines = lines or [work.additional_line(event.on)]
    each = whole(Fraction(left, len(lines)))
    for line in lines[:-1]:
        before = line.amounts.principal
        grown = before + each
        if work.product.rounding.instalment_multiple is not None:
            grown = to_multiple(grown, work.product)
        line.add(Kind.PRINCIPAL, grown - before, event.on)
        left -= grown - before
    lines[-1].add(Kind.PRINCIPAL, left, event.on)


def _paid(work: Work, event: e.Paid) -> None:
    if event.kind is e.PaymentKind.RECOVERY:
        work.record(event, EntryKind.RECOVERY, NOTHING, amount=event.amount)
    else:
        _settle(work, event, PAYMENTS[event.kind], event.amount, event.kind.value)


def _settled_early(work: Work, event: e.SettledEarly) -> None:
    """What is not earned by that day is no longer owed. Where interest follows payments, the payment itself sees to that."""
    if cooling(work, event.on) or not work.follows_payments:
        work.progress = None
        let_go(work, event.on)
    if work.progress is not None and _closing(deepcopy(work), event) <= event.amount:
        _settle(work, event, EntryKind.EARLY_SETTLEMENT, event.amount, "early_settlement", offered=PLENTY)
    else:
        _settle(work, event, EntryKind.EARLY_SETTLEMENT, event.amount, "early_settlement")


def _closing(trial: Work, event: e.SettledEarly) -> int:
    """What a payment without end takes: the sum that closes the loan, whatever the waterfall."""
    _settle(trial, event, EntryKind.EARLY_SETTLEMENT, PLENTY, "early_settlement")
    return trial.entries[-1].parts.total


def _settle(
    work: Work, event: e.Event, kind: EntryKind, amount: int, rule: str, *, charge: str | None = None, offered: int | None = None
) -> None:
    """Lay money on what is owed; `offered` beyond the amount lets a settlement take what closes the loan and no more."""
    offered = amount if offered is None else offered
    if work.progress is not None:
        work.progress.begin(offered, event.on)
    claimed = work.subrogated.take(offered)
    work.subrogated -= claimed
    waterfall = rule_for(work, rule)
    if offered > amount or amount == PLENTY:
        waterfall = replace(waterfall, across=Across.HORIZONTAL, future=Future.NEXT)
    shares, left = settle(work, offered - claimed.total, event.on, waterfall)
    shares = [Share(0, claimed), *shares] if claimed else shares
    left -= offered - amount
    work.overpaid += left
    work.post(event, kind, amount, shares, overpaid=left, charge=charge)


def _charge_added(work: Work, event: e.ChargeAdded) -> None:
    if work.grows and event.charge not in work.charges:
        place(work, opened(event))
        _excess_settles(work)


def _excess_settles(work: Work) -> None:
    """Money paid in excess meets what has come up since, as part of the payment that it came with."""
    for number, entry in enumerate(work.entries):
        offered = min(entry.overpaid, work.overpaid)
        if offered and entry.kind in LIKE_REPAYMENTS:
            shares, left = settle(work, offered, entry.on, rule_for(work, entry.kind.value))
            work.overpaid -= offered - left
            parts = sum((share.parts for share in shares), entry.parts)
            work.entries[number] = replace(entry, parts=parts, overpaid=entry.overpaid - offered + left, shares=(*entry.shares, *shares))


def _charge_waived(work: Work, event: e.ChargeWaived) -> None:
    charge = work.charges.get(event.charge)
    if charge is None:
        work.entries.append(Entry(event.id, event.on, EntryKind.CHARGE_WAIVER, 0, charge=event.charge))
        return
    known = recognised_of(work, charge, event.order)
    amount = sum(share for _, share in waive(work, charge, event.amount, event.on))
    parts = Parts.of(charge.kind, min(amount, known))
    work.entries.append(Entry(event.id, event.on, EntryKind.CHARGE_WAIVER, amount, parts, charge=event.charge))


def _cash_refunded(work: Work, event: e.CashRefunded) -> None:
    """What settled nothing by that day cannot be taken back: it is owed again as principal."""
    shares, left = unwind(work, event.amount, event.on, "cash_refund")
    if left:
        line = line_after(work, event.on)
        work.credit(line, Parts(principal=left), event.on)
        shares.append(Share(line.number, Parts(principal=left)))
    work.post(event, EntryKind.CASH_REFUND, event.amount, shares)


def _forgiven(work: Work, event: e.Event, kind: Kind, amount: int, entry: EntryKind) -> None:
    left = amount
    for line in by_due(work.lines):
        left -= line.waive(kind, left, event.on)
    work.entries.append(Entry(event.id, event.on, entry, amount - left))


def _written_off(work: Work, event: e.WrittenOff) -> None:
    shares = [Share(line.number, line.write_off(event.on)) for line in by_due(work.lines) if not line.met]
    work.written_off = True
    amount = sum(share.parts.total for share in shares)
    work.post(event, EntryKind.WRITE_OFF, amount, shares)


def _compensated(work: Work, event: e.Compensated) -> None:
    """The instalments are met; what met them is owed to the guarantor from now on."""
    if work.progress is not None:
        work.progress.begin(event.amount, event.on)
    shares, left = settle(work, event.amount, event.on, rule_for(work, "compensation"))
    for share in shares:
        work.subrogated += share.parts
    work.post(event, EntryKind.COMPENSATION, event.amount, shares, overpaid=left)


def _finish(work: Work) -> None:
    """An additional line that came to nothing is no line."""
    for line in [line for line in work.lines if line.additional and not line.amounts.total and not line.paid.total]:
        work.lines.remove(line)
