"""Standing schedules of every shape, from the schedule generator; what changes of terms do to them. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

from xinqiao.kit import Money

from ..product.model import Amortisation, FeePaid, FeeTime, Grace, Product
from ..product.request import Request, Tranche
from ..schedule import Plan, plan
from ..schedule.dates import shift
from .errors import LifeRefused
from .events import RateChanged, Rescheduled, Skipped
from .line import Line
from .model import LineKind
from .parts import Parts
from .rounding import whole
from .terms import Terms

RIGID = (Amortisation.CUSTOM, Amortisation.STEPPED, Amortisation.BULLET)
"""Shapes whose amounts belong to their places: their due dates can move, nothing else."""


def generated(terms: Terms) -> list[Line]:
    """Regular lines of the schedule that the generator draws, after every change of terms."""
    lines = lines_of(plan(_bare(terms.product), _request(terms)))
    for change in terms.changes:
        lines = _changed(terms, lines, change)
    return lines


def lines_of(made: Plan) -> list[Line]:
    return [Line(0, i.start, i.due, LineKind.REGULAR, _amounts(i.fee, i.premium, i.interest, i.principal)) for i in made.instalments]


def _amounts(fee: Money, premium: Money, interest: Money, principal: Money) -> Parts:
    return Parts(0, fee.minor, premium.minor, interest.minor, principal.minor)


def _bare(product: Product) -> Product:
    """Without what the fold itself sees to: down payments, fees at payout, late fees."""
    kept = tuple(fee for fee in product.fees if fee.paid is FeePaid.DUE and fee.time is FeeTime.INSTALMENT)
    return replace(product, down_payment=None, fees=kept, recalculation=None)


def _request(terms: Terms) -> Request:
    currency = terms.product.currency
    tranches = tuple(Tranche(t.on, Money(t.amount - terms.down_payment(t.amount), currency)) for t in terms.tranches)
    principal = Money(sum(t.amount.minor for t in tranches), currency)
    agreed = terms.agreement
    return Request(
        principal,
        terms.started,
        agreed.count,
        agreed.rate,
        first_due=agreed.first_due,
        applied=agreed.applied_on,
        tranches=tranches if len(tranches) > 1 else (),
        index_values=agreed.index_values,
    )


def _changed(terms: Terms, lines: list[Line], change: Rescheduled | Skipped | RateChanged) -> list[Line]:
    match change:
        case Skipped():
            change = Rescheduled(
                id=change.id, on=change.on, order=change.order, from_due=change.due, move_to=shift(change.due, terms.product.every)
            )
        case RateChanged():
            later = [line for line in lines if line.start >= change.on]
            if not later:
                return lines
            change = Rescheduled(id=change.id, on=change.on, order=change.order, from_due=later[0].due, annual_rate=change.annual_rate)
    at = next((i for i, line in enumerate(lines) if line.due >= change.from_due), None)
    return lines if at is None else [*lines[:at], *_tail(terms, lines[at:], change)]


def _tail(terms: Terms, lines: list[Line], change: Rescheduled) -> list[Line]:
    """What is left of the schedule, drawn anew on the principal still to fall due."""
    product = terms.product
    grows = change.extra_instalments or change.grace_principal or change.grace_interest or change.annual_rate is not None
    if product.amortisation in RIGID:
        if grows:
            raise LifeRefused("shape_is_rigid", "a schedule of this shape can only be moved", "此类还款计划只能调整日期")
        return _shifted(lines, change.move_to or lines[0].due, product)
    tail = replace(_bare(product), grace=Grace(change.grace_principal, change.grace_interest), balloon=product.balloon, repricing=None)
    count = len(lines) + change.extra_instalments + change.grace_principal
    owed = Money(sum(line.amounts.principal for line in lines), product.currency)
    rate = terms.agreement.rate if change.annual_rate is None else change.annual_rate
    first = change.move_to or lines[0].due
    drawn = lines_of(plan(tail, Request(owed, lines[0].start, count, rate, first_due=first)))
    return [replace_fees(line, lines[min(i, len(lines) - 1)], terms) for i, line in enumerate(drawn)]


def replace_fees(line: Line, before: Line, terms: Terms) -> Line:
    """Charges on the principal lent stay what they were; those on what is owed follow it."""
    if not terms.agreement.product.fees:
        return line
    line.amounts = Parts(0, before.amounts.fee, before.amounts.premium, line.amounts.interest, line.amounts.principal)
    return line


def _shifted(lines: list[Line], to: date, product: Product) -> list[Line]:
    start, moved = lines[0].start, []
    for number, line in enumerate(lines):
        due = shift(to, product.every, number) if product.amortisation is not Amortisation.CUSTOM else line.due + (to - lines[0].due)
        interest = whole(Fraction(line.amounts.interest * (due - start).days, max(1, (line.due - line.start).days)))
        moved.append(Line(0, start, due, LineKind.REGULAR, replace(line.amounts, interest=interest)))
        start = due
    return moved
