"""Read values, in clear or masked: decided by the policies and the bases in force, and logged either way.

A refusal is written to the log in a transaction of its own before it is raised, so that it is on record even if the caller's is rolled back.
A read that is allowed is logged in the caller's transaction: whoever rolls that back must not use what was read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock

from .. import audit, store
from ..access import Ruling, request_of
from ..errors import AccessDenied, PersonForgotten, Refused, UnknownPerson
from ..masks import mask
from ..model import Actor, Field, Purpose
from ..vault import Vault
from . import keys

How = Literal["read", "readMasked"]


def read(
    *,
    db: Connection,
    vault: Vault,
    clock: Clock,
    person: UUID,
    fields: Iterable[Field],
    purpose: Purpose,
    actor: Actor,
    recipient: str | None = None,
) -> dict[Field, str | bytes]:
    """The values held of the fields asked for; a field without a value is absent.

    `recipient` names who is to receive the data, when that is not us. All fields are allowed or none is returned. Raises AccessDenied,
    PersonForgotten or UnknownPerson, each of them logged.
    """
    asked = _Asked(db, vault, clock, frozenset(fields), purpose, actor, recipient, "read")
    return asked.one(person)


def read_masked(
    *, db: Connection, vault: Vault, clock: Clock, person: UUID, fields: Iterable[Field], purpose: Purpose, actor: Actor
) -> dict[Field, str]:
    """As `read`, but what is returned shows no more than its class allows (`masks`)."""
    return _masked(_Asked(db, vault, clock, frozenset(fields), purpose, actor, None, "readMasked").one(person))


def read_many(
    *,
    db: Connection,
    vault: Vault,
    clock: Clock,
    people: Collection[UUID],
    fields: Iterable[Field],
    purpose: Purpose,
    actor: Actor,
    recipient: str | None = None,
) -> dict[UUID, dict[Field, str | bytes]]:
    """As `read` for a list, by one statement to read and two to log. Those who may not be read are left out, and each refusal is logged."""
    return _Asked(db, vault, clock, frozenset(fields), purpose, actor, recipient, "read").each(people)


def read_masked_many(
    *, db: Connection, vault: Vault, clock: Clock, people: Collection[UUID], fields: Iterable[Field], purpose: Purpose, actor: Actor
) -> dict[UUID, dict[Field, str]]:
    """As `read_masked` for a list, with those left out who may not be read."""
    found = _Asked(db, vault, clock, frozenset(fields), purpose, actor, None, "readMasked").each(people)
    return {person: _masked(values) for person, values in found.items()}


def _masked(values: dict[Field, str | bytes]) -> dict[Field, str]:
    return {field: mask(field, value) for field, value in values.items()}


class _Asked:
    """One request to read: what is asked, by whom, for what."""

    def __init__(
        self,
        db: Connection,
        vault: Vault,
        clock: Clock,
        fields: frozenset[Field],
        purpose: Purpose,
        actor: Actor,
        recipient: str | None,
        how: How,
    ) -> None:
        self.db, self.vault, self.clock = db, vault, clock
        self.fields: Sequence[Field] = sorted(Field(name) for name in fields)
        self.purpose, self.actor, self.recipient, self.how = Purpose(purpose), actor, recipient, how

    def one(self, person: UUID) -> dict[Field, str | bytes]:
        allowed, refused = self._sort([person])
        self._log_refusals(refused)
        if refused:
            raise refused[person]
        return self._opened(allowed)[person]

    def each(self, people: Collection[UUID]) -> dict[UUID, dict[Field, str | bytes]]:
        allowed, refused = self._sort(people)
        self._log_refusals(refused)
        return self._opened(allowed)

    def _sort(self, people: Collection[UUID]) -> tuple[list[tuple[store.Dossier, list[str]]], dict[UUID, Refused]]:
        """Those who may be read, with the policies that say so; and why the others may not."""
        found = store.dossiers(self.db, list(people), self.fields, self.purpose, self.recipient, self._at())
        allowed: list[tuple[store.Dossier, list[str]]] = []
        refused: dict[UUID, Refused] = {}
        for person in dict.fromkeys(people):
            verdict = self._judge(person, found.get(person))
            if isinstance(verdict, Refused):
                refused[person] = verdict
            else:
                allowed.append((found[person], verdict))
        return allowed, refused

    def _judge(self, person: UUID, dossier: store.Dossier | None) -> list[str] | Refused:
        """The policies that permit every field, or the refusal."""
        if dossier is None:
            return UnknownPerson(person)
        if dossier.keyed.forgotten:
            return PersonForgotten(person)
        rulings = {field: self._rule(field, person, bool(dossier.sources)) for field in self.fields}
        denied = [field for field, ruling in rulings.items() if not ruling.allowed]
        if denied:
            return AccessDenied(", ".join(denied), self.purpose, self._why(bool(dossier.sources), denied, rulings))
        return sorted({policy for ruling in rulings.values() for policy in ruling.policies})

    def _rule(self, field: Field, person: UUID, basis: bool) -> Ruling:
        own = self.actor.kind == "person" and self.actor.id == str(person)
        request = request_of(self.actor, self.how, field, self.purpose, basis=basis, own=own, recipient=self.recipient)
        return self.vault.gate.decide(request)

    def _why(self, basis: bool, denied: Sequence[Field], rulings: dict[Field, Ruling]) -> str:
        if not basis:
            return "no consent and no other legal basis is in force" + (f" for recipient {self.recipient}" if self.recipient else "")
        forbidding = sorted({policy for field in denied for policy in rulings[field].policies})
        return f"forbidden by {', '.join(forbidding)}" if forbidding else f"no policy permits it to {self.actor.kind}"

    def _opened(self, allowed: Sequence[tuple[store.Dossier, list[str]]]) -> dict[UUID, dict[Field, str | bytes]]:
        """Open the values and log the reads."""
        values = {dossier.keyed.person: self._open(dossier) for dossier, _ in allowed}
        audit.append(self.db, self.clock, [self._read_entry(dossier, policies) for dossier, policies in allowed])
        return values

    def _open(self, dossier: store.Dossier) -> dict[Field, str | bytes]:
        if not dossier.values:
            return {}
        key = keys.data_key(self.vault, dossier.keyed)
        held = sorted(dossier.values.items())
        return {field: keys.open_value(dossier.keyed, key, field, version, sealed) for field, (version, sealed) in held}

    def _read_entry(self, dossier: store.Dossier, policies: Sequence[str]) -> audit.Entry:
        held = {field: version for field, (version, _) in dossier.values.items()}
        data = self._asked() | {"held": held, "basis": dossier.sources, "policy": policies}
        return audit.Entry("vault.read", self.actor, dossier.keyed.person, data)

    def _log_refusals(self, refused: dict[UUID, Refused]) -> None:
        if not refused:
            return
        reasons = [(person, self._asked() | {"code": error.code, "reason": error.message()}) for person, error in refused.items()]
        audit.append_aside(self.db, self.clock, [audit.Entry("vault.refused", self.actor, person, data) for person, data in reasons])

    def _asked(self) -> dict[str, object]:
        asked: dict[str, object] = {"fields": list(self.fields), "purpose": self.purpose, "masked": self.how == "readMasked"}
        if self.recipient:
            asked["recipient"] = self.recipient
        return asked | ({"roles": sorted(self.actor.roles)} if self.actor.roles else {})

    def _at(self) -> datetime:
        return self.clock.now()
