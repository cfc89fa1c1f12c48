"""Offer, loan and ledger as the pack writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from xinqiao.kit import plain
from xinqiao.servicing import Happened, Loan, Offer, Repayment, View, ledger, loans
from xinqiao.servicing.schedule import Instalment

PARTS = ("principal", "interest", "premium", "fee")


def offer(made: Offer) -> dict[str, Any]:
    """Everything that was disclosed; the contracts by their hashes, for their texts are members of their own."""
    contracts = {
        language: {"template": one.template, "template_sha256": one.template_sha256, "sha256": one.sha256}
        for language, one in made.contracts.items()
    }
    names = ("id", "application_id", "person_id", "reservation_id", "funder", "guarantor", "terms", "made_at", "expires_at")
    disclosed = {
        "annual_cost_percent": made.rates.percent,
        "effective_percent": made.rates.effective_percent,
        "rates": made.rates,
        "costs": made.costs,
        "total_cost": made.total_cost,
        "to_repay": made.to_repay,
    }
    schedule = instalments(made.schedule.instalments)
    return {**{name: getattr(made, name) for name in names}, "contracts": contracts, "disclosed": disclosed, "schedule": schedule}


def instalments(rows: Iterable[Instalment]) -> list[dict[str, Any]]:
    return [{**plain(row), "total": plain(row.total)} for row in rows]


def states(seen: View) -> list[dict[str, Any]]:
    """The instalments with what was paid on each, in minor units by part."""
    return [
        {**row, "paid": state.paid.by_name, "settled": state.settled}
        for row, state in zip(instalments(state.instalment for state in seen.states), seen.states, strict=True)
    ]


def loan(seen: View, repaid: Sequence[Repayment], life: Sequence[Happened]) -> dict[str, Any]:
    """The loan as it stands, and its whole life, from which a reader reckons the same."""
    facts = {**plain(replace(seen.loan, agreement=None, splits={})), **loans.tell(seen.loan, life)}
    standing = {"on": seen.on, "paid": seen.paid, "owed": seen.owed, "days_past_due": seen.days_past_due, "bucket": seen.bucket}
    return {**facts, "principal": seen.loan.principal, "status": seen.loan.status, "standing": standing, "repayments": list(repaid)}


def ledger_of(db: Connection, made: Loan) -> dict[str, Any]:
    """Every transfer about the loan, and the accounts they move between."""
    posted = ledger.journal(db=db, subject=made.id, person=made.person_id)
    accounts = {side.id: side for one in posted for side in (one.debit, one.credit)}
    return {
        "loan": made.id,
        "currency": made.principal.currency,
        "accounts": [{"id": one.id, "kind": one.kind, "owner": one.owner} for _, one in sorted(accounts.items())],
        "transfers": [
            {"id": one.id, "at": one.at, "what": one.what, "debit": one.debit.id, "credit": one.credit.id, "minor": one.amount.minor}
            for one in posted
        ],
    }
