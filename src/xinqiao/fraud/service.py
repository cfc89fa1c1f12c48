"""Screening: what the room does. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, events, new_id

from . import store
from .errors import NotScreened, ReplayDiffers
from .model import LONGEST_WINDOW, FraudEvidence, Label, Link, checked_indexes, jaccard, plain_facts
from .rules import Rules, load

LINK_MEMORY = timedelta(days=365)
LINK_DEPTH = 2
MOST_TOKENS = 64
MOST_CANDIDATES = 2_000


def register(
    *,
    db: Connection,
    clock: Clock,
    application_id: UUID,
    person_id: UUID,
    indexes: Mapping[str, bytes],
    tokens: Iterable[bytes] = (),
) -> None:
    """Make the application visible to other screenings; repeating adds only what is missing.

    Waits for other transactions that register one of the same index values, so that of two simultaneous applications the later
    to screen sees the earlier. Committed before `screen`, it gives near matches (faces, tokens) the same guarantee.
    """
    given = checked_indexes(indexes)
    store.lock(db, [f"application:{application_id}"])
    if not store.is_registered(db, application_id, list(given)):
        store.lock(db, [f"{kind}:{value.hex()}" for kind, value in given.items()])
        store.register(db, application=application_id, person=person_id, indexes=given, at=clock.now())
    store.register_tokens(db, application=application_id, person=person_id, tokens=_sketch(tokens), at=clock.now())


def screen(
    *,
    db: Connection,
    clock: Clock,
    application_id: UUID,
    person_id: UUID,
    indexes: Mapping[str, bytes],
    facts: Mapping[str, Any],
    tokens: Iterable[bytes] = (),
    rules: Rules | None = None,
) -> FraudEvidence:
    """Count, link, compare and judge; store the evidence and write `fraud.screened`.

    `indexes` are keyed blind indexes by kind (see KINDS), `facts` plain values for the rules, `tokens` blinded parts of the
    application's shape. A repeat returns the first evidence. A signal that cannot be computed refers the application.
    """
    sketch = _sketch(tokens)
    register(db=db, clock=clock, application_id=application_id, person_id=person_id, indexes=indexes, tokens=sketch)
    if found := store.evidence_of(db, application_id):
        return found[0]
    rules, now = rules or load(), clock.now()
    signals = _signals(db, rules, application_id, person_id, checked_indexes(indexes), sketch, now) | plain_facts(facts)
    evidence = judge(application_id, signals, rules, now)
    store.keep(db, evidence, person=person_id)
    events.append(db, [_event("fraud.screened", evidence, person_id)], at=now)
    return evidence


def judge(application_id: UUID, signals: Mapping[str, int | str | bool], rules: Rules, at: datetime) -> FraudEvidence:
    """The evidence that these signals give under these rules. Pure."""
    outcome, points, reasons = rules.judge(signals)
    return FraudEvidence(application_id, outcome, points, reasons, rules.version, rules.sha256, dict(sorted(signals.items())), at)


def replay(evidence: FraudEvidence, rules: Rules | None = None) -> bytes:
    """Judge the stored signals again by the rule version on record; equal to `evidence.record` unless something was altered.

    Raises ReplayDiffers when the rules that carry that version are not the ones that judged.
    """
    rules = rules or load(evidence.rule_version)
    if rules.sha256 != evidence.rules_sha256:
        raise ReplayDiffers(evidence.application_id, rules.version, rules.sha256, evidence.rules_sha256)
    return judge(evidence.application_id, evidence.signals, rules, evidence.at).record


def find(*, db: Connection, application_id: UUID) -> FraudEvidence:
    """The stored evidence; raises NotScreened."""
    return _found(db, application_id)[0]


def linked(*, db: Connection, application_id: UUID, limit: int = 50) -> list[Link]:
    """Applications that share an index value with this one, newest first."""
    return store.linked(db, application_id, limit=limit)


def label_of(*, db: Connection, application_id: UUID) -> Label | None:
    """The label that staff gave last, if any."""
    return store.latest_label(db, application_id)


def confirm(*, db: Connection, clock: Clock, application_id: UUID, label: Label, by: str) -> None:
    """Record what staff found out; linked applications are judged by it from now on. Repeating the latest label adds nothing."""
    evidence, person = _found(db, application_id)
    if store.latest_label(db, application_id) is label:
        return
    store.add_label(db, id=new_id(), application=application_id, person=person, to=label, by=by, at=clock.now())
    events.append(
        db,
        [events.Event("fraud.labelled", application_id, {"label": label, "by": by, "screening": evidence.sha256}, person)],
        at=clock.now(),
    )


def erase(*, db: Connection, person_id: UUID) -> int:
    """Delete a forgotten person's indexes and tokens; return how many rows went."""
    return store.erase(db, person_id)


