"""One application with its evidence, gathered room by room for one page. What personal data it shows is masked, or was asked for by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import consent, fraud, funding, intake, servicing, staff, vault
from xinqiao.credit import service as decisions
from xinqiao.intake import Stage
from xinqiao.journeys import board
from xinqiao.journeys.case import Case, look
from xinqiao.journeys.deciding import RECORD
from xinqiao.journeys.progress import Step
from xinqiao.journeys.words import FIELDS, PURPOSES
from xinqiao.kit import Money, Refused, events
from xinqiao.partners import Partner
from xinqiao.vault import Field, Klass, Purpose, audit

from ..i18n import Words
from . import pictures
from .desk import Desk, Operator
from .overview import age, named, outcome_of, outcome_word
from .signals import STATES as SIGNAL_STATES
from .signals import reason_word, word_of
from .words import COSTS, ENDED, EVENTS, N_, PRODUCT_KINDS, STAGES, STATES, WHO, WHY, tone_of

UNMASK_FOR = (Purpose.APPLICATION, Purpose.FRAUD, Purpose.IDENTITY, Purpose.RIGHTS)
"""Purposes for which an operator may ask to see values in clear; the vault's policies and the person's consents decide."""
MOST_ACCESSES = 30


def gather(desk: Desk, db: Connection, who: Operator, words: Words, application: UUID) -> dict[str, Any]:
    """All panels of the page. Raises ApplicationUnknown."""
    case, parties = look(db, application), board.parties(db)
    logins = {str(one.id): one.login for one in staff.list_users(db=db)}
    offer = _offer(db, case)
    loan = servicing.loan_of_offer(db=db, offer_id=offer.id) if offer else None
    return {
        "case": case,
        "head": _head(case, words, parties, desk),
        "person": person(desk, db, who, words, case),
        "timeline": timeline(words, parties, logins, [*case.events, *(events.of(db, loan.id) if loan else ())]),
        "identity": _identity(case, words),
        "fraud": _fraud(db, case, words, parties),
        "decisions": _decisions(desk, db, who, case, words),
        "auction": _auction(db, case, words, parties),
        "reservation": _reservation(db, case, words, parties),
        "offer": offer and _offered(db, offer, words),
        "loan": loan and _loan(desk, db, loan.id, words, parties),
        "consents": _consents(db, case, words),
        "accesses": accesses(words, logins, parties, audit.page(db, person=case.person, limit=MOST_ACCESSES))
        if who.may("audit.read") or who.may("applications.review")
        else None,
        "review": _review(desk, case, words) if who.may("applications.review") and case.step is Step.REVIEW else None,
    }


def _head(case: Case, words: Words, parties: Mapping[UUID, Partner], desk: Desk) -> dict[str, Any]:
    one, (word, tone) = case.application, STAGES[case.application.stage]
    return {
        "id": one.id,
        "person": one.person_id,
        "reference": one.reference or str(one.id)[-8:].upper(),
        "stage": (words.gettext(word), tone),
        "outcome": outcome_of(case, words, dict(parties)),
        "amount": words.money(one.amount),
        "months": one.term_months,
        "scene": named(words, parties.get(one.scene_id)),
        "kind": words.gettext(PRODUCT_KINDS.get(one.kind.value, one.kind.value)),
        "purpose": one.loan_purpose,
        "region": one.region,
        "age_band": one.age_band,
        "created": one.created_at,
        "age": age(words, desk.house.clock.now() - one.created_at),
    }


def person(desk: Desk, db: Connection, who: Operator, words: Words, case: Case) -> dict[str, Any]:
    """What is held of the person, masked. What the vault refuses is said, not hidden."""
    if not who.sees_people:
        return {"refused": words.gettext("An administrator hands out access and therefore sees nobody's data."), "rows": []}
    try:
        held = set(vault.holds(db=db, person=case.person))
        asked = [field for field in FIELDS if field in held and field.klass is not Klass.C3]
        common = {"db": db, "vault": desk.house.vault, "clock": desk.house.clock, "purpose": Purpose.APPLICATION, "actor": who.actor}
        masks = vault.read_masked(person=case.person, fields=asked, **common) if asked else {}
    except Refused as refusal:
        return {"refused": refusal.message(words.language), "rows": []}
    rows = [{"field": field.value, "name": said(words, FIELDS[field]), "value": masks[field]} for field in FIELDS if field in masks]
    secret = [said(words, FIELDS[field]) for field in FIELDS if field in held and field.klass is Klass.C3]
    return {"refused": None, "rows": rows, "secret": words.both("、", ", ").join(secret)}


def said(words: Words, pair: Any) -> str:
    return words.both(pair.zh, pair.en)


def timeline(words: Words, parties: Mapping[UUID, Partner], logins: Mapping[str, str], found: list[events.Event]) -> list[dict[str, Any]]:
    """Events in words: when, who, what."""
    teller = Teller(words, parties, logins)
    return [teller.tell(event) for event in sorted(found, key=lambda one: one.id)]


class Teller:
    """Says an event in one line and one detail."""

    def __init__(self, words: Words, parties: Mapping[UUID, Partner], logins: Mapping[str, str]) -> None:
        self.words, self.parties, self.logins = words, parties, logins

    def tell(self, event: events.Event) -> dict[str, Any]:
        word, actor, _ = EVENTS.get(event.kind, (event.kind, "xinqiao", ""))
        return {
            "at": event.at,
            "what": self.words.gettext(word) if event.kind in EVENTS else event.kind,
            "who": self._who(actor, event.data),
            "tone": tone_of(event.kind, event.data),
            "detail": " · ".join(filter(None, self._details(event.kind, event.data))),
            "note": event.data.get("why") if event.kind.startswith("review.") and isinstance(event.data.get("why"), str) else None,
        }

    def _who(self, actor: str, data: Mapping[str, Any]) -> str:
        if actor == "operator":
            by = str(data.get("by", ""))
            return self.logins.get(by, by[-8:])
        if actor in ("funder", "scene") and data.get(actor):
            return self._party(data[actor])
        return self.words.gettext(WHO[actor])

    def _party(self, id_: Any) -> str:
        return named(self.words, self.parties.get(UUID(str(id_)))) if id_ else ""

    def _details(self, kind: str, data: Mapping[str, Any]) -> list[str]:
        w, found = self.words, []
        if "outcome" in data:
            found.append(outcome_word(w, str(data["outcome"]))[0])
        if "purpose" in data and data["purpose"] in set(Purpose):
            found.append(said(w, PURPOSES[Purpose(data["purpose"])]))
        if kind == "application.moved" or kind == "review.opened":
            found.append(f"{self._stage(data.get('from'))} → {self._stage(data.get('to'))}")
        if kind == "application.declined" or (kind == "review.opened" and isinstance(data.get("why"), list)):
            given = data["why"] if isinstance(data["why"], list) else [data.get("why")]
            found.append(w.both("、", ", ").join(w.gettext(WHY.get(one, str(one))) for one in given))
        found += [f"{w.gettext(label)} {self._number(data[name])}" for name, label in _NUMBERS.items() if data.get(name) not in (None, "")]
        if data.get("label"):
            found.append(w.gettext(_CALLED.get(str(data["label"]), str(data["label"]))))
        found += [w.percent(Decimal(str(data[name]))) for name in ("annual_rate",) if data.get(name)]
        found += [w.money(_money(data[name])) for name in ("principal", "amount") if isinstance(data.get(name), Mapping)]
        if kind == "funding.bids_taken" and data.get("best"):
            best = data["best"]
            found.append(w.gettext("best") + f" {self._party(best['funder'])} {w.percent(Decimal(best['all_in']))}")
        if kind == "servicing.aged":
            current = w.gettext("Current")
            found.append(f"{data.get('from') or current} → {data.get('to') or current}")
        return found

    @staticmethod
    def _number(value: Any) -> str:
        """A fraction (which events carry as text) with three decimals; whole numbers and words as they are."""
        try:
            return f"{float(value):.3f}" if "." in str(value) else str(value)
        except ValueError:
            return str(value)

    def _stage(self, stage: Any) -> str:
        return self.words.gettext(STAGES[Stage(stage)][0]) if stage in set(Stage) else ""


_NUMBERS = {
    "band": N_("Band"),
    "score": N_("score"),
    "points": N_("points"),
    "liveness_score": N_("liveness"),
    "match_score": N_("match"),
    "bids": N_("bids"),
    "reply": N_("reply"),
}
_CALLED = {
    "live": N_("called live"),
    "attack": N_("called an attack"),
    "retry": N_("to be recorded again"),
    "fraud": N_("Confirmed fraud"),
    "cleared": N_("Cleared"),
}
"""What a face check, or an operator who looked into fraud, calls a case."""


def _money(stored: Mapping[str, Any]) -> Money:
    return Money.parse(stored["amount"], stored["currency"])


def _identity(case: Case, words: Words) -> list[dict[str, Any]]:
    """Every face check: scores, signals with their state, reasons, versions; no picture exists to be shown."""
    return [_check(event, words) for event in case.events if event.kind == "identity.checked"]


def _short(value: object) -> str:
    """A measurement with three decimals (events carry floats as text); "–" for none."""
    if value is None:
        return "–"
    try:
        return f"{float(str(value)):.3f}".rstrip("0").rstrip(".")
    except ValueError:
        return str(value)


def _check(event: events.Event, words: Words) -> dict[str, Any]:
    data = event.data
    signals = [
        {
            "name": word_of(words, name),
            "state": _signal_state(words, one["state"]),
            "value": _short(one["value"]),
            "reason": reason_word(words, one["reason"], reviewed=data["outcome"] == "refer") if one.get("reason") else "",
        }
        for name, one in data.get("signals", {}).items()
        if one["state"] != "not_checked"
    ]
    return {
        "id": event.id,
        "at": event.at,
        "outcome": outcome_word(words, data["outcome"]),
        "liveness": _short(data.get("liveness_score")),
        "match": _short(data.get("match_score")),
        "signals": signals,
        "reasons": [reason_word(words, code) for code in data.get("reasons", [])],
        "versions": data.get("model_versions", {}),
        "took_ms": data.get("took_ms"),
    }


def _signal_state(words: Words, state: str) -> tuple[str, str]:
    word, tone = SIGNAL_STATES.get(state, (state, ""))
    return words.gettext(word), tone


def _fraud(db: Connection, case: Case, words: Words, parties: dict[UUID, Partner]) -> dict[str, Any] | None:
    try:
        found = fraud.find(db=db, application_id=case.id)
    except fraud.NotScreened:
        return None
    links = fraud.linked(db=db, application_id=case.id)
    others = intake.get_many(db=db, applications=[one.application_id for one in links])
    label = fraud.label_of(db=db, application_id=case.id)
    return {
        "outcome": outcome_word(words, found.outcome.value),
        "points": found.points,
        "version": found.rule_version,
        "sha256": found.sha256,
        "reasons": [{"rule": one.rule, "says": words.both(one.zh, one.en), "points": one.points} for one in found.reasons],
        "signals": [(name, value) for name, value in found.signals.items() if value not in (0, False)],
        "label": label.value if label else None,
        "links": [
            {
                "id": one.application_id,
                "kinds": ", ".join(one.kinds),
                "stage": (words.gettext(STAGES[other.stage][0]), STAGES[other.stage][1]),
                "same": other.person_id == case.person,
                "at": other.created_at,
            }
            for one in links
            if (other := others.get(one.application_id)) is not None
        ],
    }


def _decisions(desk: Desk, db: Connection, who: Operator, case: Case, words: Words) -> list[dict[str, Any]]:
    """Newest first. Reasons in words and points lie in the sealed record: opened, and logged, for those who may see data in clear."""
    return [_decision(desk, db, who, one, words) for one in reversed(decisions.of_application(db=db, application_id=case.id))]


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

    for one in decisions.of_application(db=db, application_id=application):
        audit.append(db, desk.house.clock, [audit.Entry("credit.replayed", who.actor, case.person, {"decision": one.id})])
        found.append({"what": "credit", "sha256": one.record_sha256, "equal": decisions.replays(db=db, stored=one, unseal=unseal)})
    try:
        evidence = fraud.find(db=db, application_id=application)
        found.append({"what": "fraud", "sha256": evidence.sha256, "equal": fraud.replay(evidence) == evidence.record})
    except fraud.NotScreened:
        pass
    return found


def _auction(db: Connection, case: Case, words: Words, parties: dict[UUID, Partner]) -> dict[str, Any] | None:
    auction = funding.bids_of(db=db, application_id=case.id)
    if auction is None:
        return None
    rows = [_bid(bid, words, parties, auction.tried) for bid in auction.bids]
    best: dict[UUID, Any] = {}
    for bid in auction.bids:
        best.setdefault(bid.funder_id, bid)
    return {
        "at": auction.at,
        "ceiling": words.percent(auction.ask.ceiling),
        "rows": [row for row in rows if row["eligible"]],
        "refused": [_refusal(bid, words, parties) for bid in best.values() if not bid.eligible],
        "chart": pictures.bids(words, [row for row in rows if row["eligible"]][:10]),
    }


def _bid(bid: Any, words: Words, parties: dict[UUID, Partner], tried: Mapping[Any, str]) -> dict[str, Any]:
    zh, en = funding.WORDS.get(tried.get(bid.pair, ""), ("", ""))
    return {
        "funder": named(words, parties.get(bid.funder_id)),
        "guarantor": named(words, parties.get(bid.guarantor_id)) if bid.guarantor_id else "–",
        "eligible": bid.eligible,
        "rate": words.percent(bid.annual_rate) if bid.annual_rate is not None else "–",
        "premium": words.percent(bid.premium) if bid.premium is not None else "–",
        "all_in": words.percent(bid.all_in) if bid.all_in is not None else "–",
        "parts": (bid.annual_rate, bid.premium),
        "version": bid.funder_version,
        "tried": words.both(zh, en),
    }


def _refusal(bid: Any, words: Words, parties: dict[UUID, Partner]) -> dict[str, str]:
    told = [words.both(*funding.WORDS.get(code, (code, code))) for code in bid.refusals]
    return {"funder": named(words, parties.get(bid.funder_id)), "why": words.both("；", "; ").join(told)}


def _reservation(db: Connection, case: Case, words: Words, parties: dict[UUID, Partner]) -> dict[str, Any] | None:
    one = funding.reservation_of(db=db, application_id=case.id)
    if one is None:
        return None
    word, tone = STATES.get(one.state.value, (one.state.value, ""))
    return {
        "id": one.id,
        "state": (words.gettext(word), tone),
        "funder": named(words, parties.get(one.funder_id)),
        "guarantor": named(words, parties.get(one.guarantor_id)) if one.guarantor_id else "–",
        "amount": words.money(one.amount),
        "rate": words.percent(one.annual_rate),
        "premium": words.percent(one.premium),
        "all_in": words.percent(one.all_in),
        "coverage": words.percent(one.coverage, 0),
        "expires": one.expires_at,
    }


def _offer(db: Connection, case: Case) -> Any:
    made = servicing.offers_of(db=db, application_id=case.id)
    return next((one for one in made if str(one.id) == case.progress.offer), made[-1] if made else None)


def _offered(db: Connection, offer: Any, words: Words) -> dict[str, Any]:
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


def _loan(desk: Desk, db: Connection, loan_id: UUID, words: Words, parties: dict[UUID, Partner]) -> dict[str, Any]:
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


def _consents(db: Connection, case: Case, words: Words) -> list[dict[str, Any]]:
    return [consent_row(one, words) for one in reversed(consent.history(db=db, person=case.person))]


def consent_row(one: consent.Receipt, words: Words) -> dict[str, Any]:
    if not one.agreed:
        state = (words.gettext("Refused"), "warn")
    elif one.ended_at is not None:
        state = (words.gettext(ENDED.get(one.ended_why or "", "ended")), "")
    else:
        state = (words.gettext("Given"), "good")
    return {
        "purpose": said(words, PURPOSES[one.purpose]),
        "state": state,
        "at": one.at,
        "ended": one.ended_at,
        "version": one.text_version,
        "language": one.language,
        "text": one.text_sha256,
        "recipient": one.recipient_name,
        "surface": one.surface,
        "application": one.application,
        "sha256": one.sha256,
    }


def accesses(words: Words, logins: Mapping[str, str], parties: Mapping[UUID, Partner], found: list[audit.Recorded]) -> list[dict[str, Any]]:
    """Entries of the log about people, in words."""
    return [_access(words, logins, parties, one) for one in found]


def _access(words: Words, logins: Mapping[str, str], parties: Mapping[UUID, Partner], one: audit.Recorded) -> dict[str, Any]:
    kind, _, id_ = one.actor.partition(":")
    purpose = one.data.get("purpose")
    fields = one.data.get("fields") or []
    return {
        "at": one.at,
        "place": f"{one.lane}/{one.seq}",
        "kind": one.kind,
        "refused": one.kind == "vault.refused",
        "masked": bool(one.data.get("masked")),
        "actor": _actor(words, kind, id_, logins, parties),
        "person": one.person,
        "purpose": said(words, PURPOSES[Purpose(purpose)]) if purpose in set(Purpose) else "",
        "fields": words.both("、", ", ").join(_field(words, f) for f in fields),
        "reason": one.data.get("reason") or one.data.get("event") or "",
        "hash": one.hash.hex(),
    }


def _field(words: Words, told: Any) -> str:
    """A field's word; entries about writing tell the field with its version."""
    name = told.get("field") if isinstance(told, Mapping) else told
    return said(words, FIELDS[Field(name)]) if isinstance(name, str) and name in {one.value for one in FIELDS} else str(name)


def _actor(words: Words, kind: str, id_: str, logins: Mapping[str, str], parties: Mapping[UUID, Partner]) -> str:
    if kind == "operator":
        return words.gettext("Operator") + f" {logins.get(id_, id_[-8:])}"
    if kind == "person":
        return words.gettext("The person")
    if kind == "service":
        return words.gettext("Xinqiao")
    try:
        return named(words, parties.get(UUID(id_)))
    except ValueError:
        return f"{kind} {id_[-8:]}"


def _review(desk: Desk, case: Case, words: Words) -> dict[str, Any]:
    """What a reviewer may grant: bands that the policy prices, the amount asked for or less."""
    found = case.progress.terms or {}
    bands = [one for one in desk.house.policy.bands if one.annual_rate is not None]
    cap = desk.house.policy.caps.get(case.application.kind.value)
    most = min(cap, case.application.amount) if cap else case.application.amount
    return {
        "bands": [{"name": one.name, "rate": words.percent(one.annual_rate)} for one in bands if one.annual_rate is not None],
        "band": found.get("band"),
        "most": words.money(most),
        "amount": str(most),
        "why": [words.gettext(WHY.get(one, one)) for one in case.progress.referrals],
    }
