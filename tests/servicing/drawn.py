"""Products and requests drawn at random, that do not contradict themselves; what cannot be lent is for the plan to refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

from hypothesis import assume
from hypothesis import strategies as st

from xinqiao.kit import Money
from xinqiao.kit.money import DECIMALS
from xinqiao.servicing.product import Product, Request, Tranche
from xinqiao.servicing.product.check import findings
from xinqiao.servicing.product.model import (
    Accrual,
    Amortisation,
    BusinessDays,
    Convention,
    DayCount,
    DownPayment,
    Every,
    Fee,
    FeeBase,
    FeePaid,
    FeeTime,
    Grace,
    Method,
    Remainder,
    Repricing,
    Rounded,
    Rounding,
    Tranches,
    Unit,
)
from xinqiao.servicing.schedule.dates import periods

RATES = st.decimals("0", "0.36", places=4)
CURRENCIES = st.sampled_from(["CNY", "JPY", "KWD"])
COUNTS = st.sampled_from(["30/360", "30E/360", "actual/360", "actual/364", "actual/365", "actual/actual"]).map(DayCount.parse)
DISTANCES = st.sampled_from([Every(), Every(1, Unit.WEEKS), Every(2, Unit.WEEKS), Every(15, Unit.DAYS), Every(3), Every(1, Unit.YEARS)])
SHAPES = st.sampled_from([shape for shape in Amortisation if shape is not Amortisation.CUSTOM])
FEES = st.builds(
    Fee,
    code=st.just("f"),
    time=st.sampled_from([FeeTime.DISBURSEMENT, FeeTime.TRANCHE, FeeTime.INSTALMENT]),
    base=st.sampled_from([FeeBase.PRINCIPAL, FeeBase.BALANCE, FeeBase.INTEREST]),
    amount=st.decimals("0", "0.05", places=3),
    annual=st.booleans(),
    paid=st.sampled_from(FeePaid),
    payee=st.sampled_from(["platform", "guarantor"]),
)


@st.composite
def products(draw: st.DrawFn) -> Product:
    shape, count = draw(SHAPES), draw(st.integers(1, 24))
    level = shape in (Amortisation.EQUAL_INSTALMENTS, Amortisation.BALLOON, Amortisation.STEPPED)
    repriced = draw(st.booleans())
    accrual = draw(st.sampled_from(Accrual))
    currency = draw(CURRENCIES)
    made = Product(
        "drawn",
        currency=currency,
        method=draw(st.sampled_from(Method)),
        amortisation=shape,
        accrual=accrual,
        partial_periods=draw(st.booleans()),
        day_count=draw(COUNTS),
        annual_rate=Decimal(0) if repriced else draw(RATES),
        every=draw(DISTANCES),
        instalments=count,
        first_due_after=draw(st.none() | st.builds(Every, st.integers(5, 45), st.just(Unit.DAYS))),
        grace=_grace(draw, shape, count, repriced),
        rounding=Rounded(
            draw(st.sampled_from(Rounding)),
            draw(st.sampled_from([None, None, Decimal(1)])),
            draw(st.sampled_from(Remainder)),
            level and draw(st.booleans()),
        ),
        business_days=draw(st.sampled_from([BusinessDays(), BusinessDays("CN", Convention.FOLLOWING, accrual is Accrual.DAILY)])),
        down_payment=draw(st.none() | st.just(DownPayment(Decimal("0.25")))),
        tranches=Tranches(draw(st.integers(1, 3))),
        repricing=Repricing("LPR", Decimal("0.01"), draw(st.none() | st.just(Every(3)))) if repriced else None,
        fees=draw(st.lists(FEES, max_size=1).map(tuple)),
        balloon=draw(st.decimals("0.05", "0.6", places=2)) if shape is Amortisation.BALLOON else None,
        steps=tuple(draw(st.lists(st.decimals("0.8", "1.5", places=2), min_size=1, max_size=3))) if shape is Amortisation.STEPPED else (),
    )
    assume(not list(findings(made)))
    return made


def _grace(draw: st.DrawFn, shape: Amortisation, count: int, repriced: bool) -> Grace:
    if shape in (Amortisation.BULLET, Amortisation.INTEREST_ONLY):
        return Grace()
    return Grace(draw(st.integers(0, min(3, count - 1))), draw(st.integers(0, min(2, count - 1))), draw(st.integers(0, min(2, count))))


@st.composite
def requests(draw: st.DrawFn, product: Product) -> Request:
    start = draw(st.dates(date(2023, 12, 1), date(2028, 3, 31)))
    scale = 10 ** DECIMALS[product.currency]
    parts = draw(st.lists(st.integers(2_000 * scale, 200_000 * scale), min_size=1, max_size=product.tranches.most))
    days = sorted(draw(st.lists(st.integers(0, 120), min_size=len(parts) - 1, max_size=len(parts) - 1)))
    tranches = tuple(
        Tranche(start + timedelta(after), Money(part, product.currency)) for after, part in zip([0, *days], parts, strict=True)
    )
    values = [(start - timedelta(30), draw(RATES)), (start + timedelta(draw(st.integers(1, 200))), draw(RATES))]
    return _odd(
        draw,
        product,
        Request(
            Money(sum(parts), product.currency),
            start,
            tranches=tranches if len(parts) > 1 else (),
            index_values=tuple(values) if product.repricing else (),
        ),
    )


def _odd(draw: st.DrawFn, product: Product, request: Request) -> Request:
    """Sometimes with a first or last period of another length."""
    first = draw(st.none() | st.integers(3, 70))
    made = replace(request, first_due=first and request.start + timedelta(first))
    last, before = periods(product, made)[-1].unadjusted, draw(st.integers(-6, 40))
    return replace(made, last_due=last + timedelta(before)) if draw(st.booleans()) else made


@st.composite
def harvests(draw: st.DrawFn) -> tuple[Product, Request]:
    """Own dates and parts."""
    start = draw(st.dates(date(2023, 12, 1), date(2028, 3, 31)))
    gaps = draw(st.lists(st.integers(1, 200), min_size=1, max_size=8))
    weights = draw(st.lists(st.integers(1, 20), min_size=len(gaps), max_size=len(gaps)))
    parts = [Decimal(weight * 10_000 // sum(weights)) / 10_000 for weight in weights[:-1]]
    dates = [start + timedelta(days) for days in accumulate(gaps)]
    assume(all(parts))
    product = Product(
        "harvest",
        currency=draw(CURRENCIES),
        method=draw(st.sampled_from(Method)),
        amortisation=Amortisation.CUSTOM,
        accrual=draw(st.sampled_from(Accrual)),
        day_count=draw(COUNTS),
        annual_rate=draw(RATES),
        instalments=len(gaps),
        custom=tuple(zip(dates, [*parts, 1 - sum(parts)], strict=True)),
        rounding=Rounded(draw(st.sampled_from(Rounding)), remainder=draw(st.sampled_from(Remainder))),
    )
    return product, Request(Money(draw(st.integers(10**5, 10**9)), product.currency), start)
