"""What each cost of a product adds to a plan's annual rate: interest, features of time, premiums and fees, laid on one after another.

The plan is drawn anew with each layer, so that a cost is charged with all that follows from it: a financed fee with the interest on it, a fee on
the balance with the balance that grace leaves standing.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from xinqiao.kit import Money
from xinqiao.kit.money import total

from .dates import Sides
from .model import Breakdown, Convention, Part
from .rates import percent_of
from .regulation_z import unit_of

if TYPE_CHECKING:
    from ..product import Product
    from ..product.model import Fee
    from ..schedule import Plan


def plan_breakdown(plan: Plan, *, convention: Convention = Convention.SINGLE_INTEREST) -> Breakdown:
    """A plan's annual rate, cost by cost; fees by their codes, "fee.<code>" or "premium.<code>". Raises FlowsRefused, NoAnnualRate.

    The order: interest of the plain loan; grace; a balloon; premiums, then fees, each as the product lists them. The money of a part is what
    the borrower pays more than without it, negative where a feature saves interest.
    """
    from ..schedule import plan as draw

    unit = unit_of(Sides.of(plan.flows()))
    parts, rate, cost = [], Decimal(0).scaleb(-convention.shown_to), Money(0, plan.principal.currency)
    steps = layers(plan.product)
    for what, product in steps:
        drawn = plan if (what, product) == steps[-1] else draw(product, plan.request)
        found = percent_of(drawn.flows(), convention, unit=unit)
        parts.append(Part(what, drawn.cost - cost, found - rate))
        rate, cost = found, drawn.cost
    received = total((payout.amount - payout.financed for payout in plan.payouts), plan.principal.currency)
    return Breakdown(convention, received, tuple(parts), rate)


def layers(product: Product) -> list[tuple[str, Product]]:
    """The plain product, and then what each step brings to it; the last one charges all that the product charges."""
    from ..product.model import Amortisation, Grace

    made = replace(product, fees=(), grace=Grace())
    if product.amortisation is Amortisation.BALLOON:
        made = replace(made, amortisation=Amortisation.EQUAL_INSTALMENTS, balloon=None)
    found = [("interest", made)]
    if product.grace != Grace():
        made = replace(made, grace=product.grace)
        found.append(("grace", made))
    if product.amortisation is Amortisation.BALLOON:
        made = replace(made, amortisation=product.amortisation, balloon=product.balloon)
        found.append(("balloon", made))
    for fee in sorted((fee for fee in product.fees if not fee.penalty), key=_is_fee):
        made = replace(made, fees=(*made.fees, fee))
        found.append((f"{'fee' if _is_fee(fee) else 'premium'}.{fee.code}", made))
    return found


def _is_fee(fee: Fee) -> bool:
    """Premiums come first; a fee of the guarantor's is one."""
    return fee.payee != "guarantor"
