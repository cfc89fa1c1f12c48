"""Loans of products drawn widely, and what happens to them, all from one seed: quick to make by the hundred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from random import Random

from xinqiao.kit import Money, Refused
from xinqiao.kit.money import DECIMALS
from xinqiao.servicing.lifecycle import Agreement, refuse, replay
from xinqiao.servicing.lifecycle import events as e
from xinqiao.servicing.product.check import findings
from xinqiao.servicing.product.model import (
    Accrual,
    Across,
    Advance,
    Amortisation,
    BusinessDays,
    Convention,
    DayCount,
    DownPayment,
    Every,
    Fee,
    FeeBase,
    FeeTime,
    Future,
    Grace,
    Kind,
    Late,
    Method,
    Product,
    Recalculation,
    Remainder,
    Rounded,
    Rounding,
    Tranches,
    Unit,
    Waterfall,
    When,
)

Life = tuple[Agreement, list[e.Event]]
ORDER = tuple((when, kind) for when in When for kind in (Kind.PENALTY, Kind.FEE, Kind.PREMIUM, Kind.PRINCIPAL, Kind.INTEREST))
EARLY = (Kind.PRINCIPAL, Kind.PENALTY, Kind.FEE, Kind.PREMIUM, Kind.INTEREST)
DAY_COUNTS = [DayCount(month, year) for month, year in (("30", "360"), ("actual", "360"), ("actual", "365"), ("actual", "actual"))]
DISTANCES = [Every(), Every(1, Unit.WEEKS), Every(2, Unit.WEEKS), Every(15, Unit.DAYS), Every(3)]
SHAPES = [Amortisation.EQUAL_INSTALMENTS] * 3 + [shape for shape in Amortisation if shape is not Amortisation.CUSTOM]


def product(r: Random) -> Product:
    """One that does not contradict itself."""
    while True:
        drawn = _recalculating(r, _drawn(r)) if r.random() < 0.4 else _drawn(r)
        if not list(findings(drawn)):
            return drawn


def _drawn(r: Random) -> Product:
    shape, count = r.choice(SHAPES), r.randint(1, 18)
    fees = (Fee("guarantee", FeeTime.INSTALMENT, FeeBase.BALANCE, Decimal("0.02"), annual=True, payee="guarantor"),)
    return Product(
        "drawn",
        currency=r.choice(["CNY", "JPY", "KWD"]),
        method=r.choice([Method.DECLINING, Method.DECLINING, Method.FLAT]),
        amortisation=shape,
        accrual=r.choice(list(Accrual)),
        day_count=r.choice(DAY_COUNTS),
        annual_rate=r.choice([Decimal(0), Decimal("0.072"), Decimal("0.18"), Decimal("0.3599")]),
        every=r.choice(DISTANCES),
        instalments=count,
        first_due_after=r.choice([None, None, Every(r.randint(10, 45), Unit.DAYS)]),
        grace=r.choice([Grace(), Grace(), Grace(min(2, count - 1), min(1, count - 1))]),
        rounding=Rounded(r.choice(list(Rounding)), r.choice([None, None, Decimal(1)]), r.choice(list(Remainder))),
        business_days=r.choice([BusinessDays(), BusinessDays(), BusinessDays("CN", Convention.FOLLOWING)]),
        down_payment=r.choice([None, None, DownPayment(Decimal("0.25"))]),
        tranches=Tranches(r.randint(1, 3)),
        fees=r.choice([(), fees]),
        balloon=Decimal("0.3") if shape is Amortisation.BALLOON else None,
        steps=(Decimal(1), Decimal("1.2")) if shape is Amortisation.STEPPED else (),
        progressive=r.random() < 0.6,
        waterfalls={"default": _waterfall(r)},
        credit_order=r.choice([(Kind.PRINCIPAL,), tuple(Kind)]),
        late=Late(
            rate_multiple=r.choice([Decimal(0), Decimal("1.5")]),
            grace_days=r.choice([0, 3]),
            cap_fraction=r.choice([None, Decimal("0.02")]),
            on_interest=r.random() < 0.3,
        ),
        cooling_days=r.choice([0, 7]),
        settlement_fee=r.choice([Decimal(0), Decimal("0.01")]),
    )


def _waterfall(r: Random) -> Waterfall:
    return r.choice(
        [
            Waterfall(),
            Waterfall(early=EARLY, early_charges_first=True),
            Waterfall(order=ORDER, across=r.choice(list(Across)), future=r.choice(list(Future))),
        ]
    )


def _recalculating(r: Random, drawn: Product) -> Product:
    rule = Recalculation(
        advance=r.choice(list(Advance)),
        rest_same_as_period=r.random() < 0.3,
        early_settlement_until=r.choice(["settlement", "rest"]),
    )
    return replace(
        drawn,
        method=Method.DECLINING,
        amortisation=Amortisation.EQUAL_INSTALMENTS,
        accrual=Accrual.DAILY,
        recalculation=rule,
        annual_rate=drawn.annual_rate or Decimal("0.12"),
        grace=Grace(),
        fees=(),
        balloon=None,
        steps=(),
        first_due_after=None,
        business_days=BusinessDays(),
        rounding=Rounded(),
        settlement_fee=Decimal(0),
    )


@cache
def lent(seed: int) -> tuple[Agreement, tuple[e.Event, ...]]:
    """An agreement and its payouts."""
    r = Random(seed)
    while True:
        made = product(r)
        start = date(2023, 11, 25) + timedelta(r.randint(0, 120))
        scale = 10 ** DECIMALS[made.currency]
        amounts = [r.randint(2_000 * scale, 50_000 * scale) for _ in range(r.randint(1, made.tranches.most))]
        days = [0, *sorted(r.randint(0, 40) for _ in amounts[1:])]
        agreement = Agreement(product=made, principal=Money(sum(amounts), made.currency), applied_on=start)
        outs = [
            e.Disbursed(id=f"d{n}", on=start + timedelta(day), order=n, amount=amount)
            for n, (day, amount) in enumerate(zip(days, amounts, strict=True), start=1)
        ]
        try:
            replay(agreement, outs, on=outs[-1].on)
        except Refused:
            continue
        return agreement, tuple(outs)


@cache
def life(seed: int) -> Life:
    """A loan and all that happened to it; what the life refuses does not happen."""
    r = Random(seed)
    agreement, outs = lent(seed)
    known: list[e.Event] = list(outs)
    for _ in range(r.randint(1, 9)):
        event = happening(r, agreement, known)
        try:
            refuse(agreement, known, event)
        except Refused:
            continue
        known.append(event)
    return agreement, known


def happening(r: Random, agreement: Agreement, known: Sequence[e.Event]) -> e.Event:
    order = max(event.order for event in known) + 1
    lent_ = sum(event.amount for event in known if isinstance(event, e.Disbursed))
    facts = {"id": f"e{order}", "order": order, "on": known[0].on + timedelta(r.randint(0, 400))}
    paid = [event.id for event in known if isinstance(event, e.Paid)] or ["none"]
    added = [event.charge for event in known if isinstance(event, e.ChargeAdded)] or ["none"]
    kinds = [kind for kind in e.PaymentKind if kind is not e.PaymentKind.RECOVERY]
    due = facts["on"] + timedelta(r.randint(-20, 60))
    makers = [
        lambda: e.Paid(**facts, amount=r.randint(1, lent_ // 2), kind=r.choice(kinds)),
        lambda: e.Paid(**facts, amount=r.randint(1, lent_ // 6)),
        lambda: e.Paid(**facts, amount=r.randint(1, lent_ // 6)),
        lambda: e.ChargedBack(**facts, of=r.choice(paid), amount=r.randint(1, lent_ // 8)),
        lambda: e.CreditRefunded(**facts, amount=r.randint(1, lent_ // 8)),
        lambda: e.CashRefunded(**facts, amount=r.randint(1, lent_ // 10)),
        lambda: e.Reversed(**facts, of=r.choice(paid)),
        lambda: e.ChargeAdded(
            **facts, charge=f"c{order}", code="fee", amount=Decimal(r.randint(1, 5000)), due=due, penalty=r.random() < 0.5
        ),
        lambda: e.ChargeWaived(**facts, charge=r.choice(added)),
        lambda: e.DayClosed(**facts, recalculated=True),
    ]
    return r.choice(makers)()
