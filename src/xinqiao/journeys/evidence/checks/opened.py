"""A pack that has been read: its members, its manifest, and the questions' helpers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from xinqiao.kit import sha256_hex

from ..pack import strict_json
from ..report import Findings

Problem = tuple[str, str, str]
"""Which file, and what is wrong with it in English and in Chinese."""


class Malformed(Exception):
    """A member that is not what its name says. `file` names it."""

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file}: {why}")
        self.file, self.why = file, why


@dataclass
class Opened:
    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]
    keys: Mapping[str, bytes]
    """The keys that count: those trusted by the reader, or for want of them the manifest's own."""
    found: Findings
    _read: dict[str, Any] = field(default_factory=dict)

    def has(self, *names: str) -> bool:
        return all(name in self.files for name in names)

    def json(self, name: str) -> Any:
        """A member as JSON. Raises Malformed."""
        if name not in self._read:
            if name not in self.files:
                raise Malformed(name, "it is missing")
            try:
                self._read[name] = strict_json(self.files[name])
            except ValueError as error:
                raise Malformed(name, str(error)[:160]) from error
        return self._read[name]

    def object(self, name: str) -> Mapping[str, Any]:
        value = self.json(name)
        if not isinstance(value, dict):
            raise Malformed(name, "it is not a JSON object")
        return value

    def rows(self, name: str, key: str) -> Sequence[Mapping[str, Any]]:
        """A list of objects inside a member."""
        rows = self.object(name).get(key)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Malformed(name, f"{key} is not a list of objects")
        return rows

    @property
    def events(self) -> Sequence[Mapping[str, Any]]:
        return self.rows("events.json", "events")

    def told(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """The data of each event of a kind, oldest first."""
        return (event["data"] for event in self.events if event.get("kind") == kind)

    def last(self, kind: str) -> Mapping[str, Any] | None:
        return next(iter(reversed(list(self.told(kind)))), None)

    def sha256(self, name: str) -> str:
        return sha256_hex(self.files[name])


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values say the same; decimals are compared as numbers, so that 0.18 is 0.180000."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, str) and isinstance(other, str) and one != other:
        return _number(one) is not None and _number(one) == _number(other)
    return type(one) is type(other) and one == other


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text) if len(text) <= 40 else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def differing(
    file: str, mine: Mapping[str, Any], theirs: Mapping[str, Any], names: Sequence[str], whose: str, whose_zh: str
) -> list[Problem]:
    """One problem for each name on which `file` says something else than what was signed."""
    return [
        (file, f"{file}: {name} is {mine.get(name)!r:.60}, but {whose} says {theirs.get(name)!r:.60}", f"{file}：{name} 与{whose_zh}不符")
        for name in names
        if not same(mine.get(name), theirs.get(name))
    ]
