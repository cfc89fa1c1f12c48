"""Entries of the access log about people, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from xinqiao.journeys.words import FIELDS, PURPOSES
from xinqiao.partners import Partner
from xinqiao.vault import Field, Purpose, audit

from ...i18n import Words
from ..overview import named
from ..words import said


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
