"""Published vectors, and that what was sealed opens only as it was sealed."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from hypothesis import given
from hypothesis import strategies as st

from xinqiao.vault import cipher as c

CIPHERS = ["AES-256-GCM-SIV", "SM4-GCM"]
KEY = bytes(range(32))


def test_sm4_block_gb_t_32907_example_1() -> None:
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    work = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()
    assert (work.update(key) + work.finalize()).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_gcm_rfc_8998_appendix_a_1() -> None:
    key, nonce = bytes.fromhex("0123456789abcdeffedcba9876543210"), bytes.fromhex("00001234567800000000abcd")
    context = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = b"".join(bytes([byte]) * 8 for byte in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    sealed = c.sm4_gcm_encrypt(key, nonce, plain, context)
    assert sealed[:64].hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    )
    assert sealed[64:].hex() == "83de3541e4c2b58177e065a9bf7b62ec"
    assert c.sm4_gcm_decrypt(key, nonce, sealed, context) == plain


def test_aes_gcm_siv_rfc_8452_appendix_c_2() -> None:
    key, nonce = bytes([1]) + bytes(31), bytes([3]) + bytes(11)
    assert AESGCMSIV(key).encrypt(nonce, bytes([1]) + bytes(7), b"").hex() == "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"


def test_sm3_gb_t_32905_example_1() -> None:
    work = hashes.Hash(hashes.SM3())
    work.update(b"abc")
    assert work.finalize().hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@pytest.mark.parametrize("name", CIPHERS)
@given(plain=st.binary(max_size=200), context=st.binary(max_size=50))
def test_what_is_sealed_opens_and_says_its_cipher(name, plain: bytes, context: bytes) -> None:
    sealed = c.seal(KEY, plain, context, name)
    assert c.cipher_of(sealed) == name
    assert c.unseal(KEY, sealed, context) == plain
    assert c.seal(KEY, plain, context, name) != sealed


@pytest.mark.parametrize("name", CIPHERS)
@given(plain=st.binary(max_size=40), at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_one_changed_byte_anywhere_does_not_open(name, plain: bytes, at: int, flip: int) -> None:
    sealed = bytearray(c.seal(KEY, plain, b"context", name))
    sealed[at % len(sealed)] ^= flip
    with pytest.raises(c.NotAuthentic):
        c.unseal(KEY, bytes(sealed), b"context")


@pytest.mark.parametrize("name", CIPHERS)
def test_another_key_or_context_or_a_stump_does_not_open(name) -> None:
    sealed = c.seal(KEY, b"secret", b"context", name)
    for key, stored, context in [
        (KEY[::-1], sealed, b"context"),
        (KEY, sealed, b"Context"),
        (KEY, sealed[:20], b"context"),
        (KEY, b"", b"context"),
    ]:
        with pytest.raises(c.NotAuthentic):
            c.unseal(key, stored, context)


@given(st.lists(st.binary(max_size=4), max_size=4), st.lists(st.binary(max_size=4), max_size=4))
def test_frames_of_different_parts_differ(one: list[bytes], other: list[bytes]) -> None:
    assert (c.frame(*one) == c.frame(*other)) == (one == other)


def test_derived_keys_differ_by_label_and_by_key() -> None:
    assert len({c.derive(KEY, "a"), c.derive(KEY, "b"), c.derive(KEY[::-1], "a")}) == 3
