"""The offer with its full cost, and the loan that came of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import servicing
from xinqiao.journeys.case import Case
from xinqiao.kit import Money

from ...i18n import Words
from ..desk import Desk
from ..words import COSTS, STATES


def offer_of(db: Connection, case: Case) -> Any:
    """The one that stands, else the last that was made; None before any."""
    made = servicing.offers_of(db=db, application_id=case.id)
    return next((one for one in made if str(one.id) == case.progress.offer), made[-1] if made else None)


def offered(db: Connection, offer: Any, words: Words) -> dict[str, Any]:
    signature = servicing.signature_of(db=db, offer_id=offer.id)
    return {
        "id": offer.id,
        "made": offer.made_at,
        "expires": offer.expires_at,
        "percent": f"{offer.rates.percent}%",
        "effective": f"{offer.rates.effective_percent}%",
        "principal": words.money(offer.principal),
        "to_repay": words.money(offer.to_repay),
        "costs": [
            {"name": words.gettext(COSTS.get(one.name, one.name)), "amount": words.money(one.amount), "percent": f"{one.annual_percent}%"}
            for one in offer.costs
        ],
        "contracts": {language: contract.sha256 for language, contract in offer.contracts.items()},
        "signature": signature,
    }


def lent(desk: Desk, db: Connection, loan_id: UUID, words: Words) -> dict[str, Any]:
    seen = servicing.view(db=db, clock=desk.house.clock, loan_id=loan_id)
    return {
        "id": loan_id,
        "status": (words.gettext("Repaid"), "good") if seen.loan.closed_on else (words.gettext("Running"), "live"),
        "principal": words.money(seen.loan.principal),
        "outstanding": words.money(seen.loan.outstanding),
        "paid": words.money(seen.paid),
        "overdue": words.money(seen.owed.overdue),
        "payoff": words.money(seen.owed.payoff),
        "days": seen.days_past_due,
        "bucket": seen.bucket,
        "on": seen.loan.disbursed_on,
        "rows": [_instalment(seen, state, words) for state in seen.states],
        "repayments": [
            {"at": one.at, "amount": words.money(one.amount), "key": one.key} for one in servicing.repayments(db=db, loan_id=loan_id)
        ],
    }


def _instalment(seen: Any, state: Any, words: Words) -> dict[str, Any]:
    one, currency = state.instalment, seen.loan.principal.currency
    word, tone = STATES[seen.status_of(state)]
    return {
        "number": one.number,
        "due": one.due,
        "payment": words.money(Money(state.scheduled.total, currency)),
        "principal": words.money(one.principal),
        "interest": words.money(one.interest),
        "premium": words.money(one.premium),
        "paid": words.money(Money(state.paid.total, currency)),
        "state": (words.gettext(word), tone),
    }
