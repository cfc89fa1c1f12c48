"""Contracts signed under the offers' terms, as agreements: what they mean stays as it was signed. Pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from ..contract import Prepayment, Terms
from ..product.model import Accrual, Fee, FeeBase, FeeTime, Late, Product, Recalculation, Settlement
from ..schedule import Base, Charge
from .model import Agreement

CLAUSES = {
    "schedule": "4",
    "interest": "3",
    "premium": "3",
    "fee": "3",
    "prepayment": "5",
    "settlement": "5",
    "waterfall": "5",
    "penalty": "6",
}
"""Of the contract's text, by what they govern."""
CODE = "contract"
"""The product of every loan made from an offer's terms; its numbers are the contract's own."""


def product_of(terms: Terms) -> Product:
    """等额本息, monthly, a whole month's interest each, premium and fee with every instalment; penalty interest by the day; settling early pays
    what is earned by the day, within the cooling-off days the principal alone."""
    fees = [_fee("premium", terms.premium, "guarantor"), _fee("fee", terms.fee, "platform")]
    return Product(
        code=CODE,
        currency=terms.principal.currency,
        accrual=Accrual.PERIOD,
        annual_rate=terms.annual_rate,
        instalments=terms.months,
        progressive=False,
        recalculation=Recalculation(instalment_first=True, late_bears_interest=False) if terms.prepayment is Prepayment.REDUCE else None,
        fees=tuple(fee for fee in fees if fee.amount),
        late=Late(annual_rate=terms.penalty_rate, days_in_year=terms.penalty_days_in_year),
        cooling_days=terms.cooling_days,
        settlement=Settlement.EARNED,
        clauses=CLAUSES,
    )


def _fee(code: str, charge: Charge, payee: str) -> Fee:
    if charge.spread is not None:
        return Fee(code, FeeTime.INSTALMENT, FeeBase.FLAT, charge.spread.decimal, spread=True, payee=payee)
    base = FeeBase.PRINCIPAL if charge.base is Base.PRINCIPAL else FeeBase.BALANCE
    return Fee(code, FeeTime.INSTALMENT, base, charge.annual_rate or Decimal(0), annual=True, payee=payee)


def agreement_of(terms: Terms, start: date | None = None) -> Agreement:
    """`start` is the day the money left, when it is not the one that the terms foresaw."""
    day = start or terms.start
    return Agreement(
        product=product_of(terms),
        principal=terms.principal,
        applied_on=day,
        expected_on=day,
        annual_rate=terms.annual_rate,
        instalments=terms.months,
    )
