"""The fees and premiums that the product itself puts on an instalment whose interest follows payments. Pure."""

from __future__ import annotations

from dataclasses import replace

from xinqiao.kit import Money

from ..product.model import Fee, FeeTime
from ..product.request import Request
from ..schedule.dates import Period
from ..schedule.fees import Row, due
from .parts import Parts
from .plan import Slot
from .terms import Terms


def instalment_fees_of(terms: Terms, index: int, slot: Slot, opening: int) -> Parts:
    """By what was owed when the period began; a sum for the whole loan is spread over the instalments first agreed."""
    fees = [fee for fee in terms.product.fees if fee.time is FeeTime.INSTALMENT and not fee.penalty]
    if not fees:
        return Parts()
    product = replace(terms.product, fees=tuple(fee for fee in fees if not fee.spread))
    principal = Money(sum(tranche.amount for tranche in terms.tranches), product.currency)
    request = Request(principal, terms.started, terms.agreement.count, terms.agreement.rate)
    row = Row(Period(slot.start, slot.due, slot.due, slot.due), opening, 0, 0)
    charged = [(line.is_premium, line.amount.minor) for line in due(product, request, [row])[0]]
    charged += [(fee.payee == "guarantor", _part(terms, fee, index)) for fee in fees if fee.spread]
    return Parts(fee=sum(m for premium, m in charged if not premium), premium=sum(m for premium, m in charged if premium))


def _part(terms: Terms, fee: Fee, index: int) -> int:
    parts = Money.parse(str(fee.amount), terms.product.currency).split(terms.agreement.count)
    return parts[index].minor if index < len(parts) else 0
