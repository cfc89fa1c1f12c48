"""What a person may ask of us: a copy of their data, a correction, to be forgotten. Each request is on record with its deadline.

Fifteen days to answer is our own rule (PIPL says "timely"; GB/T 35273-2020 thirty days, unverified).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Row

from xinqiao import vault as safe
from xinqiao.kit import Clock, new_id, plain
from xinqiao.vault import Actor, Field, Purpose, Vault, audit

from .. import store
from ..errors import NothingToCorrect, RequestUnknown
from .ending import end
from .proving import history

Kind = Literal["copy", "correct", "forget"]

DAYS_TO_ANSWER = 15

SELF_CORRECTED = frozenset(
    {
        Field.PHONE,
        Field.EMAIL,
        Field.ADDRESS,
        Field.EMPLOYER,
        Field.OCCUPATION,
        Field.INCOME,
        Field.CONTACT_NAME,
        Field.CONTACT_PHONE,
        Field.BUSINESS_NAME,
    }
)
"""What a person corrects by saying so. Name, ID number, birth date, bank account and licence are corrected by an operator who saw the paper."""

NOT_COPIED = frozenset({Field.TEMPLATE_KEY})
"""A secret of ours, not a datum of theirs."""


@dataclass(frozen=True, slots=True)
class Request:
    id: UUID
    person: UUID
    kind: Kind
    state: Literal["open", "waiting", "done"]
    """open: a person must act on it; waiting: it is done by itself once what stands in its way is gone."""
    requested_at: datetime
    due_at: datetime
    fields: tuple[str, ...]
    handled_at: datetime | None
    handled_by: str | None
    outcome: Mapping[str, Any]


def copy(
    *, db: Connection, vault: Vault, clock: Clock, person: UUID, key: str, actor: Actor | None = None
) -> tuple[Request, dict[str, Any]]:
    """All we hold of the person, in JSON types: fields (bytes as base64), consents, bases, requests and who looked at what.

    `key` makes a repeat one request; each repeat is read, and logged, anew. Raises AccessDenied, PersonForgotten or UnknownPerson.
    """
    by = actor or Actor("person", str(person))
    row = _open(db, clock, person, "copy", key, [])
    held = [field for field in safe.holds(db=db, person=person) if field not in NOT_COPIED]
    values = safe.read(db=db, vault=vault, clock=clock, person=person, fields=held, purpose=Purpose.RIGHTS, actor=by)
    done = _done(db, clock, row, by, {"fields": held})
    return done, plain(
        {
            "format": "xinqiao-copy/1",
            "person": person,
            "made_at": clock.now(),
            "fields": {field: _as_json(value) for field, value in values.items()},
            "consents": [one.record | {"ended_at": one.ended_at, "ended_why": one.ended_why} for one in history(db=db, person=person)],
            "bases": safe.bases(db, person),
            "requests": of(db=db, person=person),
            "accesses": [_access(one) for one in audit.of(db, person=person) if one.kind in ("vault.read", "vault.refused")],
        }
    )


def _as_json(value: str | bytes) -> str | dict[str, str]:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _access(one: audit.Recorded) -> dict[str, Any]:
    shown = ("fields", "purpose", "masked", "recipient", "reason")
    return {"at": one.at, "by": one.actor, "allowed": one.kind == "vault.read"} | {
        name: one.data[name] for name in shown if name in one.data
    }


def correct(
    *, db: Connection, vault: Vault, clock: Clock, person: UUID, values: Mapping[Field, str | bytes], key: str, actor: Actor | None = None
) -> Request:
    """Put right what we hold. What needs proof (SELF_CORRECTED has the rest) is left open for an operator, and nothing is changed.

    A repeat of the key changes nothing more. Raises NothingToCorrect, ValueMalformed, IdentityTaken, AccessDenied, PersonForgotten, UnknownPerson.
    """
    if not values:
        raise NothingToCorrect(field="values")
    by = actor or Actor("person", str(person))
    row = _open(db, clock, person, "correct", key, sorted(values))
    if row.state == "done" or (by.kind == "person" and not set(values) <= SELF_CORRECTED):
        return _request(row)
    _permitted(db, vault, clock, person, values, by)
    safe.put(db=db, vault=vault, clock=clock, person=person, values=values, actor=by)
    return _done(db, clock, row, by, {"fields": sorted(values)})


def _permitted(db: Connection, vault: Vault, clock: Clock, person: UUID, values: Mapping[Field, str | bytes], by: Actor) -> None:
    """Who may read a field under the person's rights may correct it; the reading is logged. Raises as `vault.read`."""
    safe.read(db=db, vault=vault, clock=clock, person=person, fields=list(values), purpose=Purpose.RIGHTS, actor=by)


