"""May this actor see this field, for this purpose? Cedar answers; the policies are parsed once and the answers cached."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cedarpy

from .errors import PolicyInvalid
from .model import Actor, Field, Purpose

Action = Literal["read", "readMasked", "forget", "drop"]

SHIPPED = Path(__file__).parent / "policies"

_KINDS = {"service": "Service", "operator": "Operator", "scene": "Scene", "funder": "Funder", "guarantor": "Guarantor", "person": "Person"}
_DOSSIER = {"type": "Dossier", "id": "any"}
_LOOK_EVERY_SECONDS = 1.0
_CACHE_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class Request:
    """All that a decision may depend on. It holds no ids, so that few distinct ones exist."""

    kind: str
    roles: frozenset[str]
    action: Action
    field: Field | None
    """None when the whole dossier is meant."""
    purpose: Purpose
    basis: bool
    own: bool
    recipient: bool
    addressed: bool


@dataclass(frozen=True, slots=True)
class Ruling:
    allowed: bool
    policies: tuple[str, ...]
    """Ids of the policies that decided; empty when none permitted it."""


class Policies:
    """One parsed set of policies and the rulings it has given. Never changed: a change of policy is a new one."""

    def __init__(self, text: str, schema: str) -> None:
        """Raises ValueError when the text does not parse or does not fit the schema."""
        self._schema = cedarpy.Schema.from_str(schema)
        checked = cedarpy.validate_policies(text, self._schema)
        if not checked.validation_passed:
            raise ValueError("; ".join(str(error) for error in checked.errors))
        self._policies = cedarpy.PolicySet.from_str(text)
        self._rulings: dict[Request, Ruling] = {}

    def decide(self, request: Request) -> Ruling:
        ruling = self._rulings.get(request)
        if ruling is None:
            if len(self._rulings) >= _CACHE_LIMIT:
                self._rulings.clear()
            ruling = self._rulings[request] = self._ask(request)
        return ruling

    def _ask(self, request: Request) -> Ruling:
        answer = cedarpy.is_authorized(_in_cedar(request), self._policies, _entities(request.roles), schema=self._schema)
        names = answer.diagnostics.id_annotations_by_reason
        policies = tuple(sorted(names.get(reason, reason) for reason in answer.diagnostics.reasons))
        return Ruling(answer.allowed and not answer.diagnostics.errors, policies)


class Gate:
    """The policies in force: those shipped here, and a deployment's own in `extra` (*.cedar), which may permit more or forbid."""

    def __init__(self, extra: Path | None = None) -> None:
        self._extra = extra
        self.epoch = 0
        """How many times the policies were read; rulings never outlive their epoch."""
        self.reload()

    def reload(self) -> None:
        """Read the policies anew. Raises PolicyInvalid, and from then on refuses everything until they are right again."""
        self._looked, self._seen = time.monotonic(), self._stamp()
        self.epoch += 1
        try:
            text = "\n".join(path.read_text("utf-8") for path in self._files())
            self._policies: Policies | str = Policies(text, (SHIPPED / "vault.cedarschema").read_text("utf-8"))
        except (OSError, ValueError) as error:
            self._policies = str(error)
            raise PolicyInvalid(error) from error

    def decide(self, request: Request) -> Ruling:
        """The ruling on a request, from the cache when it was asked before in this epoch. Raises PolicyInvalid."""
        self._look()
        if isinstance(self._policies, str):
            raise PolicyInvalid(self._policies)
        return self._policies.decide(request)

    def _look(self) -> None:
        """Once a second, see whether a deployment's own policies have changed on disk."""
        if self._extra is None or time.monotonic() - self._looked < _LOOK_EVERY_SECONDS:
            return
        self._looked = time.monotonic()
        if self._stamp() != self._seen:
            self.reload()

    def _files(self) -> list[Path]:
        return [SHIPPED / "vault.cedar", *(sorted(self._extra.glob("*.cedar")) if self._extra else [])]

    def _stamp(self) -> tuple[tuple[str, int, int], ...]:
        return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in self._files())


def request_of(
    actor: Actor, action: Action, field: Field | None, purpose: Purpose, *, basis: bool, own: bool, recipient: str | None
) -> Request:
    addressed = recipient is not None and actor.kind in ("funder", "guarantor") and recipient == actor.id
    return Request(actor.kind, actor.roles, action, field, purpose, basis, own, recipient is not None, addressed)


def _in_cedar(request: Request) -> dict[str, object]:
    facts = {"purpose": str(request.purpose), "basis": request.basis, "own": request.own}
    return {
        "principal": {"type": _KINDS[request.kind], "id": "any"},
        "action": {"type": "Action", "id": request.action},
        "resource": {"type": "Field", "id": str(request.field)} if request.field else _DOSSIER,
        "context": facts | {"recipient": request.recipient, "addressed": request.addressed},
    }


def _entities(roles: frozenset[str]) -> str:
    """One entity a kind of actor, with these roles, and one a field, with its class."""
    actors = [_entity(kind, "any", {"roles": sorted(roles)} if kind == "Operator" else {}) for kind in _KINDS.values()]
    fields = [_entity("Field", field, {"klass": field.klass}) for field in Field]
    return json.dumps([*actors, *fields, {"uid": _DOSSIER, "attrs": {}, "parents": []}])


def _entity(kind: str, name: str, attributes: dict[str, object]) -> dict[str, object]:
    return {"uid": {"type": kind, "id": name}, "attrs": attributes, "parents": []}
