"""Secrets of rooms at rest: what webhooks are signed with, what authenticators share with us.

A secret is a key, so it is wrapped as each person's key is: by the deployment's key-encryption key, which never lies in the database.
"""

from __future__ import annotations

from uuid import UUID

from .vault import Vault


def seal(*, vault: Vault, label: str, owner: UUID, secret: str) -> bytes:
    """Four bytes of the wrapping key's version, then the wrapped secret; it opens for the same `owner` alone."""
    version, wrapped = vault.keys.wrap(secret.encode(), _context(label, owner))
    return version.to_bytes(4, "big") + wrapped


def unseal(*, vault: Vault, label: str, owner: UUID, sealed: bytes) -> str:
    """Raises KeyMissing or KeyWrong (vault) when the wrapping key is not there, or the bytes were put under another owner."""
    return vault.keys.unwrap(int.from_bytes(sealed[:4], "big"), sealed[4:], _context(label, owner)).decode()


def renewed(*, vault: Vault, label: str, owner: UUID, sealed: bytes) -> bytes | None:
    """The same secret under the key-encryption key of today; None when it is under that one already."""
    if int.from_bytes(sealed[:4], "big") == vault.keys.current:
        return None
    return seal(vault=vault, label=label, owner=owner, secret=unseal(vault=vault, label=label, owner=owner, sealed=sealed))


def _context(label: str, owner: UUID) -> bytes:
    return f"xinqiao/{label}/".encode() + owner.bytes
