"""Where secrets come from: 0600 files in one folder, or the environment. Each secret is 32 bytes with a version."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from .errors import KeyMalformed, KeyUnsafe

log = logging.getLogger("xinqiao.vault")

SECRET_BYTES = 32


def parse_versions(text: str, *, name: str) -> dict[int, bytes]:
    """Read "2:<64 hex digits>,1:<64 hex digits>"; the first is the one to write with. Raises KeyMalformed."""
    try:
        pairs = [part.strip().split(":", 1) for part in text.split(",") if part.strip()]
        found = {int(version): bytes.fromhex(secret) for version, secret in pairs}
    except ValueError:
        found = {}
    if not found or any(version < 1 or len(secret) != SECRET_BYTES for version, secret in found.items()):
        raise KeyMalformed(name, "versions and 64 hexadecimal digits each, as in '2:ab…,1:cd…'")
    return found


def read_versions(folder: Path, stem: str) -> dict[int, bytes]:
    """All files `stem.<version>` of the folder."""
    found = {}
    for path in sorted(folder.glob(f"{stem}.*")):
        version = path.name.removeprefix(f"{stem}.")
        if version.isdecimal():
            found[int(version)] = read(path)
    return found


def read(path: Path) -> bytes:
    """The secret in a file. Raises KeyUnsafe when others may read it, KeyMalformed when it is no 32-byte secret."""
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise KeyUnsafe(path, oct(mode))
    try:
        secret = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise KeyMalformed(path, "64 hexadecimal digits")
    return secret


def create(path: Path, *, what: str, secret: bytes | None = None) -> bytes:
    """Write a new secret and say so; if another process was quicker, its secret is the one returned."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = secrets.token_bytes(SECRET_BYTES) if secret is None else secret
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(made.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return read(path)
    finally:
        draft.unlink()
    log.warning("Made %s in %s. Keep a copy of it apart from the database's backups: without it what it protects is lost.", what, path)
    return made


def newest(versions: Mapping[int, bytes]) -> int:
    return max(versions)
