"""Fees and premiums as the schedule can know them: at payout and with each instalment. Pure.

A financed fee is added to what is owed, a deducted one is kept back from the payout, any other is due with the instalment in whose period
it falls. Fees of a due date that is given later, and of lateness, belong to the loan's life.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from xinqiao.kit import Money

from ..product.model import Accrual, Fee, FeeBase, FeePaid, FeeTime, Product
from ..product.request import Request, Tranche
from .dates import Period, of_year
from .model import PREMIUM, FeeLine
from .rounding import to_minor

__all__ = ["PREMIUM", "Row", "deducted", "due", "financed"]


@dataclass(frozen=True, slots=True)
class Row:
    """One instalment before fees, minor units."""

    period: Period
    opening: int
    principal: int
    interest: int


def financed(product: Product, request: Request) -> list[int]:
    """What each payout grows by."""
    return [_at_payout(product, request, index, FeePaid.FINANCED, 0) for index in range(len(request.payouts))]


def deducted(product: Product, request: Request, interest: int) -> list[int]:
    """What is kept back from each payout; `interest` is that of the whole loan."""
    return [_at_payout(product, request, index, FeePaid.DEDUCTED, interest) for index in range(len(request.payouts))]


def due(product: Product, request: Request, rows: Sequence[Row]) -> list[tuple[FeeLine, ...]]:
    """The fees and premiums of each instalment, one by one."""
    lines: list[list[FeeLine]] = [[] for _ in rows]
    for fee in product.fees:
        for index, line in _collected(product, request, fee, rows) if not fee.penalty else ():
            lines[index].append(line)
    return [tuple(line) for line in lines]


def _collected(product: Product, request: Request, fee: Fee, rows: Sequence[Row]) -> list[tuple[int, FeeLine]]:
    """A fee's amounts by the instalment they are due with."""
    if fee.spread:
        whole = _line(product, fee, 0)
        return [(i, replace(whole, amount=part, part=Fraction(1, len(rows)))) for i, part in enumerate(whole.amount.split(len(rows)))]
    if fee.time is FeeTime.INSTALMENT:
        return [(index, _of_row(product, request, fee, row)) for index, row in enumerate(rows)]
    if fee.paid is not FeePaid.DUE:
        return []
    interest = sum(row.interest for row in rows)
    if fee.time is FeeTime.DISBURSEMENT:
        return [(0, _line(product, fee, _lent_base(fee, request.principal.minor, interest)))]
    if fee.time is FeeTime.TRANCHE:
        return [(_falls(rows, t.on), _line(product, fee, _lent_base(fee, t.amount.minor, interest))) for t in request.payouts]
    return []


def _falls(rows: Sequence[Row], on: date) -> int:
    """The instalment in whose period the day lies."""
    return next(index for index, row in enumerate(rows) if row.period.start <= on < row.period.end)


def _of_row(product: Product, request: Request, fee: Fee, row: Row) -> FeeLine:
    bases = {
        FeeBase.FLAT: 0,
        FeeBase.PRINCIPAL: request.principal.minor,
        FeeBase.BALANCE: row.opening,
        FeeBase.INTEREST: row.interest,
        FeeBase.PRINCIPAL_AND_INTEREST: row.principal + row.interest,
    }
    return _line(product, fee, bases[fee.base], _year_part(product, row.period) if fee.annual else Fraction(1))


def _year_part(product: Product, period: Period) -> Fraction:
    """An annual rate's part for a period: a twelfth for a month, an odd period in proportion."""
    whole = period.whole if product.accrual is Accrual.DAILY or product.partial_periods else Fraction(max(1, int(period.whole)))
    return whole * of_year(product.every, product.day_count, period.start)


def _at_payout(product: Product, request: Request, index: int, paid: FeePaid, interest: int) -> int:
    return sum(_of_payout(product, fee, request, index, interest) for fee in product.fees if fee.paid is paid and not fee.penalty)


def _of_payout(product: Product, fee: Fee, request: Request, index: int, interest: int) -> int:
    tranche: Tranche = request.payouts[index]
    if fee.time is FeeTime.TRANCHE:
        return _line(product, fee, _lent_base(fee, tranche.amount.minor, interest)).amount.minor
    if fee.time is FeeTime.DISBURSEMENT and index == 0:
        return _line(product, fee, _lent_base(fee, request.principal.minor, interest)).amount.minor
    return 0


def _lent_base(fee: Fee, lent: int, interest: int) -> int:
    return {FeeBase.INTEREST: interest, FeeBase.PRINCIPAL_AND_INTEREST: lent + interest}.get(fee.base, lent)


def _line(product: Product, fee: Fee, base: int, part: Fraction = Fraction(1)) -> FeeLine:
    """A flat sum or a fraction of the base, rounded once, within the fee's least and most."""
    flat = fee.base is FeeBase.FLAT
    exact = (Fraction(Money.parse(str(fee.amount), product.currency).minor) if flat else base * Fraction(fee.amount)) * part
    free = to_minor(exact, product.rounding.mode)
    amount = max(free, fee.least.minor) if fee.least else free
    amount = min(amount, fee.most.minor) if fee.most else amount
    of = None if flat else Money(base, product.currency)
    return FeeLine(fee.code, fee.payee, Money(amount, product.currency), fee.amount, of, part, bounded=amount != free)
