"""The room's verbs on the database. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, events, new_id, sha256_hex

from . import store
from .decision import replay
from .errors import ArtifactMissing, DecisionNotFound
from .model import Decision
from .policy import Policy
from .scorecard import CreditModel
from .store import Stored

Seal = Callable[[UUID, bytes], bytes]
"""Encrypts (or decrypts) a record under the key of the person with this id, so that forgetting the person makes it unreadable."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision and whom it is about."""

    application_id: UUID
    person_id: UUID
    decision: Decision


def remember(*, db: Connection, clock: Clock, models: Sequence[CreditModel] = (), policies: Sequence[Policy] = ()) -> None:
    """Keep models and policies by their SHA-256, so that decisions made with them replay for as long as they are kept."""
    kept = {model.sha256: ("model", model.name, model.body) for model in models}
    store.keep_artifacts(db, {**kept, **{p.sha256: ("policy", p.version, p.body) for p in policies}}, clock.now())


def record(*, db: Connection, clock: Clock, decisions: Sequence[Decided], seal: Seal | None = None) -> list[UUID]:
    """Store decisions by one statement, with one event "credit.decided" each; return their ids in order.

    A record holds the person's credit attributes and income: give `seal`, so that it lies encrypted under the person's own key.
    """
    at = clock.now()
    rows = [_stored(one, new_id(), seal, at) for one in decisions]
    store.add(db, rows)
    told = [events.Event("credit.decided", row.application_id, _told(row), row.person_id, at) for row in rows]
    events.append(db, told)
    return [row.id for row in rows]


def get(*, db: Connection, decision_id: UUID) -> Stored:
    """Raises DecisionNotFound."""
    found = store.by_id(db, decision_id)
    if found is None:
        raise DecisionNotFound(decision_id)
    return found


def of_application(*, db: Connection, application_id: UUID) -> list[Stored]:
    """Every decision on the application, oldest first."""
    return store.of_application(db, application_id)


def replays(*, db: Connection, stored: Stored, unseal: Seal | None = None) -> bool:
    """Whether the stored record is the one that was written and comes out the same when decided again. Raises ArtifactMissing."""
    plain = unseal(stored.person_id, stored.record) if unseal else stored.record
    return sha256_hex(plain) == stored.record_sha256 and replay(plain, Kept(db)) == plain


@dataclass(frozen=True, slots=True)
class Kept:
    """A resolver over the models and policies that `remember` kept."""

    db: Connection

    def model(self, sha256: str) -> CreditModel:
        return CreditModel.parse(self._body(sha256, "model"))

    def policy(self, sha256: str) -> Policy:
        return Policy.parse(self._body(sha256, "policy"))

    def _body(self, sha256: str, kind: str) -> bytes:
        body = store.artifact_body(self.db, sha256, kind)
        if body is None:
            raise ArtifactMissing(kind, sha256)
        return body


def _stored(one: Decided, id_: UUID, seal: Seal | None, at: datetime) -> Stored:
    made, plain = one.decision, one.decision.record()
    return Stored(
        id=id_,
        application_id=one.application_id,
        person_id=one.person_id,
        at=at,
        outcome=str(made.outcome),
        band=made.band,
        score=made.score,
        pd=made.pd,
        limit=made.limit,
        amount=made.amount,
        annual_rate=made.annual_rate,
        reasons=tuple(reason.code for reason in made.reasons),
        model_sha256=made.versions["model"],
        policy_sha256=made.versions["policy"],
        record_sha256=sha256_hex(plain),
        record=seal(one.person_id, plain) if seal else plain,
    )


def _told(row: Stored) -> dict[str, object]:
    """What the event says: no attribute of the person, only what was decided and by which versions."""
    names = (
        "outcome",
        "band",
        "score",
        "pd",
        "limit",
        "amount",
        "annual_rate",
        "reasons",
        "model_sha256",
        "policy_sha256",
        "record_sha256",
    )
    return {"decision": row.id, **{name: getattr(row, name) for name in names}}
