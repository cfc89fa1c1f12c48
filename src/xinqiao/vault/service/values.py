"""Put values in, find people by them, drop them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock

from .. import audit, store
from ..errors import AmbiguousMatch, IdentityTaken, ValueMalformed
from ..model import SYSTEM, Actor, Field
from ..vault import Vault
from . import keys
from .people import allow, living

MOST_TEXT = 200_000
MOST_BYTES = 32 * 1024 * 1024

Values = Mapping[Field, str | bytes]


def put(*, db: Connection, vault: Vault, clock: Clock, person: UUID, values: Values, actor: Actor = SYSTEM) -> None:
    """Seal the values under the person's key. A value equal to the one held changes nothing; another is a correction, of which the log
    keeps the version and keyed digests, never the values.

    Raises UnknownPerson, PersonForgotten, ValueMalformed, or IdentityTaken when the ID number is another person's.
    """
    put_many(db=db, vault=vault, clock=clock, values={person: values}, actor=actor)


def put_many(*, db: Connection, vault: Vault, clock: Clock, values: Mapping[UUID, Values], actor: Actor = SYSTEM) -> None:
    """As `put` for many people, by the same few statements as for one."""
    asked = {person: {_field(name): _valid(_field(name), value) for name, value in fields.items()} for person, fields in values.items()}
    found = store.lock_people(db, asked)
    people = {person: living(found, person) for person in asked}
    if not people:
        return
    keys.check(db, vault, next(iter(people.values())).tenant)
    held = store.digests(db, people)
    changes = [change for person, fields in asked.items() for change in _changes(vault, people[person], fields, held)]
    if not changes:
        return
    store.put_values(db, [change.sealed for change in changes], clock.now())
    _index(db, vault, changes)
    audit.append(db, clock, _entries(changes, actor))


@dataclass(frozen=True, slots=True)
class _Change:
    sealed: store.Sealed
    value: str | bytes
    replaced: bytes | None
    """The digest of the value before, None for a first one."""

    def noted(self) -> dict[str, Any]:
        return {"field": self.sealed.field, "version": self.sealed.version, "digest": self.sealed.digest, "replaced": self.replaced}


def _changes(vault: Vault, keyed: store.Keyed, fields: Values, held: Mapping[tuple[UUID, Field], tuple[int, bytes]]) -> Sequence[_Change]:
    key, changes = keys.data_key(vault, keyed), []
    for field, value in fields.items():
        version, before = held.get((keyed.person, field), (0, None))
        digest = keys.digest(key, field, value)
        if digest != before:
            sealed = keys.seal_value(vault, keyed, key, field, version + 1, value)
            changes.append(_Change(store.Sealed(keyed.person, field, version + 1, sealed, digest), value, before))
    return changes


def _index(db: Connection, vault: Vault, changes: Sequence[_Change]) -> None:
    blinds = [
        (one.sealed.person, one.sealed.field, vault.index.blind(one.sealed.field, one.value)) for one in changes if one.sealed.field.indexed
    ]
    taken = store.put_indexes(db, blinds) if blinds else []
    if taken:
        raise IdentityTaken(taken[0][1])


def _entries(changes: Sequence[_Change], actor: Actor) -> list[audit.Entry]:
    by_person: dict[UUID, list[_Change]] = {}
    for change in changes:
        by_person.setdefault(change.sealed.person, []).append(change)
    return [_entry(person, mine, actor) for person, mine in by_person.items()]


def _entry(person: UUID, changes: Sequence[_Change], actor: Actor) -> audit.Entry:
    kind = "vault.corrected" if any(change.replaced for change in changes) else "vault.written"
    return audit.Entry(kind, actor, person, {"fields": [change.noted() for change in changes]})


def _field(name: Field | str) -> Field:
    try:
        return Field(name)
    except ValueError as error:
        raise ValueMalformed(name, "one of " + ", ".join(Field), "an unknown field") from error


def _valid(field: Field, value: str | bytes) -> str | bytes:
    most, unit = (MOST_BYTES, "bytes") if field.holds is bytes else (MOST_TEXT, "characters")
    if not isinstance(value, field.holds):
        raise ValueMalformed(field, f"{field.holds.__name__}", type(value).__name__, field=field)
    if not 1 <= len(value) <= most:
        raise ValueMalformed(field, f"1 to {most} {unit}", f"{len(value)}", field=field)
    return value


def holds(*, db: Connection, person: UUID) -> list[Field]:
    """Which fields the vault has of a person; none of a person it does not know."""
    return store.held(db, person)


def find(*, db: Connection, vault: Vault, field: Field, value: str | bytes) -> UUID | None:
    """The person with this value, by its keyed blind index. Raises AmbiguousMatch when several share it."""
    found = store.find_people(db, field, vault.index.blind(field, value))
    if len(found) > 1:
        raise AmbiguousMatch(field, len(found))
    return found[0] if found else None


def blind(*, vault: Vault, field: Field | str, value: str | bytes) -> bytes:
    """32 bytes that stand for the value wherever equality is all that is needed, such as counters of velocity."""
    return vault.index.blind(field, value)


def drop(
    *, db: Connection, clock: Clock, person: UUID, fields: Sequence[Field], actor: Actor = SYSTEM, vault: Vault | None = None
) -> list[Field]:
    """Delete single values, such as a selfie after its check; return the fields that had one.

    The platform itself may always hold less; for any other actor the policies are asked, and the vault is needed. Raises AccessDenied.
    """
    policies: list[str] = []
    if actor.kind != "service":
        if vault is None:
            raise ValueError(f"pass the vault: its policies decide whether {actor.kind} may drop values")
        policies = allow(db, vault, clock, person, actor, "drop")
    gone = store.drop_values(db, person, fields)
    if gone:
        audit.append(db, clock, [audit.Entry("vault.dropped", actor, person, {"fields": gone, "policy": policies})])
    return gone
