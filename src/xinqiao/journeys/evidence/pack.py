"""The file: a zip of plain members under a signed manifest. Writing it the same way each time, and reading it from strangers. Pure but for the file itself.

A pack comes from anywhere, so reading trusts nothing: sizes are bounded before and while bytes are inflated, names are matched against the few
that exist, nothing is ever unpacked to disk, JSON is read without duplicate keys, floats or endless numbers.
"""

from __future__ import annotations

import io
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from xinqiao.kit import canonical, sha256_hex

from .errors import PackUnreadable

FORMAT = "xinqiao-evidence/1"
SIGNATURE_FORMAT = "xinqiao-evidence-signature/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig.json"
PERSONAL_SEALED = "personal.hpke"

MOST_FILE_BYTES = 64 * 1024 * 1024
MOST_MEMBER_BYTES = 24 * 1024 * 1024
MOST_TOTAL_BYTES = 96 * 1024 * 1024
MOST_MEMBERS = 512

_NAME = re.compile(
    r"(?:[a-z][a-z0-9_-]{0,40}(?:\.(?:masked|sig|zh-CN|en))?\.(?:json|txt|html|hpke)"
    r"|consents/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json|texts/[0-9a-f]{64}\.txt)"
)
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)
_THEN = (1980, 1, 1, 0, 0, 0)
"""The one timestamp of all members: when a pack was made is in its manifest."""


def json_bytes(value: Any) -> bytes:
    """A JSON member: canonical, so that the same facts give the same bytes."""
    return canonical(value)


def described(files: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    """What the manifest says of each file."""
    return {name: {"sha256": sha256_hex(data), "bytes": len(data)} for name, data in sorted(files.items())}


def write(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write the zip beside its place and move it there whole, readable by its owner alone; an older pack of that name is replaced."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(zipped(files))
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return path


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The zip's bytes: members by name, one timestamp, no extras."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, _THEN)
            member.compress_type, member.create_system, member.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            archive.writestr(member, files[name])
    return buffer.getvalue()


def read(path: Path) -> dict[str, bytes]:
    """All members by name. Raises PackUnreadable, whatever the file is."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_FILE_BYTES + 1)
        if len(data) > MOST_FILE_BYTES:
            raise PackUnreadable(f"it is larger than {MOST_FILE_BYTES} bytes")
        return unzipped(data)
    except PackUnreadable:
        raise
    except Exception as error:
        # zipfile raises a dozen kinds of errors on hostile input, some of them undocumented.
        raise PackUnreadable(f"{type(error).__name__}: {error}"[:200]) from error


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        _check_shape(archive, members, data)
        files: dict[str, bytes] = {}
        left = MOST_TOTAL_BYTES
        for member in members:
            files[member.filename] = _inflate(archive, member, min(left, MOST_MEMBER_BYTES))
            left -= len(files[member.filename])
        return files


def _check_shape(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], data: bytes) -> None:
    if len(members) > MOST_MEMBERS:
        raise PackUnreadable(f"it has more than {MOST_MEMBERS} members")
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise PackUnreadable("a member occurs twice")
    for member in members:
        if member.orig_filename != member.filename or not _NAME.fullmatch(member.filename):
            raise PackUnreadable(f"a member is named {member.orig_filename[:80]!r}, which no evidence pack has")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 0x1:
            raise PackUnreadable(f"{member.filename} is packed in a way that no evidence pack is")
    if archive.comment or (members and min(member.header_offset for member in members) != 0) or not _ends_with_directory(data):
        raise PackUnreadable("something is hidden before, after or beside the members")


def _ends_with_directory(data: bytes) -> bool:
    """Whether the end-of-directory record, which has no comment, is the last thing in the file (APPNOTE 4.3.16)."""
    return data[-22:-18] == b"PK\x05\x06"


def _inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """Read one member, never more than `most` bytes of it, whatever its header says."""
    with archive.open(member) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise PackUnreadable(f"{member.filename} is larger than an evidence pack may be")
    return data


def strict_json(data: bytes) -> Any:
    """JSON without floats, duplicate keys or lone surrogates. Raises ValueError."""
    try:
        found = json.loads(data.decode(), object_pairs_hook=_pairs, parse_float=_no_float, parse_constant=_no_float)
        canonical(found)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return found


def _pairs(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} occurs twice")
        found[key] = value
    return found


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of an evidence pack")


def decimal(text: Any) -> Decimal:
    """A number as a pack writes it: a short string without an exponent, which could stand for gigabytes of digits. Raises ValueError."""
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r:.40} is no number of an evidence pack")
    return Decimal(text)
