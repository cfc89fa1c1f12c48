"""Enrol people, and forget them."""

from __future__ import annotations

import secrets
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, new_id

from .. import audit, store
from ..access import request_of
from ..cipher import KEY_BYTES
from ..errors import AccessDenied, PersonForgotten, UnknownPerson
from ..model import STANDING, SYSTEM, Actor, Basis, Purpose
from ..vault import Vault
from . import keys


def enrol(*, db: Connection, vault: Vault, clock: Clock, actor: Actor = SYSTEM) -> UUID:
    """A new person with a random data key of their own and the legal bases that applying gives (`STANDING`)."""
    return enrol_many(db=db, vault=vault, clock=clock, count=1, actor=actor)[0]


def enrol_many(*, db: Connection, vault: Vault, clock: Clock, count: int, actor: Actor = SYSTEM) -> list[UUID]:
    """`count` new people, by the same few statements as one. Raises KeyWrong when the keys here are not the database's."""
    if count < 1:
        return []
    tenant, at = store.current_tenant(db), clock.now()
    keys.check(db, vault, tenant)
    people = [new_id() for _ in range(count)]
    store.add_people(db, [(one, *_new_key(vault, tenant, one)) for one in people], at)
    store.add_bases(db, [Basis(one, purpose, source) for one in people for purpose, source in STANDING.items()], at)
    audit.append(db, clock, [audit.Entry("vault.enrolled", actor, one, {"bases": list(STANDING)}) for one in people])
    return people


def _new_key(vault: Vault, tenant: str, one: UUID) -> tuple[int, bytes]:
    return vault.keys.wrap(secrets.token_bytes(KEY_BYTES), keys.wrapping_context(tenant, one))


def forget(*, db: Connection, vault: Vault, clock: Clock, person: UUID, actor: Actor) -> None:
    """Destroy the person's key: their row stays as a tombstone, their values can never be read again, no index finds them.

    Forgetting twice does nothing more. Raises UnknownPerson, or AccessDenied when the policies do not let the actor.
    """
    keyed = store.lock_people(db, [person]).get(person)
    if keyed is None:
        raise UnknownPerson(person)
    policies = allow(db, vault, clock, person, actor, "forget")
    if keyed.forgotten:
        return
    store.destroy_key(db, person, clock.now())
    audit.append(db, clock, [audit.Entry("vault.forgotten", actor, person, {"policy": policies})])


def allow(db: Connection, vault: Vault, clock: Clock, person: UUID, actor: Actor, action: str) -> list[str]:
    """The policies that let the actor erase; a refusal is recorded in a transaction of its own. Raises AccessDenied."""
    own = actor.kind == "person" and actor.id == str(person)
    act = "forget" if action == "forget" else "drop"
    ruling = vault.gate.decide(request_of(actor, act, None, Purpose.RIGHTS, basis=True, own=own, recipient=None))
    if not ruling.allowed:
        data = {"action": act, "reason": "policy", "policy": ruling.policies}
        audit.append_aside(db, clock, [audit.Entry("vault.refused", actor, person, data)])
        raise AccessDenied("*", act, f"no policy lets {actor.kind} {act}")
    return list(ruling.policies)


def living(found: dict[UUID, store.Keyed], person: UUID) -> store.Keyed:
    """Raises UnknownPerson or PersonForgotten."""
    if person not in found:
        raise UnknownPerson(person)
    if found[person].forgotten:
        raise PersonForgotten(person)
    return found[person]
