"""The recorded suite's products as ours."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from xinqiao.kit import Money
from xinqiao.servicing.lifecycle import Agreement
from xinqiao.servicing.product.model import (
    Accrual,
    Across,
    Advance,
    Amortisation,
    DayCount,
    DownPayment,
    Every,
    Future,
    Grace,
    Kind,
    Limits,
    Method,
    Product,
    Recalculation,
    Rounded,
    Settlement,
    Tranches,
    Unit,
    Waterfall,
    When,
)

from .data import facts

METHODS = {"DECLINING_BALANCE": Method.DECLINING, "FLAT": Method.FLAT}
ACCRUALS = {"SAME_AS_REPAYMENT_PERIOD": Accrual.PERIOD, "DAILY": Accrual.DAILY}
AMORTISATIONS = {"EQUAL_INSTALLMENTS": Amortisation.EQUAL_INSTALMENTS, "EQUAL_PRINCIPAL_PAYMENTS": Amortisation.EQUAL_PRINCIPAL}
FUTURES = {
    "NEXT_INSTALLMENT": Future.NEXT,
    "LAST_INSTALLMENT": Future.LAST,
    "REAMORTIZATION": Future.REAMORTISE,
    "NEXT_LAST_INSTALLMENT": Future.NEXT_LAST,
}
PAYMENTS = {
    "DEFAULT": "default",
    "REPAYMENT": "repayment",
    "DOWN_PAYMENT": "down_payment",
    "GOODWILL_CREDIT": "goodwill_credit",
    "MERCHANT_ISSUED_REFUND": "merchant_refund",
    "PAYOUT_REFUND": "payout_refund",
    "REFUND_BY_CASH": "cash_refund",
    "REFUND_FOR_ACTIVE_LOAN": "cash_refund",
    "CHARGE_ADJUSTMENT": "charge_adjustment",
    "CHARGE_REFUND": "charge_refund",
    "CHARGE_PAYMENT": "charge_payment",
    "INTEREST_PAYMENT_WAIVER": "interest_payment_waiver",
    "INTEREST_REFUND": "interest_refund",
}
ADVANCES = {
    "REDUCE_EMI_AMOUNT": Advance.REDUCE_INSTALMENT,
    "REDUCE_NUMBER_OF_INSTALLMENTS": Advance.REDUCE_NUMBER,
    "RESCHEDULE_NEXT_REPAYMENTS": Advance.NEXT_REPAYMENTS,
    "ADJUST_LAST_UNPAID_PERIOD": Advance.REDUCE_NUMBER,
}
STANDARD_ORDER = tuple((when, kind) for when in When for kind in (Kind.PENALTY, Kind.FEE, Kind.PRINCIPAL, Kind.INTEREST))
BY_NUMBER = {"30": "30", "ACTUAL": "actual", "360": "360", "364": "364", "365": "365"}
INTEREST_RULES = {
    "NONE": (),
    "INTEREST": (Kind.INTEREST,),
    "FEE": (Kind.FEE, Kind.PENALTY),
    "INTEREST_AND_FEE": (Kind.INTEREST, Kind.FEE, Kind.PENALTY),
}


def every(count: int, unit: str) -> Every:
    return Every(count, Unit(unit.lower()))


class Shelf:
    """Products, with the settings that steps leave on them for scenarios to come."""

    def __init__(self) -> None:
        self.facts = deepcopy(facts())

    def rule(self, product: str, payment: str, future: str) -> None:
        """Set a payment type's future-instalment rule; its order becomes the standard one."""
        entries = self.facts["products"][product]["payment_allocation"]
        entry = next((e for e in entries if e["transaction_type"] == payment), None)
        if entry is None:
            entry = {"transaction_type": payment}
            entries.append(entry)
        entry["future_instalment_rule"] = future
        entry["order"] = [f"{when.name}_{kind.name}" for when, kind in STANDARD_ORDER]

    def start_type(self, product: str, kind: str) -> None:
        self.facts["products"][product]["repayment_start_date"] = kind

    def known(self, name: str) -> dict[str, Any]:
        facts = self.facts["products"][name]
        return self.known(facts["nearest"]) if facts.get("undefined") else facts

    def agreement(self, request: dict[str, Any], day: date) -> Agreement:
        """What the step applies for: the request's columns over the default request over the product."""
        facts = self.known(request["product"])
        product = product_of(request["product"], facts, request)
        rate = Decimal(str(request["interest_rate"])) / 100 * (12 if facts["interest_rate"]["per"] == "MONTH" else 1)
        principal = Money.parse(str(request["principal"]), facts["currency"])
        return Agreement(
            product=product,
            principal=principal,
            applied_on=day,
            expected_on=day,
            annual_rate=rate,
            instalments=int(request["number_of_repayments"]),
        )


