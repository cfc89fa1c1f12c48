"""`loan`: what a loan costs and what it owes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import cyclopts
from cyclopts import Parameter

from xinqiao.kit import Money, plain
from xinqiao.terminal import OK, Json, refusals, show, table

from . import close, rates, schedules

group = cyclopts.App(name="loan", help="Loans: quote a schedule with its annual cost, show a loan.")
rates.add(group)
schedules.add(group)
close.add(group)


def add(app: cyclopts.App) -> None:
    app.command(group)


@group.command
def quote(
    amount: str,
    *,
    rate: Annotated[Decimal, Parameter(help="Nominal annual interest, 0.108 is 10.8 %.")],
    months: int,
    premium: Annotated[Decimal, Parameter(help="Guarantee premium on the balance, a year.")] = Decimal(0),
    start: date | None = None,
    currency: str = "CNY",
    as_json: Json = False,
) -> int:
    """The schedule of equal instalments and the full annual cost."""
    from xinqiao.kit import SystemClock
    from xinqiao.servicing import Charge, Terms

    with refusals(as_json=as_json):
        terms = Terms(Money.parse(amount, currency), rate, months, start or SystemClock().today(), premium=Charge(annual_rate=premium))
        schedule = terms.schedule()
        percent = schedule.annual_rate().percent
        rows = [[i.number, i.due, i.principal, i.interest, i.premium, i.total, i.balance] for i in schedule.instalments]
        facts = {"apr_percent": str(percent), "instalments": [_row(i) for i in schedule.instalments]}
        title = f"{amount} {currency}, {months} months: {percent} % a year in all, {schedule.cost} {currency} over the amount lent"
        show(facts, as_json=as_json, human=lambda: table(title, ["", "due", "principal", "interest", "premium", "total", "balance"], rows))
    return OK


def _row(i: object) -> dict[str, object]:
    names = ("number", "due", "principal", "interest", "premium", "fee", "total", "balance")
    return {name: str(value) if isinstance(value := getattr(i, name), Money) else plain(value) for name in names}


@group.command(name="show")
def show_loan(loan: UUID, *, as_json: Json = False) -> int:
    """What a loan owes today."""
    from xinqiao import servicing

    from .house import opened

    with refusals(as_json=as_json), opened() as house:
        with house.begin() as db:
            seen = servicing.view(db=db, clock=house.clock, loan_id=loan)
        facts = {
            "loan": str(loan),
            "status": seen.loan.status,
            "days_past_due": seen.days_past_due,
            **plain(seen.owed),
        }
        show(facts, as_json=as_json, human=lambda: table("Loan", ["", ""], [[k, v] for k, v in facts.items()]))
    return OK
