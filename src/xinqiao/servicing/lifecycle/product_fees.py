"""The fees and premiums that the product itself puts on each instalment. Pure."""

from __future__ import annotations

from ..product.model import Kind
from ..product.request import Request
from ..schedule.dates import Period
from ..schedule.fees import Row, due
from .line import Line, by_due
from .parts import Parts
from .work import Work


def lay_fees(work: Work) -> None:
    """Each regular instalment's fees, by what was owed when its period began. Fees at payout are charges of their own."""
    product = work.product
    if not product.fees or not work.terms.tranches:
        return
    lines = [line for line in by_due(work.lines) if line.regular]
    request = Request(work.agreement.principal, work.terms.started, len(lines), work.agreement.annual_rate)
    rows = _rows(lines, sum(line.amounts.principal for line in work.lines))
    for kind, premium in ((Kind.FEE, False), (Kind.PREMIUM, True)):
        for line, amount in zip(lines, due(product, request, rows, premium=premium), strict=True):
            line.amounts += Parts.of(kind, amount)


def _rows(lines: list[Line], owed: int) -> list[Row]:
    rows = []
    for line in lines:
        period = Period(line.start, line.due, line.due, line.due)
        rows.append(Row(period, owed, line.amounts.principal, line.amounts.interest))
        owed -= line.amounts.principal
    return rows