def erase_faces(*, db: Connection, person_id: UUID) -> int:
    """Delete a person's face codes, as their consent to face processing has ended; return how many rows went."""
    return store.erase_faces(db, person_id)


def _found(db: Connection, application_id: UUID) -> tuple[FraudEvidence, UUID]:
    found = store.evidence_of(db, application_id)
    if found is None:
        raise NotScreened(application_id)
    return found


def _event(kind: str, evidence: FraudEvidence, person: UUID) -> events.Event:
    data = {
        "outcome": evidence.outcome,
        "points": evidence.points,
        "rules": evidence.rule_version,
        "reasons": [reason.rule for reason in evidence.reasons],
        "sha256": evidence.sha256,
    }
    return events.Event(kind, evidence.application_id, data, person)


def _sketch(tokens: Iterable[bytes]) -> list[bytes]:
    """The distinct tokens; of very many the smallest MOST_TOKENS (a bottom-k sketch: blinded tokens are uniform)."""
    return sorted(set(tokens))[:MOST_TOKENS]


def _signals(
    db: Connection, rules: Rules, application: UUID, person: UUID, indexes: Mapping[str, bytes], tokens: list[bytes], now: datetime
) -> dict[str, int | str | bool]:
    found: dict[str, int | str | bool] = dict(store.velocity(db, indexes, now=now))
    if face := indexes.get("face"):
        most = len(face) * 8 * rules.face_thousandths // 1000
        found["face.near_persons"] = store.near_faces(db, face, person=person, most_bits=most, since=now - LONGEST_WINDOW, now=now)
    return found | _links(db, rules, application, person, now) | _duplicates(db, rules, person, tokens, now)


def _links(db: Connection, rules: Rules, application: UUID, person: UUID, now: datetime) -> dict[str, int | bool]:
    """Walk LINK_DEPTH steps over shared indexes, breadth first, at most `rules.link_limit` applications."""
    linked: dict[UUID, UUID] = {}
    edge, truncated = [application], False
    for _ in range(LINK_DEPTH):
        room = rules.link_limit - len(linked)
        met = store.neighbours(db, edge, kinds=rules.link_kinds, seen=[application, *linked], since=now - LINK_MEMORY, limit=room + 1)
        truncated = truncated or len(met) > room
        edge = list(met)[:room]
        linked.update((one, met[one]) for one in edge)
        if truncated or not edge:
            break
    fraud, declined = store.standing(db, linked)
    return {
        "links.applications": len(linked),
        "links.persons": len(set(linked.values()) - {person}),
        "links.fraud": fraud,
        "links.declined": declined,
        "links.truncated": truncated,
    }


def _duplicates(db: Connection, rules: Rules, person: UUID, tokens: list[bytes], now: datetime) -> dict[str, int | bool]:
    """Exact Jaccard similarity to every application that could reach the threshold.

    Whoever shares at least t of n tokens shares one of any n - ceil(t n) + 1 of them: the rarest are asked for (prefix filtering,
    Chaudhuri, Ganti & Kaushik, ICDE 2006).
    """
    if not tokens:
        return {}
    since = now - LONGEST_WINDOW
    counts = store.token_counts(db, tokens, since=since, limit=MOST_CANDIDATES)
    needed = len(tokens) - -(-len(tokens) * rules.duplicate_thousandths // 1000) + 1
    rarest = sorted(tokens, key=lambda one: (counts.get(one, 0), one))[:needed]
    others = store.candidates(db, rarest, person=person, since=since, limit=MOST_CANDIDATES + 1)
    alike = [jaccard(frozenset(tokens), other) for other in others[:MOST_CANDIDATES]]
    return {
        "duplicates.applications": sum(one >= rules.duplicate_thousandths for one in alike),
        "duplicates.similarity": max((one for one in alike if one >= rules.duplicate_thousandths), default=0),
        "duplicates.truncated": len(others) > MOST_CANDIDATES,
    }
