"""Records in the shape that leaves, built from what the room knows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from xinqiao.kit import Money, new_id, plain

from ..loans import Loan
from .model import Dispute, Notice, Record
from .shape import SHAPE


def negative(loan: Loan, made: Record, notice: Notice, *, in_dispute: bool) -> dict[str, Any]:
    told = {"id": notice.id, "given_at": notice.at, "grace_until": notice.grace_until}
    return _body(loan, "negative", made.id, made.at, made.consent, arrears=_arrears(made), notice=told, in_dispute=in_dispute)


def cleared(loan: Loan, made: Record, refers_to: UUID) -> dict[str, Any]:
    return _body(loan, "cleared", made.id, made.at, made.consent, refers_to=refers_to, arrears=_arrears(made))


def account_month(loan: Loan, month: Mapping[str, Any], *, consent: str, at: datetime, in_dispute: bool) -> dict[str, Any]:
    return _body(loan, "account", new_id(), at, consent, month=month, in_dispute=in_dispute)


def annotation(told: Mapping[str, Any], dispute: Dispute, state: str, at: datetime) -> dict[str, Any]:
    return _about(told, "annotation", at, refers_to=dispute.record_id, dispute=dispute.id, state=state, answer_by=dispute.answer_by)


def correction(told: Mapping[str, Any], dispute: Dispute, now: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    return _about(told, "correction", at, refers_to=dispute.record_id, dispute=dispute.id, now=now)


def deletion(told: Mapping[str, Any], refers_to: UUID, why: str, at: datetime) -> dict[str, Any]:
    return _about(told, "deletion", at, refers_to=refers_to, why=why)


def of_record(loan: Loan, made: Record) -> dict[str, Any]:
    """What `_about` needs of a record that was made before records left in this shape."""
    return _body(loan, made.kind, made.id, made.at, made.consent)


def arrears(since: date, days: int, bucket: str, overdue: Money) -> dict[str, Any]:
    return {"since": since, "days_past_due": days, "bucket": bucket, "overdue": str(overdue)}


def _arrears(made: Record) -> dict[str, Any]:
    return arrears(made.arrears_since, made.days_past_due, made.bucket, made.overdue)


def _body(loan: Loan, kind: str, record: UUID, at: datetime, consent: str, **more: Any) -> dict[str, Any]:
    account = {
        "id": loan.id,
        "funder": loan.funder_id,
        "opened_on": loan.disbursed_on,
        "currency": loan.principal.currency,
        "amount": str(loan.principal),
        "term_months": loan.terms.months,
    }
    body = {"shape": SHAPE, "kind": kind, "id": record, "made_at": at, "person": loan.person_id, "identity": None}
    return plain({**body, "account": account, "consent": {"receipt": consent}, **more})


def _about(told: Mapping[str, Any], kind: str, at: datetime, **more: Any) -> dict[str, Any]:
    """A record about another one: the same person, account and receipt."""
    same = {name: told[name] for name in ("person", "identity", "account", "consent")}
    return plain({"shape": SHAPE, "kind": kind, "id": new_id(), "made_at": at, **same, **more})
