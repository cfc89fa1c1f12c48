"""Merkle trees, signed checkpoints and inclusion proofs, for use with and without a database.

Hashes are SHA-256 with RFC 6962 §2.1's prefixes: a leaf is H(0x00 || entry), a node H(0x01 || left || right). A checkpoint signs (Ed25519, RFC 8032)
the root over one batch of entries and the checkpoint before it, so that all of them form one chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from xinqiao.kit.canonical import canonical, plain

FORMAT = "xinqiao-audit-checkpoint/1"
EMPTY = hashlib.sha256(b"").digest()
"""The root of no leaves, and what the first entry of a lane and the first checkpoint name as their predecessor."""


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """The tree from its leaves up; a node without a sibling moves up as it is, which is RFC 6962's split at a power of two."""
    tree = [list(leaves)]
    while len(tree[-1]) > 1:
        below = tree[-1]
        above = [node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        tree.append(above + below[len(below) & ~1 :])
    return tree


def root(leaves: Sequence[bytes]) -> bytes:
    return levels(leaves)[-1][0] if leaves else EMPTY


def path(tree: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """The siblings from leaf `index` to the root of a tree made by `levels` (RFC 6962 §2.1.1)."""
    siblings = []
    for level in tree[:-1]:
        if index ^ 1 < len(level):
            siblings.append(level[index ^ 1])
        index >>= 1
    return siblings


def root_by_path(leaf: bytes, index: int, size: int, siblings: Sequence[bytes]) -> bytes | None:
    """The root that a path leads to, None when the path is too long or too short (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return None
    rest, last, found = list(siblings), size - 1, leaf
    while last:
        if index & 1 or index < last:
            if not rest:
                return None
            sibling = rest.pop(0)
            found = node_hash(sibling, found) if index & 1 else node_hash(found, sibling)
        index, last = index >> 1, last >> 1
    return None if rest else found


@dataclass(frozen=True, slots=True)
class Range:
    """Entries `first` to `last` of one lane."""

    lane: int
    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement: these entries, in this order, were in the log at this instant. Leaves run lane by lane, each in order."""

    tenant: str
    number: int
    at: datetime
    previous: bytes
    ranges: tuple[Range, ...]
    total: int
    """Entries under this checkpoint and all before it."""
    root: bytes
    key: str
    """Which key signed: the first 16 hexadecimal digits of the SHA-256 of the public key."""
    signature: bytes = b""

    @property
    def size(self) -> int:
        return sum(one.size for one in self.ranges)

    def body(self) -> dict[str, Any]:
        ranges = [[one.lane, one.first, one.last] for one in self.ranges]
        head = {"format": FORMAT, "tenant": self.tenant, "number": self.number, "at": self.at, "previous": self.previous}
        return plain(head | {"ranges": ranges, "total": self.total, "root": self.root, "key": self.key})

    @property
    def digest(self) -> bytes:
        """What the next checkpoint names as its predecessor."""
        return hashlib.sha256(canonical(self.body())).digest()

    def index(self, lane: int, seq: int) -> int | None:
        """Which leaf an entry is, None when this checkpoint does not cover it."""
        before = 0
        for one in self.ranges:
            if one.lane == lane and one.first <= seq <= one.last:
                return before + seq - one.first
            before += one.size
        return None

    def to_json(self) -> dict[str, Any]:
        return self.body() | {"signature": self.signature.hex()}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Checkpoint:
        """Raises ValueError when it is not a checkpoint of this format."""
        try:
            if given["format"] != FORMAT:
                raise ValueError(f"not a {FORMAT}")
            return cls(
                tenant=str(given["tenant"]),
                number=int(given["number"]),
                at=datetime.fromisoformat(given["at"]),
                previous=bytes.fromhex(given["previous"]),
                ranges=tuple(Range(int(lane), int(first), int(last)) for lane, first, last in given["ranges"]),
                total=int(given["total"]),
                root=bytes.fromhex(given["root"]),
                key=str(given["key"]),
                signature=bytes.fromhex(given["signature"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a checkpoint: {error}") from error


def key_id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]


def signature_holds(checkpoint: Checkpoint, keys: Mapping[str, bytes]) -> bool:
    """Whether one of the trusted keys (id -> 32 bytes of Ed25519 public key) signed it."""
    public = keys.get(checkpoint.key)
    if public is None or key_id(public) != checkpoint.key:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(checkpoint.signature, canonical(checkpoint.body()))
    except (InvalidSignature, ValueError):
        return False
    return True


def document_bytes(data: bytes, label: str) -> bytes:
    """What is signed of a document: its label first, so that no signature over one kind of document, or over a checkpoint, holds for another."""
    return b"xinqiao-document/1\x00" + label.encode() + b"\x00" + data


def document_signature_holds(data: bytes, label: str, signature: bytes, public: bytes) -> bool:
    """Whether the Ed25519 key `public` (32 bytes) signed this document under this label."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, document_bytes(data, label))
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Inclusion:
    """One entry, its path, and the checkpoint that it leads to: all that a third party needs besides the public key."""

    entry: Mapping[str, Any]
    path: tuple[bytes, ...]
    checkpoint: Checkpoint

    def to_json(self) -> dict[str, Any]:
        return {"entry": dict(self.entry), "path": [one.hex() for one in self.path], "checkpoint": self.checkpoint.to_json()}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Inclusion:
        """Raises ValueError when it is not an inclusion proof."""
        try:
            path = tuple(bytes.fromhex(one) for one in given["path"])
            return cls(dict(given["entry"]), path, Checkpoint.from_json(given["checkpoint"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not an inclusion proof: {error}") from error


def check(inclusion: Inclusion, keys: Mapping[str, bytes]) -> list[str]:
    """What is wrong with the proof, in sentences; nothing when the entry was in the log that the key's owner signed."""
    checkpoint, entry = inclusion.checkpoint, inclusion.entry
    where = f"entry {entry.get('lane')}/{entry.get('seq')}"
    problems = []
    if not signature_holds(checkpoint, keys):
        problems.append(f"checkpoint {checkpoint.number}: no trusted key signed it as it stands")
    if entry.get("tenant") != checkpoint.tenant:
        problems.append(f"{where}: it is of another tenant than checkpoint {checkpoint.number}")
    index = _index(checkpoint, entry)
    if index is None:
        problems.append(f"{where}: checkpoint {checkpoint.number} does not cover it")
    elif root_by_path(leaf_hash(canonical(entry)), index, checkpoint.size, inclusion.path) != checkpoint.root:
        problems.append(f"{where}: its content or its path was altered; it does not lead to the root of checkpoint {checkpoint.number}")
    return problems


def _index(checkpoint: Checkpoint, entry: Mapping[str, Any]) -> int | None:
    lane, seq = entry.get("lane"), entry.get("seq")
    return checkpoint.index(lane, seq) if isinstance(lane, int) and isinstance(seq, int) else None


def signed(checkpoint: Checkpoint, signature: bytes) -> Checkpoint:
    return replace(checkpoint, signature=signature)
