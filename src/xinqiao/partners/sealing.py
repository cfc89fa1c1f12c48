"""Secrets at rest: those that webhooks are signed with.

A secret is a key, so it is wrapped as each person's key is: by the deployment's key-encryption key, which never lies in the database.
"""

from __future__ import annotations

from uuid import UUID

from xinqiao.vault import Vault


def seal(*, vault: Vault, owner: UUID, secret: str) -> bytes:
    """Four bytes of the wrapping key's version, then the wrapped secret; it opens for the same `owner` alone."""
    version, wrapped = vault.keys.wrap(secret.encode(), _context(owner))
    return version.to_bytes(4, "big") + wrapped


def unseal(*, vault: Vault, owner: UUID, sealed: bytes) -> str:
    """Raises KeyMissing or KeyWrong (vault) when the wrapping key is not there, or the bytes were put under another owner."""
    return vault.keys.unwrap(int.from_bytes(sealed[:4], "big"), sealed[4:], _context(owner)).decode()


def renewed(*, vault: Vault, owner: UUID, sealed: bytes) -> bytes | None:
    """The same secret under the key-encryption key of today; None when it is under that one already."""
    if int.from_bytes(sealed[:4], "big") == vault.keys.current:
        return None
    return seal(vault=vault, owner=owner, secret=unseal(vault=vault, owner=owner, sealed=sealed))


def _context(owner: UUID) -> bytes:
    return b"xinqiao/partners/webhook/" + owner.bytes
