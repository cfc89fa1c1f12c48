"""Key-encryption keys: what wraps each person's data key, in versions; and the key of the blind indexes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from . import keyfiles
from .cipher import CipherName, NotAuthentic, derive, frame, seal, unseal
from .errors import KeyMalformed, KeyMissing, KeySourceFixed, KeyWrong
from .model import Field
from .normalise import normalise


class KeySource(Protocol):
    """All that the vault asks of a place that keeps key-encryption keys; a KMS or HSM fits behind it."""

    @property
    def current(self) -> int:
        """The version that `wrap` uses."""
        ...

    def wrap(self, key: bytes, context: bytes) -> tuple[int, bytes]:
        """The version used and the wrapped key."""
        ...

    def unwrap(self, version: int, wrapped: bytes, context: bytes) -> bytes:
        """The key again. Raises KeyMissing for a version it has not, KeyWrong when it does not open."""
        ...

    def fingerprint(self, version: int) -> bytes:
        """16 bytes that tell two keys of one version apart and reveal nothing of either."""
        ...

    def renew(self) -> int:
        """Make a new current version; older ones go on unwrapping. Raises KeySourceFixed where that is done elsewhere."""
        ...


class LocalKeys:
    """Key-encryption keys in this process's memory: from files, or from the environment."""

    def __init__(self, versions: Mapping[int, bytes], *, current: int, cipher: CipherName) -> None:
        self._versions, self._current, self._cipher = dict(versions), current, cipher

    @property
    def current(self) -> int:
        return self._current

    def wrap(self, key: bytes, context: bytes) -> tuple[int, bytes]:
        return self._current, seal(self._versions[self._current], key, frame("wrap", str(self._current), context), self._cipher)

    def unwrap(self, version: int, wrapped: bytes, context: bytes) -> bytes:
        try:
            return unseal(self._of(version), wrapped, frame("wrap", str(version), context))
        except NotAuthentic as error:
            raise KeyWrong(f"kek.{version}") from error

    def fingerprint(self, version: int) -> bytes:
        return derive(self._of(version), "fingerprint", 16)

    def renew(self) -> int:
        raise KeySourceFixed("XINQIAO_KEK", "append the new version to it, restart all workers, then put it first and restart again")

    def _of(self, version: int) -> bytes:
        if version not in self._versions:
            self._reload()
        if version not in self._versions:
            raise KeyMissing(version, self._place())
        return self._versions[version]

    def _reload(self) -> None:
        """Look again for versions that another process made."""

    def _place(self) -> str:
        return "XINQIAO_KEK"


class FileKeys(LocalKeys):
    """Files `kek.<version>` under one folder; the highest version writes. The first is made when there is none."""

    def __init__(self, folder: Path, *, cipher: CipherName) -> None:
        self._folder = folder
        versions = keyfiles.read_versions(folder, "kek")
        if not versions:
            versions = {1: keyfiles.create(folder / "kek.1", what="the first key-encryption key")}
        super().__init__(versions, current=keyfiles.newest(versions), cipher=cipher)

    def renew(self) -> int:
        self._reload()
        version = keyfiles.newest(self._versions) + 1
        self._versions[version] = keyfiles.create(self._folder / f"kek.{version}", what=f"key-encryption key version {version}")
        self._current = version
        return version

    def _reload(self) -> None:
        self._versions |= keyfiles.read_versions(self._folder, "kek")
        self._current = keyfiles.newest(self._versions)

    def _place(self) -> str:
        return str(self._folder)


Algorithm = Literal["sha256", "sm3"]


@dataclass(frozen=True, slots=True, repr=False)
class IndexKey:
    """The key of the blind indexes. It outlives every key-encryption key, for an index that changed would find no one."""

    secret: bytes
    algorithm: Algorithm

    def blind(self, field: Field | str, value: str | bytes) -> bytes:
        """32 bytes that are equal for equal values of one field and say nothing else (HMAC-SHA256 or HMAC-SM3)."""
        key = derive(self.secret, f"index/{self.algorithm}/{field}")
        work = HMAC(key, hashes.SM3() if self.algorithm == "sm3" else hashes.SHA256())
        work.update(normalise(field, value))
        return work.finalize()

    @property
    def fingerprint(self) -> bytes:
        return derive(self.secret, f"fingerprint/{self.algorithm}", 16)


def open_keys(folder: Path, cipher: CipherName) -> tuple[KeySource, IndexKey]:
    """Keys from XINQIAO_KEK (and XINQIAO_INDEX_KEY) where set, else from files in `folder`, made on the first start."""
    given = os.environ.get("XINQIAO_KEK")
    if given:
        versions = keyfiles.parse_versions(given, name="XINQIAO_KEK")
        return LocalKeys(versions, current=next(iter(versions)), cipher=cipher), _index_from_environment(versions, cipher)
    keys = FileKeys(folder, cipher=cipher)
    return keys, _index_from_file(folder, keys, cipher)


def _algorithm(cipher: CipherName) -> Algorithm:
    return "sm3" if cipher == "SM4-GCM" else "sha256"


def _index_from_environment(versions: Mapping[int, bytes], cipher: CipherName) -> IndexKey:
    """XINQIAO_INDEX_KEY ("sha256:<hex>"), else derived from version 1, which must then stay listed."""
    given = os.environ.get("XINQIAO_INDEX_KEY")
    if given:
        return _parse_index(given)
    if 1 not in versions:
        raise KeyMissing(1, "XINQIAO_KEK, or set XINQIAO_INDEX_KEY: the blind indexes derive from version 1")
    return IndexKey(derive(versions[1], "index"), _algorithm(cipher))


def _parse_index(text: str) -> IndexKey:
    algorithm, _, digits = text.partition(":")
    try:
        secret = bytes.fromhex(digits)
    except ValueError:
        secret = b""
    if len(secret) != keyfiles.SECRET_BYTES or algorithm not in ("sha256", "sm3"):
        raise KeyMalformed("XINQIAO_INDEX_KEY", "'sha256:' or 'sm3:' and 64 hexadecimal digits")
    return IndexKey(secret, "sm3" if algorithm == "sm3" else "sha256")


def _index_from_file(folder: Path, keys: FileKeys, cipher: CipherName) -> IndexKey:
    """The file `index-sha256` or `index-sm3`; at birth it is derived from the first key-encryption key."""
    for algorithm in ("sha256", "sm3"):
        path = folder / f"index-{algorithm}"
        if path.exists():
            return IndexKey(keyfiles.read(path), algorithm)
    algorithm = _algorithm(cipher)
    secret = derive(keys._of(1), "index")
    return IndexKey(keyfiles.create(folder / f"index-{algorithm}", what="the key of the blind indexes", secret=secret), algorithm)