def product_of(name: str, facts: dict[str, Any], request: dict[str, Any]) -> Product:
    multiple = facts["instalment_amount_in_multiples_of"]
    down = facts["down_payment"]
    level = facts["schedule_type"] == "PROGRESSIVE" and request["amortisation"] == "EQUAL_INSTALLMENTS"
    product = Product(
        code=name,
        currency=facts["currency"],
        method=METHODS[request["interest_type"]],
        amortisation=AMORTISATIONS[request["amortisation"]],
        accrual=ACCRUALS[request["interest_calculation"]],
        partial_periods=bool(facts["allow_partial_period_interest"]),
        day_count=_day_count(facts),
        every=every(int(request["repayment_every"]), request["repayment_frequency"]),
        instalments=int(request["number_of_repayments"]),
        grace=Grace(int(request["grace_principal"]), int(request["grace_interest"])),
        rounding=Rounded(instalment_multiple=None if multiple is None else Decimal(multiple), even_out=level),
        down_payment=DownPayment(Decimal(down["percentage"]) / 100, down["auto_repayment"]) if down["enabled"] else None,
        tranches=_tranches(facts),
        progressive=facts["schedule_type"] == "PROGRESSIVE",
        waterfalls=_waterfalls(facts, request["strategy"]),
        credit_order=_credit_order(facts),
        recalculation=_recalculation(facts),
        settlement=Settlement.WHOLE,
        due_from_application=facts["repayment_start_date"] == "SUBMITTED_ON_DATE",
    )
    return replace(product, limits=Limits())


def _day_count(facts: dict[str, Any]) -> DayCount:
    """Standing schedules count every actual year as 365 days."""
    year = facts["days_in_year"]
    year = "365" if facts["schedule_type"] == "CUMULATIVE" and year == "ACTUAL" else year
    return DayCount(BY_NUMBER[facts["days_in_month"]], BY_NUMBER[year])


def _tranches(facts: dict[str, Any]) -> Tranches:
    several = facts["multi_disburse"]
    over = facts["over_applied"]
    return Tranches(
        several["max_tranches"] or 1 if several["enabled"] else 1, Decimal(over["number"] or 0) / 100 if over["allowed"] else Decimal(0)
    )


def _credit_order(facts: dict[str, Any]) -> tuple[Kind, ...]:
    for entry in facts["credit_allocation"] or ():
        if entry["transaction_type"] == "CHARGEBACK":
            return tuple(Kind[name] for name in entry["order"])
    return (Kind.PRINCIPAL,)


def _waterfalls(facts: dict[str, Any], strategy: str) -> dict[str, Waterfall]:
    standard = (Kind.PENALTY, Kind.FEE, Kind.INTEREST, Kind.PRINCIPAL)
    match strategy:
        case "PENALTIES_FEES_INTEREST_PRINCIPAL_ORDER":
            return {"default": Waterfall(late=standard)}
        case "DUE_PENALTY_FEE_INTEREST_PRINCIPAL_IN_ADVANCE_PRINCIPAL_PENALTY_FEE_INTEREST":
            early = (Kind.PRINCIPAL, Kind.PENALTY, Kind.FEE, Kind.INTEREST)
            return {"default": Waterfall(late=standard, early=early, early_charges_first=True)}
        case "DUE_PENALTY_INTEREST_PRINCIPAL_FEE_IN_ADVANCE_PENALTY_INTEREST_PRINCIPAL_FEE":
            order = (Kind.PENALTY, Kind.INTEREST, Kind.PRINCIPAL, Kind.FEE)
            return {"default": Waterfall(late=order, early=order, early_charges_first=True)}
        case "ADVANCED_PAYMENT_ALLOCATION":
            across = Across(facts["schedule_processing"].lower())
            return {PAYMENTS[entry["transaction_type"]]: _ordered(entry, across) for entry in facts["payment_allocation"]}
    raise ValueError(f"no strategy {strategy}")


def _ordered(entry: dict[str, Any], across: Across) -> Waterfall:
    return Waterfall(order=tuple(_step(name) for name in entry["order"]), across=across, future=FUTURES[entry["future_instalment_rule"]])


def _step(name: str) -> tuple[When, Kind]:
    when = next(when for when in When if name.startswith(when.name + "_"))
    return when, Kind[name.removeprefix(when.name + "_")]


def _recalculation(facts: dict[str, Any]) -> Recalculation | None:
    given = facts["interest_recalculation"]
    if not given["enabled"]:
        return None
    same = given["rest_frequency"] == "SAME_AS_REPAYMENT_PERIOD"
    compound = given["compounding_frequency"]
    return Recalculation(
        advance=ADVANCES[given["advance_payment_adjustment"]],
        rest=None if same or given["rest_frequency"] == "DAILY" else every(given["rest_interval"], _unit(given["rest_frequency"])),
        rest_same_as_period=same,
        compounding=INTEREST_RULES[given["compounding"]],
        compound_every=every(given["compounding_interval"] or 1, _unit(compound)) if compound else None,
        early_settlement_until="rest" if given["pre_closure_interest"] == "TILL_REST_FREQUENCY_DATE" else "settlement",
    )


def _unit(frequency: str) -> str:
    return {"DAILY": "days", "WEEKLY": "weeks", "MONTHLY": "months", "SAME_AS_REPAYMENT_PERIOD": "months"}[frequency]


DAY = timedelta(1)
