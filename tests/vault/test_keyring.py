"""Where keys come from, what is refused, and that old versions go on unwrapping."""

import logging
import os
import secrets
from pathlib import Path

import pytest

from xinqiao.kit import Settings
from xinqiao.vault import Field, Vault
from xinqiao.vault.errors import KeyMalformed, KeyMissing, KeySourceFixed, KeyUnsafe, KeyWrong
from xinqiao.vault.keyring import FileKeys, LocalKeys, open_keys

DATA_KEY = bytes(range(32))


def test_the_first_start_makes_keys_that_only_the_owner_reads_and_says_so(settings: Settings, caplog) -> None:
    with caplog.at_level(logging.WARNING, "xinqiao.vault"):
        Vault.open(settings)
    made = sorted((settings.home / "keys").iterdir())
    assert [path.name for path in made] == ["audit.1", "index-sha256", "kek.1"]
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}
    assert "without it what it protects is lost" in caplog.text
    assert not any(path.read_text().strip() in caplog.text for path in made)


def test_a_second_start_reads_the_same_keys(settings: Settings) -> None:
    first, second = Vault.open(settings), Vault.open(settings)
    version, wrapped = first.keys.wrap(DATA_KEY, b"c")
    assert second.keys.unwrap(version, wrapped, b"c") == DATA_KEY
    assert first.index.blind(Field.PHONE, "1") == second.index.blind(Field.PHONE, "1")
    assert first.signer.public_keys == second.signer.public_keys


def test_a_key_file_that_others_can_read_is_refused(settings: Settings) -> None:
    Vault.open(settings)
    os.chmod(settings.home / "keys" / "kek.1", 0o644)
    with pytest.raises(KeyUnsafe, match="chmod 600"):
        Vault.open(settings)


def test_a_key_file_that_holds_no_key_is_refused(settings: Settings) -> None:
    Vault.open(settings)
    (settings.home / "keys" / "kek.1").write_text("abc")
    with pytest.raises(KeyMalformed, match="64 hexadecimal digits"):
        Vault.open(settings)


@pytest.mark.parametrize("cipher", ["AES-256-GCM-SIV", "SM4-GCM"])
def test_a_renewed_key_wraps_and_the_old_one_still_unwraps(home: Path, cipher) -> None:
    keys, other_process = FileKeys(home, cipher=cipher), FileKeys(home, cipher=cipher)
    old = keys.wrap(DATA_KEY, b"c")
    assert keys.renew() == 2
    new = keys.wrap(DATA_KEY, b"c")
    assert (old[0], new[0]) == (1, 2)
    for version, wrapped in (old, new):
        assert keys.unwrap(version, wrapped, b"c") == DATA_KEY
        assert other_process.unwrap(version, wrapped, b"c") == DATA_KEY
    assert other_process.current == 2


def test_a_wrapped_key_opens_only_in_its_context_and_version(home: Path) -> None:
    keys = FileKeys(home, cipher="AES-256-GCM-SIV")
    version, wrapped = keys.wrap(DATA_KEY, b"person a")
    keys.renew()
    for context, tried in [(b"person b", version), (b"person a", 2)]:
        with pytest.raises(KeyWrong):
            keys.unwrap(tried, wrapped, context)
    with pytest.raises(KeyMissing, match="version 3"):
        keys.unwrap(3, wrapped, b"person a")


def test_the_blind_indexes_survive_a_renewed_key(settings: Settings) -> None:
    vault = Vault.open(settings)
    before = vault.index.blind(Field.PHONE, "13800138000")
    vault.keys.renew()
    (settings.home / "keys" / "kek.1").unlink()
    assert Vault.open(settings).index.blind(Field.PHONE, "13800138000") == before


def test_the_index_algorithm_stays_when_the_cipher_changes(settings: Settings) -> None:
    before = Vault.open(settings).index.blind(Field.PHONE, "13800138000")
    changed = Vault.open(settings.model_copy(update={"cipher": "SM4-GCM"}))
    assert changed.cipher == "SM4-GCM"
    assert changed.index.blind(Field.PHONE, "13800138000") == before


def test_sm4_from_the_start_indexes_by_sm3(settings: Settings) -> None:
    vault = Vault.open(settings.model_copy(update={"cipher": "SM4-GCM"}))
    assert vault.index.algorithm == "sm3"
    assert len(vault.index.blind(Field.PHONE, "13800138000")) == 32


def test_keys_from_the_environment_the_first_listed_wraps(settings: Settings, monkeypatch) -> None:
    one, two = secrets.token_hex(32), secrets.token_hex(32)
    monkeypatch.setenv("XINQIAO_KEK", f"1:{one},2:{two}")
    keys, index = open_keys(settings.home / "keys", "AES-256-GCM-SIV")
    assert keys.current == 1
    wrapped = keys.wrap(DATA_KEY, b"c")
    monkeypatch.setenv("XINQIAO_KEK", f"2:{two},1:{one}")
    later, same_index = open_keys(settings.home / "keys", "AES-256-GCM-SIV")
    assert later.current == 2
    assert later.unwrap(*wrapped, b"c") == DATA_KEY
    assert index == same_index
    assert not (settings.home / "keys").exists()
    with pytest.raises(KeySourceFixed, match="restart"):
        later.renew()


def test_version_1_may_leave_the_environment_once_the_index_key_is_given(settings: Settings, monkeypatch) -> None:
    one, two = secrets.token_hex(32), secrets.token_hex(32)
    monkeypatch.setenv("XINQIAO_KEK", f"1:{one}")
    _, index = open_keys(settings.home, "AES-256-GCM-SIV")
    monkeypatch.setenv("XINQIAO_KEK", f"2:{two}")
    with pytest.raises(KeyMissing, match="XINQIAO_INDEX_KEY"):
        open_keys(settings.home, "AES-256-GCM-SIV")
    monkeypatch.setenv("XINQIAO_INDEX_KEY", f"sha256:{index.secret.hex()}")
    assert open_keys(settings.home, "AES-256-GCM-SIV")[1] == index


@pytest.mark.parametrize("text", ["abc", "1:zz", "0:" + "0" * 64, "1:" + "0" * 62, ","])
def test_a_malformed_environment_is_refused_with_what_would_be_right(settings: Settings, monkeypatch, text: str) -> None:
    monkeypatch.setenv("XINQIAO_KEK", text)
    with pytest.raises(KeyMalformed, match="XINQIAO_KEK must hold versions and 64 hexadecimal digits"):
        open_keys(settings.home, "AES-256-GCM-SIV")


def test_keys_are_not_shown_by_their_representation(settings: Settings) -> None:
    vault = Vault.open(settings)
    shown = repr(vault)
    for path in (settings.home / "keys").iterdir():
        assert path.read_text().strip() not in shown
    assert vault.index.secret.hex() not in shown
    assert repr(vault.index.secret)[2:20] not in shown


def test_local_keys_tell_two_keys_of_one_version_apart() -> None:
    one, two = (LocalKeys({1: bytes([byte]) * 32}, current=1, cipher="SM4-GCM") for byte in (1, 2))
    assert one.fingerprint(1) != two.fingerprint(1)
    assert len(one.fingerprint(1)) == 16
