"""Fees and penalties: what each amounts to and with which instalment it falls due. Pure."""

from __future__ import annotations

from datetime import date

from ..product.model import FeeBase, FeeTime, Kind
from .events import Accrued, ChargeAdded, ReAged
from .line import Line, by_due
from .model import Charge, LineKind, Share
from .parts import NOTHING, Parts
from .rounding import exact, whole
from .work import OpenCharge, Piece, Work


def kind_of(event: ChargeAdded) -> Kind:
    return Kind.PENALTY if event.penalty else Kind.PREMIUM if event.payee == "guarantor" else Kind.FEE


def opened(event: ChargeAdded) -> OpenCharge:
    return OpenCharge(event, kind_of(event))


def reserve(work: Work, events: list[ChargeAdded]) -> None:
    """Make room after the last instalment when a charge falls due too late for it; re-ageing makes instalments for those that follow it."""
    re_aged = min((e.on for e in work.events if isinstance(e, ReAged)), default=None)
    latest = max((e.due for e in events if e.due and (re_aged is None or e.on < re_aged)), default=None)
    if latest is not None and work.lines and latest > work.last_line().due:
        work.additional_line(latest)


def place(work: Work, charge: OpenCharge) -> None:
    """Put a charge on the lines that it falls due with."""
    work.charges[charge.event.charge] = charge
    match charge.event.time:
        case FeeTime.INSTALMENT:
            for line in work.lines:
                if line.kind not in (LineKind.DOWN_PAYMENT, LineKind.ADDITIONAL):
                    _lay(charge, line, _of(charge.event, line.amounts))
        case FeeTime.DISBURSEMENT | FeeTime.TRANCHE:
            _at_disbursement(work, charge)
        case _:
            line = line_for(work, charge.event.due or charge.event.on)
            _lay(charge, line, due_amount(work, charge.event))


def _lay(charge: OpenCharge, line: Line, amount: int) -> None:
    charge.pieces.append(Piece(charge, line, amount))
    line.amounts += Parts.of(charge.kind, amount)
    line.settle_up(line.met_on)


def line_for(work: Work, due: date) -> Line:
    """The line whose period holds `due`: after its start, up to and with its due date; the first one with its start too."""
    lines = [line for line in by_due(work.lines) if not line.down_payment]
    for line in lines:
        if due <= line.due and (due > line.start or line is lines[0]):
            return line
    return work.additional_line(due)


def due_amount(work: Work, event: ChargeAdded) -> int:
    lent = NOTHING
    for line in work.lines:
        lent += line.amounts - line.credited
    base = Parts(principal=lent.principal, interest=lent.interest)
    if event.base is FeeBase.PRINCIPAL and event.due and work.product.tranches.most > 1:
        base = Parts(principal=sum(t.amount for t in work.terms.tranches if t.on <= event.due))
    return _of(event, base)


def _of(event: ChargeAdded, parts: Parts) -> int:
    match event.base:
        case FeeBase.FLAT:
            return whole(exact(event.amount))
        case FeeBase.PRINCIPAL | FeeBase.BALANCE:
            base = parts.principal
        case FeeBase.INTEREST:
            base = parts.interest
        case FeeBase.PRINCIPAL_AND_INTEREST:
            base = parts.principal + parts.interest
    return whole(base * exact(event.amount))


def _at_disbursement(work: Work, charge: OpenCharge) -> None:
    event, tranches = charge.event, work.terms.tranches
    once = event.time is FeeTime.DISBURSEMENT
    for tranche in tranches[:1] if once else tranches:
        lent = work.agreement.principal.minor if once and not tranche.disbursed else tranche.amount
        amount = whole(exact(event.amount)) if event.base is FeeBase.FLAT else whole(lent * exact(event.amount))
        work.fees[tranche.event] = work.fees.get(tranche.event, 0) + amount
        charge.at_disbursement += amount


def waive(work: Work, charge: OpenCharge, amount: int | None, on: date) -> list[tuple[Line, int]]:
    """Give up what is unpaid of a charge; return what was given up on which line."""
    left, given = sum(p.owed for p in charge.pieces) if amount is None else amount, []
    for piece in charge.pieces:
        share = piece.line.waive(charge.kind, min(left, piece.owed), on)
        piece.waived += share
        left -= share
        given.append((piece.line, share))
    return given


def recognised_of(work: Work, charge: OpenCharge, before: int) -> int:
    """How much of what is owed of a charge was recognised as income by events recorded before `before`; the earliest due come first."""
    left = sum(event.parts[charge.kind] for event in work.events if isinstance(event, Accrued) and event.order < before)
    alike = [other for other in work.charges.values() if other.kind is charge.kind]
    for other in sorted(alike, key=lambda other: other.due or other.event.on):
        share = min(left, sum(piece.amount for piece in other.pieces))
        if other is charge:
            return max(0, share - sum(piece.paid for piece in charge.pieces))
        left -= share
    return 0


def due_by(work: Work, kind: Kind, on: date) -> int:
    """What charges of `kind` that are due by `on` amount to, wherever they lie, each in full while anything of it is unpaid."""
    open_ = [charge for charge in work.charges.values() if charge.kind is kind and any(piece.owed for piece in charge.pieces)]
    return sum(piece.amount for charge in open_ for piece in charge.pieces if (charge.due or _first_owed(charge)) <= on)


def _first_owed(charge: OpenCharge) -> date:
    return min(piece.line.due for piece in charge.pieces if piece.owed)


def frozen(charge: OpenCharge, tranches_out: bool) -> Charge:
    event = charge.event
    paid = sum(p.paid for p in charge.pieces) + (charge.at_disbursement if tranches_out else 0)
    return Charge(
        event.charge,
        event.code,
        event.time,
        event.base,
        event.amount,
        event.on,
        event.due,
        event.penalty,
        event.payee,
        sum(p.amount for p in charge.pieces) + charge.at_disbursement,
        paid,
        sum(p.waived for p in charge.pieces),
        shares=tuple(Share(p.line.number, Parts.of(charge.kind, p.amount)) for p in charge.pieces),
    )
