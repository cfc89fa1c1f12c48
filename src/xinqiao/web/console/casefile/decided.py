"""Credit decisions with their reasons and points, and whether they and the screening come out alike when made again."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import fraud, vault
from xinqiao.credit import service as credit
from xinqiao.journeys.case import Case, look
from xinqiao.journeys.deciding import RECORD
from xinqiao.kit import Refused
from xinqiao.vault import audit

from ...i18n import Words
from .. import pictures
from ..desk import Desk, Operator
from ..overview import outcome_word


def decisions(desk: Desk, db: Connection, who: Operator, case: Case, words: Words) -> list[dict[str, Any]]:
    """Newest first. Reasons in words and points lie in the sealed record: opened, and logged, for those who may see data in clear."""
    return [_decision(desk, db, who, one, words) for one in reversed(credit.of_application(db=db, application_id=case.id))]


def _decision(desk: Desk, db: Connection, who: Operator, one: Any, words: Words) -> dict[str, Any]:
    record = opened(desk, db, who, one)
    reasons = [{"says": code, "help": "", "points": None} for code in one.reasons]
    if record:
        told = record["reasons"]
        reasons = [
            {"says": words.both(r["zh"], r["en"]), "help": words.both(r["help_zh"], r["help_en"]), "points": r["points"]} for r in told
        ]
    return {
        "id": one.id,
        "at": one.at,
        "outcome": outcome_word(words, one.outcome),
        "score": one.score,
        "band": one.band,
        "pd": words.percent(one.pd) if one.pd is not None else "–",
        "limit": words.money(one.limit),
        "amount": words.money(one.amount),
        "rate": words.percent(one.annual_rate) if one.annual_rate is not None else "–",
        "reasons": reasons,
        "points": pictures.points(words, record["points"], desk.house.model) if record and record["points"] else None,
        "versions": record["versions"] if record else {"model": one.model_sha256, "policy": one.policy_sha256},
        "sha256": one.record_sha256,
    }


def opened(desk: Desk, db: Connection, who: Operator, one: Any) -> dict[str, Any] | None:
    """The decision's record, for a role that may see data in clear; None for others, and once the person was forgotten."""
    if not who.may("personal.unmasked"):
        return None
    try:
        plain = vault.open_record(db=db, vault=desk.house.vault, person=one.person_id, label=RECORD, sealed=one.record)
    except Refused:
        return None
    audit.append(db, desk.house.clock, [audit.Entry("credit.record_opened", who.actor, one.person_id, {"decision": one.id})])
    return json.loads(plain)


def replays(desk: Desk, db: Connection, who: Operator, application: UUID) -> list[dict[str, Any]]:
    """Decide and screen again from what was stored; whether the same bytes come out. Logged like any look into a record."""
    case, found = look(db, application), []

    def unseal(person_id: UUID, sealed: bytes) -> bytes:
        return vault.open_record(db=db, vault=desk.house.vault, person=person_id, label=RECORD, sealed=sealed)

    for one in credit.of_application(db=db, application_id=application):
        audit.append(db, desk.house.clock, [audit.Entry("credit.replayed", who.actor, case.person, {"decision": one.id})])
        found.append({"what": "credit", "sha256": one.record_sha256, "equal": credit.replays(db=db, stored=one, unseal=unseal)})
    try:
        evidence = fraud.find(db=db, application_id=application)
        found.append({"what": "fraud", "sha256": evidence.sha256, "equal": fraud.replay(evidence) == evidence.record})
    except fraud.NotScreened:
        pass
    return found
