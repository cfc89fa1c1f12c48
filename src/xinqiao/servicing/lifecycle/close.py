"""What the close of a business day finds to record. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..product.model import FeeBase, FeeTime
from .model import Books, EntryKind, Instalment, LineKind, Status
from .parts import NOTHING, Parts
from .rounding import whole


def overdue_charges(books: Books, *, code: str, base: FeeBase, amount: Decimal, on: date, wait_days: int) -> list[dict[str, Any]]:
    """Late fees that unpaid instalments have earned by the close of `on` and do not yet bear, as facts for `ChargeAdded`.

    An instalment earns one when it is unpaid more than `wait_days` after its due date; `amount` is minor units or a fraction of what is
    overdue of the instalment.
    """
    borne = {charge.due for charge in books.charges if charge.code == code and charge.active}
    late = [
        i
        for i in books.instalments
        if i.kind is not LineKind.ADDITIONAL and i.outstanding.total and i.due + timedelta(wait_days) <= on and i.due not in borne
    ]
    return [_fee(code, base, amount, i.due, i.outstanding.principal, i.outstanding.interest) for i in late]


def _fee(code: str, base: FeeBase, amount: Decimal, due: date, principal: int, interest: int) -> dict[str, Any]:
    over = {FeeBase.PRINCIPAL: principal, FeeBase.PRINCIPAL_AND_INTEREST: principal + interest, FeeBase.INTEREST: interest}
    minor = amount * over[base] if base in over else amount
    return {"code": code, "time": FeeTime.OVERDUE, "base": FeeBase.FLAT, "amount": minor, "due": due}


def accruals(books: Books, *, on: date, when_added: bool = False) -> list[tuple[date, Parts]]:
    """Income earned by the close of `on` and not recognised yet, as facts for `Accrued`: one for each instalment, dated on its due date when
    that has passed.

    Interest is earned by the day, a charge on its due day (`when_added`: on the day it was added). A loan charged off earns nothing.
    """
    if books.charged_off_on is not None or books.status not in (Status.ACTIVE, Status.OVERPAID, Status.CLOSED):
        return []
    left, found = recognised(books), []
    for instalment in books.instalments:
        earned = _earned(books, instalment, on, when_added=when_added)
        known = left.capped(earned)
        left -= known
        if earned - known:
            found.append((min(instalment.due, on), earned - known))
    return found


def recognised(books: Books) -> Parts:
    """Income recognised so far."""
    parts = NOTHING
    for entry in books.entries:
        if entry.kind is EntryKind.ACCRUAL and not entry.reversed:
            parts += entry.parts
    return parts


def last_accrual(books: Books) -> Parts:
    """What is still to be recognised when a loan ends, paid up or overpaid; nothing before."""
    if books.status not in (Status.CLOSED, Status.OVERPAID) or books.charged_off_on is not None:
        return NOTHING
    earned = NOTHING
    for instalment in books.instalments:
        earned += _income(instalment)
    left = earned - recognised(books)
    return Parts(*(max(0, amount) for amount in left.amounts))


def _income(i: Instalment) -> Parts:
    """All that an instalment earns: no principal, nothing waived, nothing that is merely owed again."""
    parts = i.amounts - i.credited - i.waived
    return Parts(parts.penalty, parts.fee, parts.premium, parts.interest)


def _earned(books: Books, i: Instalment, on: date, *, when_added: bool) -> Parts:
    income = _income(i)
    if i.due <= on:
        return income
    days = max(0, (on - i.start).days)
    earned = Parts(interest=whole(Fraction(income.interest * days, max(1, i.days))))
    for charge in books.charges:
        since = charge.added if when_added else charge.due
        if since is not None and since <= on:
            for share in charge.shares:
                earned += share.parts if share.number == i.number else NOTHING
    return earned.capped(income)
