"""The key that signs checkpoints, in versions; all their public halves stay trusted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from xinqiao.kit import canonical

from .. import keyfiles
from . import proof


class Signer:
    """Ed25519 keys from XINQIAO_AUDIT_KEY ("2:<hex>,1:<hex>", the first signs) or files `audit.<version>` (the highest signs)."""

    def __init__(self, versions: Mapping[int, bytes], *, current: int) -> None:
        self._keys = {version: Ed25519PrivateKey.from_private_bytes(secret) for version, secret in versions.items()}
        self._current = self._keys[current]

    @classmethod
    def open(cls, folder: Path) -> Signer:
        given = os.environ.get("XINQIAO_AUDIT_KEY")
        if given:
            versions = keyfiles.parse_versions(given, name="XINQIAO_AUDIT_KEY")
            return cls(versions, current=next(iter(versions)))
        versions = keyfiles.read_versions(folder, "audit")
        if not versions:
            versions = {1: keyfiles.create(folder / "audit.1", what="the key that signs audit checkpoints")}
        return cls(versions, current=keyfiles.newest(versions))

    @property
    def key(self) -> str:
        return proof.key_id(self._current.public_key().public_bytes_raw())

    @property
    def public_keys(self) -> dict[str, bytes]:
        """Every trusted public key by its id; hand these to whoever verifies offline."""
        raw = [key.public_key().public_bytes_raw() for key in self._keys.values()]
        return {proof.key_id(public): public for public in raw}

    def sign(self, checkpoint: proof.Checkpoint) -> proof.Checkpoint:
        return proof.signed(checkpoint, self._current.sign(canonical(checkpoint.body())))

    def sign_document(self, data: bytes, label: str) -> tuple[str, bytes]:
        """Sign something else than a checkpoint, under a label that says what it is; return the key's id and the signature."""
        return self.key, self._current.sign(proof.document_bytes(data, label))
