"""Offer, loan and ledger as the pack writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import plain
from xinqiao.servicing import Loan, Offer, Repayment, View, ledger
from xinqiao.servicing.ledger import Account, Entry, Kind
from xinqiao.servicing.schedule import Instalment

MOST_ENTRIES = 20_000
PER_LOAN = (Kind.PRINCIPAL, Kind.INTEREST, Kind.PREMIUM, Kind.FEES)
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


def loan(seen: View, repaid: Sequence[Repayment]) -> dict[str, Any]:
    facts = plain(seen.loan)
    standing = {"on": seen.on, "paid": seen.paid, "owed": seen.owed, "days_past_due": seen.days_past_due, "bucket": seen.bucket}
    return {**facts, "principal": seen.loan.principal, "status": seen.loan.status, "standing": standing, "repayments": list(repaid)}


def ledger_of(db: Connection, made: Loan) -> dict[str, Any]:
    """Every transfer about the loan, each once, and the accounts they move between."""
    accounts = _accounts(made)
    found: dict[UUID, dict[str, Any]] = {}
    mine = [(account, ledger.entries(db=db, account=account, limit=MOST_ENTRIES)) for account in accounts if account.owner == made.id]
    for account, entries in mine:
        found.update((one.transfer, _transfer(account, one)) for one in entries)
    capital = Account(Kind.CAPITAL, made.funder_id, made.principal.currency)
    for one in _beside(db, made, capital, {entry.at for _, entries in mine for entry in entries}):
        found.setdefault(one.transfer, _transfer(capital, one))
    used = {side for one in found.values() for side in (one["debit"], one["credit"])}
    transfers = sorted(found.values(), key=lambda one: (plain(one["at"]), str(one["id"])))
    return {
        "loan": made.id,
        "currency": made.principal.currency,
        "accounts": [{"id": one.id, "kind": one.kind, "owner": one.owner} for one in accounts if one.id in used],
        "transfers": transfers,
    }


def _beside(db: Connection, made: Loan, capital: Account, instants: set[datetime]) -> Iterable[Entry]:
    """The loan's transfers on its funder's capital account, which other loans share: they were posted in the same lists as its own."""
    for at in sorted(instants):
        for one in ledger.entries(db=db, account=capital, limit=MOST_ENTRIES, before=at + timedelta(microseconds=1)):
            if one.at != at:
                break
            if one.subject == made.id:
                yield one


def _accounts(made: Loan) -> list[Account]:
    """All accounts that a loan's money passes through."""
    currency = made.principal.currency
    shared = [Account(Kind.CLEARING, currency=currency), Account(Kind.PLATFORM, currency=currency)]
    parties = [Account(Kind.CAPITAL, made.funder_id, currency), Account(Kind.FUNDER, made.funder_id, currency)]
    guarantor = [Account(Kind.GUARANTOR, made.guarantor_id, currency)] if made.guarantor_id else []
    return [*shared, *parties, *guarantor, *(Account(kind, made.id, currency) for kind in PER_LOAN)]


def _transfer(account: Account, entry: Entry) -> dict[str, Any]:
    """A transfer from one of its two entries; a debit is positive."""
    debit, credit = (account.id, entry.other) if entry.amount.is_positive else (entry.other, account.id)
    minor = abs(entry.amount.minor)
    return {"id": entry.transfer, "at": entry.at, "what": entry.what, "debit": debit, "credit": credit, "minor": minor}
