"""Seal what other rooms keep of a person (a decision's inputs, say) under the person's own key, so that forgetting makes it unreadable too."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from .. import store
from ..cipher import NotAuthentic, frame, seal, unseal
from ..errors import CiphertextDamaged
from ..vault import Vault
from . import keys
from .people import living


def seal_record(*, db: Connection, vault: Vault, person: UUID, label: str, plain: bytes) -> bytes:
    """Sealed for this person and this label, such as "credit.decision". Raises UnknownPerson, PersonForgotten."""
    keyed = living(store.lock_people(db, [person]), person)
    return seal(keys.data_key(vault, keyed), plain, frame("record", keyed.tenant, person.bytes, label), vault.cipher)


def open_record(*, db: Connection, vault: Vault, person: UUID, label: str, sealed: bytes) -> bytes:
    """The record again; whoever opens it logs why. Raises UnknownPerson, PersonForgotten, CiphertextDamaged."""
    keyed = living(store.lock_people(db, [person]), person)
    try:
        return unseal(keys.data_key(vault, keyed), sealed, frame("record", keyed.tenant, person.bytes, label))
    except NotAuthentic as error:
        raise CiphertextDamaged(f"{label} of person {person}") from error
