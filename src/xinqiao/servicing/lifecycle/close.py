"""What the close of a business day finds to record. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ..product.model import FeeBase, FeeTime
from .model import Books, LineKind


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
