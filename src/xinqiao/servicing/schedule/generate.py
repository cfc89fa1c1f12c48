"""`plan`: a product and a request become a schedule. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from xinqiao.kit import Money

from ..calendar import Calendar
from ..product.bounds import check_plan, check_request
from ..product.check import check_product
from ..product.model import Amortisation, Convention, Method, Product
from ..product.request import Request
from . import fees
from .accrual import Frame, Piece, frame
from .amortise import LEVEL, Part, amortise
from .dates import Period, periods
from .fees import Row
from .model import Basis, FeeLine, Payout, Plan, Planned, Stretch
from .rounding import to_minor


def plan(product: Product, request: Request) -> Plan:
    """The schedule of a loan, exact to the minor unit: its principal parts sum to what is lent.

    Raises ProductContradictory, RequestOutOfBounds, ScheduleImpossible, TooSmallForTerm.
    """
    check_product(product)
    check_request(product, request)
    stages = periods(product, request)
    owed = _owed(product, request)
    down = [(on, _down(product, amount)) for on, amount in owed]
    framed = frame(product, request, stages, [(on, amount - first) for (on, amount), (_, first) in zip(owed, down, strict=True)])
    parts = amortise(framed)
    rows = _rows(framed, parts)
    made = _numbered(product, [*_instalments(product, request, framed, parts, rows), *_down_payments(product, stages, down)], owed)
    interest = sum(row.interest for row in rows)
    rates = sorted({piece.annual_rate for pieces in framed.pieces for piece in pieces}) if product.repricing else []
    check_plan(
        product, (stages[0].unadjusted - request.start).days, rates, [i.total for i in made if not i.down_payment and i.principal.minor]
    )
    return Plan(
        principal=_money(product, sum(amount for _, amount in owed)),
        start=request.start,
        instalments=made,
        product=product,
        request=request,
        payouts=_payouts(product, request, interest),
        unpublished=_unpublished(product, stages),
    )


def _owed(product: Product, request: Request) -> list[tuple[date, int]]:
    """What each payout adds to the debt, with the fees it finances."""
    grown = fees.financed(product, request)
    return [(tranche.on, tranche.amount.minor + fee) for tranche, fee in zip(request.payouts, grown, strict=True)]


def _down(product: Product, amount: int) -> int:
    return to_minor(amount * Fraction(product.down_payment.fraction), product.rounding.mode) if product.down_payment else 0


def _rows(framed: Frame, parts: Sequence[Part]) -> list[Row]:
    """What is due of principal and interest; interest that a grace defers comes with the first instalment after it."""
    rows, repaid, deferred = [], 0, 0
    for index, (period, part) in enumerate(zip(framed.periods, parts, strict=True)):
        waits = index < framed.product.grace.interest_payment
        interest, deferred = (0, deferred + part.accrued) if waits else (part.accrued + deferred, 0)
        rows.append(Row(period, framed.pieces[index][0].lent - repaid, part.principal, interest))
        repaid += part.principal
    return rows


def _instalments(product: Product, request: Request, framed: Frame, parts: Sequence[Part], rows: Sequence[Row]) -> list[Planned]:
    charged = fees.due(product, request, rows)
    return [_planned(product, framed, parts, rows[index], index, charged[index]) for index in range(len(rows))]


def _planned(product: Product, framed: Frame, parts: Sequence[Part], row: Row, index: int, charged: tuple[FeeLine, ...]) -> Planned:
    premium, fee = (sum(line.amount.minor for line in charged if line.is_premium is kind) for kind in (True, False))
    amounts = [_money(product, minor) for minor in (row.principal, row.interest, premium, fee, 0)]
    basis = _basis(product, framed, parts, row, index, charged)
    return Planned(index + 1, row.period.due, *amounts, start=row.period.start, unadjusted=row.period.unadjusted, basis=basis)


def _basis(product: Product, framed: Frame, parts: Sequence[Part], row: Row, index: int, charged: tuple[FeeLine, ...]) -> Basis:
    part, repaid = parts[index], sum(one.principal for one in parts[:index])
    return Basis(
        opening=_money(product, framed.lent_by[index - 1] - repaid if index else 0),
        stretches=tuple(_stretch(product, piece, repaid) for piece in framed.pieces[index]),
        accrued=_money(product, part.accrued),
        level=None if part.level is None else _money(product, part.level),
        deferred=_money(product, max(row.interest - part.accrued, 0)),
        interest=_interest_formula(product, index),
        principal=_principal_formula(product, index, len(parts)),
        fees=charged,
    )


def _stretch(product: Product, piece: Piece, repaid: int) -> Stretch:
    balance = piece.lent - (0 if product.method is Method.FLAT else repaid)
    return Stretch(piece.start, piece.end, piece.days, piece.fraction, piece.annual_rate, _money(product, balance))


def _interest_formula(product: Product, index: int) -> str:
    grace = product.grace
    if index < grace.interest_free:
        return "interest.free"
    if index < grace.interest_payment:
        return "interest.deferred"
    return "interest.gathered" if index and index == grace.interest_payment else f"interest.{product.method}"


def _principal_formula(product: Product, index: int, count: int) -> str:
    if index == count - 1:
        return "principal.rest"
    if index < product.grace.principal or product.amortisation is Amortisation.INTEREST_ONLY:
        return "principal.none"
    if product.amortisation in LEVEL:
        return "principal.level"
    return "principal.share" if product.amortisation is Amortisation.CUSTOM else "principal.equal"


def _down_payments(product: Product, stages: Sequence[Period], down: Sequence[tuple[date, int]]) -> list[Planned]:
    nothing = _money(product, 0)
    return [
        Planned(
            0,
            on,
            _money(product, amount),
            nothing,
            nothing,
            nothing,
            nothing,
            on,
            on,
            Basis(nothing, principal="principal.down_payment"),
            True,
        )
        for on, amount in down
        if amount
    ]


def _numbered(product: Product, made: list[Planned], owed: Sequence[tuple[date, int]]) -> tuple[Planned, ...]:
    """In the order of their days, a down payment after an instalment of the same day; each with what is owed once it is paid."""
    ordered, repaid = [], 0
    for number, one in enumerate(sorted(made, key=lambda i: (i.unadjusted, i.down_payment)), start=1):
        repaid += one.principal.minor
        lent = sum(amount for on, amount in owed if on <= one.unadjusted)
        ordered.append(replace(one, number=number, balance=_money(product, lent - repaid)))
    return tuple(ordered)


def _payouts(product: Product, request: Request, interest: int) -> tuple[Payout, ...]:
    grown, kept = fees.financed(product, request), fees.deducted(product, request, interest)
    return tuple(
        Payout(tranche.on, tranche.amount + _money(product, more), _money(product, more), _money(product, less))
        for tranche, more, less in zip(request.payouts, grown, kept, strict=True)
    )


def _unpublished(product: Product, stages: Sequence[Period]) -> tuple[int, ...]:
    if product.business_days.convention is Convention.NONE:
        return ()
    calendar = Calendar(product.business_days.calendar)
    return tuple(sorted({p.unadjusted.year for p in stages if not calendar.published(p.unadjusted.year)}))


def _money(product: Product, minor: int) -> Money:
    return Money(minor, product.currency)