def forget(*, db: Connection, vault: Vault, clock: Clock, person: UUID, key: str, actor: Actor | None = None) -> Request:
    """End every consent now, and destroy the person's key, unless a loan is open: then the request waits, and `resume` finishes it.

    Raises AccessDenied when the actor may not.
    """
    by = actor or Actor("person", str(person))
    row = _open(db, clock, person, "forget", key, [])
    return _request(row) if row.state == "done" else _forget(db, vault, clock, row, by)


def _forget(db: Connection, vault: Vault, clock: Clock, row: Row[Any], by: Actor) -> Request:
    person: UUID = row.person_id
    end(db, clock, [one for one in history(db=db, person=person) if one.agreed], why="forgotten")
    owed = [purpose for purpose in (Purpose.SERVICING, Purpose.COLLECTION) if safe.has_basis(db, person, purpose, clock.now())]
    if owed:
        return _request(store.handle_request(db, person, row.id, state="waiting", outcome={"until": "the loan is repaid", "bases": owed}))
    safe.forget(db=db, vault=vault, clock=clock, person=person, actor=by)
    return _done(db, clock, row, by, {})


def resume(*, db: Connection, vault: Vault, clock: Clock, person: UUID, request: UUID, actor: Actor) -> Request:
    """Try again a request to be forgotten that waited for a loan. Raises RequestUnknown."""
    row = store.lock_request(db, person, request)
    if row is None or row.kind != "forget":
        raise RequestUnknown(request)
    return _request(row) if row.state == "done" else _forget(db, vault, clock, row, actor)


def of(*, db: Connection, person: UUID) -> list[Request]:
    return [_request(row) for row in store.requests(db, person=person)]


def unanswered(*, db: Connection, due_before: datetime | None = None) -> list[Request]:
    """Requests that someone must act on, the most urgent first; with `due_before`, those whose deadline is earlier than that."""
    return [_request(row) for row in store.requests(db, state="open", due_before=due_before)]


def _open(db: Connection, clock: Clock, person: UUID, kind: Kind, key: str, fields: list[Field]) -> Row[Any]:
    """The request of this key, new or known."""
    now, made = clock.now(), new_id()
    values = {"person_id": person, "id": made, "kind": kind, "key": key, "fields": [str(field) for field in fields]}
    row = store.add_request(db, values | {"requested_at": now, "due_at": now + timedelta(days=DAYS_TO_ANSWER)})
    if row.id == made:
        asked = {"request": made, "kind": kind, "fields": values["fields"], "due_at": row.due_at}
        audit.append(db, clock, [audit.Entry("consent.rights_requested", Actor("person", str(person)), person, asked)])
    return row


def _done(db: Connection, clock: Clock, row: Row[Any], by: Actor, outcome: Mapping[str, Any]) -> Request:
    values = {"state": "done", "handled_at": clock.now(), "handled_by": str(by), "outcome": plain(outcome)}
    done = row if row.state == "done" else store.handle_request(db, row.person_id, row.id, **values)
    audit.append(db, clock, [audit.Entry("consent.rights_answered", by, row.person_id, {"request": row.id, "kind": row.kind})])
    return _request(done)


def _request(row: Row[Any]) -> Request:
    handled = (tuple(row.fields), row.handled_at, row.handled_by, row.outcome)
    return Request(row.id, row.person_id, row.kind, row.state, row.requested_at, row.due_at, *handled)
