"""Revocable templates and the tenant's face index: keyed sign bits of an embedding.

An embedding is turned by secret orthogonal matrices and only the signs are kept (BioHashing: Jin, Ling and Goh 2004; the angle between two
embeddings is the expected share of differing bits: Charikar 2002). Under another key the same face gives unrelated bits, so that a leaked
template is revoked by changing the key. The key is the secret: with both key and bits, an attacker approximates the embedding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from .errors import KeyTooShort
from .match import LENGTH

TEMPLATE_BITS = 512
INDEX_BITS = 256
KEY_BYTES = 16
SAME_FACE_BITS = 56
"""Index distance at or under which two applications show the same face; its error rates stand in CARD.md."""


def make_template(embedding: np.ndarray, key: bytes) -> bytes:
    """TEMPLATE_BITS keyed bits, to be compared with `distance` under the same person's key. Raises KeyTooShort."""
    return _bits(embedding, key, b"xinqiao template 1", TEMPLATE_BITS)


def make_index(embedding: np.ndarray, key: bytes) -> bytes:
    """INDEX_BITS keyed bits under the tenant's key: the same face in two applications differs in few bits. Raises KeyTooShort."""
    return _bits(embedding, key, b"xinqiao face index 1", INDEX_BITS, _of_tenant)


def make_clip_mark(motion: np.ndarray, key: bytes) -> bytes:
    """INDEX_BITS keyed bits of how a clip moves (`liveness.injection`), under the tenant's key. Raises KeyTooShort."""
    return _bits(motion, key, b"xinqiao clip 1", INDEX_BITS, _of_tenant)


def distance(a: bytes, b: bytes) -> int:
    """Differing bits of two templates, or two indexes, made under the same key."""
    if len(a) != len(b):
        raise ValueError(f"cannot compare {len(a)} with {len(b)} bytes")
    return (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()


def require_key(key: bytes) -> None:
    if len(key) < KEY_BYTES:
        raise KeyTooShort(len(key))


def _bits(embedding: np.ndarray, key: bytes, purpose: bytes, count: int, turn: Turn | None = None) -> bytes:
    require_key(key)
    turn = turn or _orthogonal
    turned = np.concatenate([turn(key, purpose, block) @ embedding for block in range(-(-count // LENGTH))])
    return np.packbits(turned[:count] > 0).tobytes()


Turn = Callable[[bytes, bytes, int], np.ndarray]


def _orthogonal(key: bytes, purpose: bytes, block: int) -> np.ndarray:
    """A (192, 192) rotation drawn from SHAKE-256 of the key: the same on every machine, unguessable without the key."""
    seed = hashlib.blake2b(purpose + block.to_bytes(2), key=hashlib.sha512(key).digest()).digest()
    stream = np.frombuffer(hashlib.shake_256(seed).digest(LENGTH * LENGTH * 8), "<u4").reshape(2, LENGTH, LENGTH)
    uniform = (stream.astype(np.float64) + 0.5) / 2**32
    gaussian = np.sqrt(-2 * np.log(uniform[0])) * np.cos(2 * np.pi * uniform[1])
    q, r = np.linalg.qr(gaussian)
    return q * np.sign(np.diag(r))


_of_tenant = lru_cache(maxsize=16)(_orthogonal)
"""The tenant's own turns, which every check asks for again: a tenth of a check's time. A person's are never kept."""
