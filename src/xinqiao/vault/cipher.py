"""Sealed bytes that say how they were sealed: AES-256-GCM-SIV (RFC 8452) or SM4-GCM (GB/T 32907, RFC 8998).

A sealed value is one byte of cipher, 12 bytes of random nonce, then ciphertext and 16-byte tag. Both ciphers stay readable whichever
is set for writing. GCM-SIV forgives a repeated nonce; SM4-GCM does not, but a person's key seals far fewer than 2**32 values.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as Mode
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

CipherName = Literal["AES-256-GCM-SIV", "SM4-GCM"]

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_CODE: dict[CipherName, int] = {"AES-256-GCM-SIV": 1, "SM4-GCM": 2}
_SUBKEY_BYTES = {1: 32, 2: 16}


class NotAuthentic(Exception):
    """The sealed bytes, their context or the key are not those of the sealing."""


def seal(key: bytes, plain: bytes, context: bytes, cipher: CipherName) -> bytes:
    """Encrypt under a subkey of the 32-byte `key`; `context` is authenticated, not stored."""
    code, nonce = _CODE[cipher], os.urandom(_NONCE_BYTES)
    return bytes([code]) + nonce + _encrypt(code, _subkey(key, code), nonce, plain, context)


def unseal(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Decrypt what `seal` made. Raises NotAuthentic."""
    if len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES or sealed[0] not in _SUBKEY_BYTES:
        raise NotAuthentic
    code, nonce, body = sealed[0], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return _decrypt(code, _subkey(key, code), nonce, body, context)
    except InvalidTag as error:
        raise NotAuthentic from error


def cipher_of(sealed: bytes) -> CipherName:
    """Which cipher sealed it."""
    return next(name for name, code in _CODE.items() if code == sealed[0])


def derive(key: bytes, label: str, length: int = KEY_BYTES) -> bytes:
    """A key for one use, from a uniformly random one (HKDF-Expand, RFC 5869)."""
    return HKDFExpand(SHA256(), length, b"xinqiao/vault/" + label.encode()).derive(key)


def frame(*parts: str | bytes) -> bytes:
    """The parts with their lengths before them, so that no two different lists give the same bytes."""
    encoded = (part.encode() if isinstance(part, str) else part for part in parts)
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


@lru_cache(maxsize=8)
def _label(code: int) -> str:
    return "seal/" + next(name for name, known in _CODE.items() if known == code)


def _subkey(key: bytes, code: int) -> bytes:
    return derive(key, _label(code), _SUBKEY_BYTES[code])


def _encrypt(code: int, key: bytes, nonce: bytes, plain: bytes, context: bytes) -> bytes:
    if code == 1:
        return AESGCMSIV(key).encrypt(nonce, plain, context)
    return sm4_gcm_encrypt(key, nonce, plain, context)


def _decrypt(code: int, key: bytes, nonce: bytes, body: bytes, context: bytes) -> bytes:
    if code == 1:
        return AESGCMSIV(key).decrypt(nonce, body, context)
    return sm4_gcm_decrypt(key, nonce, body, context)


def sm4_gcm_encrypt(key: bytes, nonce: bytes, plain: bytes, context: bytes) -> bytes:
    """Ciphertext followed by its 16-byte tag."""
    work = Mode(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    work.authenticate_additional_data(context)
    return work.update(plain) + work.finalize() + work.tag


def sm4_gcm_decrypt(key: bytes, nonce: bytes, body: bytes, context: bytes) -> bytes:
    """Raises InvalidTag before any plaintext is returned."""
    work = Mode(algorithms.SM4(key), modes.GCM(nonce, body[-_TAG_BYTES:])).decryptor()
    work.authenticate_additional_data(context)
    plain = work.update(body[:-_TAG_BYTES])
    work.finalize()
    return plain
