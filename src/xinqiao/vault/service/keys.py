"""A person's data key, and what is sealed under it."""

from __future__ import annotations

from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from sqlalchemy import Connection

from .. import store
from ..cipher import NotAuthentic, derive, frame, seal, unseal
from ..errors import CiphertextDamaged, KeyWrong, PersonForgotten
from ..model import Field
from ..vault import Vault

_TEXT, _BYTES = b"t", b"b"


def check(db: Connection, vault: Vault, tenant: str) -> None:
    """Refuse to write with keys that are not the ones this database was written with. Raises KeyWrong. Asks the database once a process."""
    version = vault.keys.current
    known = {f"kek.{version}": lambda: vault.keys.fingerprint(version), "index": lambda: vault.index.fingerprint}
    for name, fingerprint in known.items():
        if (tenant, name) in vault.checked:
            continue
        if not store.check_key(db, name, fingerprint()):
            raise KeyWrong(name)
        vault.checked.add((tenant, name))


def wrapping_context(tenant: str, person: UUID) -> bytes:
    return frame("person", tenant, person.bytes)


def data_key(vault: Vault, keyed: store.Keyed) -> bytes:
    """The person's key. Raises PersonForgotten, KeyMissing or KeyWrong."""
    if keyed.wrapped is None or keyed.version is None:
        raise PersonForgotten(keyed.person)
    return vault.keys.unwrap(keyed.version, keyed.wrapped, wrapping_context(keyed.tenant, keyed.person))


def _context(keyed: store.Keyed, field: Field, version: int) -> bytes:
    return frame("value", keyed.tenant, keyed.person.bytes, field, str(version))


def seal_value(vault: Vault, keyed: store.Keyed, key: bytes, field: Field, version: int, value: str | bytes) -> bytes:
    """Sealed so that it opens only as this version of this field of this person of this tenant."""
    plain = _BYTES + value if isinstance(value, bytes) else _TEXT + value.encode()
    return seal(key, plain, _context(keyed, field, version), vault.cipher)


def open_value(keyed: store.Keyed, key: bytes, field: Field, version: int, sealed: bytes) -> str | bytes:
    """Raises CiphertextDamaged when it was sealed as anything else."""
    try:
        plain = unseal(key, sealed, _context(keyed, field, version))
    except NotAuthentic as error:
        raise CiphertextDamaged(f"{field} of person {keyed.person}") from error
    return plain[1:] if plain[:1] == _BYTES else plain[1:].decode()


def digest(key: bytes, field: Field, value: str | bytes) -> bytes:
    """16 bytes that tell whether two values of the field are equal; meaningless once the person's key is gone."""
    work = HMAC(derive(key, "digest"), SHA256())
    work.update(frame(field, type(value).__name__, value))
    return work.finalize()[:16]
