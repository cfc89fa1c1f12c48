"""A credit bureau that is none: it checks a file as a bureau would, answers, and says in every answer that it is simulated."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xinqiao.kit import Clock, canonical, sha256_hex

from ..errors import RecordMalformed
from .shape import ACK, BATCH, check

Refuses = Callable[[Mapping[str, Any]], str | None]
"""A record to the code with which it is rejected; None takes it."""


def _takes_all(record: Mapping[str, Any]) -> str | None:
    return None


@dataclass(slots=True)
class SimulatedBureau:
    """Keeps what it accepted, by record id, for tests and demonstrations."""

    clock: Clock
    refuses: Refuses = _takes_all
    holds: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def receive(self, data: bytes) -> bytes:
        """The answer to one file. Raises ValueError for bytes that are no whole file: a bureau would answer nothing."""
        header, records = self._opened(data)
        accepted, rejected = [], []
        for record in records:
            code = self._judged(record)
            if code is None:
                self._keep(record)
                accepted.append(record["id"])
            else:
                rejected.append({"id": record["id"], "code": code, "says": "rejected by the simulated bureau"})
        answer = {"shape": ACK, "batch": header["batch"], "received_at": self.clock.now(), "simulated": True}
        return canonical({**answer, "accepted": accepted, "rejected": rejected})

    def _opened(self, data: bytes) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
        lines = data.splitlines(keepends=True)
        if len(lines) < 2:
            raise ValueError("the file has no header or no trailer")
        header, trailer = json.loads(lines[0]), json.loads(lines[-1])
        records = [json.loads(line) for line in lines[1:-1]]
        if header.get("shape") != BATCH or trailer.get("line") != "trailer" or not header["records"] == trailer["records"] == len(records):
            raise ValueError("the header, the trailer and the number of records do not agree")
        if trailer["sha256"] != sha256_hex(b"".join(lines[:-1])):
            raise ValueError("the file does not have the hash that its trailer names")
        if [line["seq"] for line in records] != list(range(1, len(records) + 1)):
            raise ValueError("a record is missing or out of its order")
        return header, [line["record"] for line in records]

    def _judged(self, record: Mapping[str, Any]) -> str | None:
        try:
            check(record)
        except RecordMalformed:
            return "malformed"
        if "refers_to" in record and record["refers_to"] not in self.holds:
            return "refers_to_nothing"
        return self.refuses(record)

    def _keep(self, record: Mapping[str, Any]) -> None:
        if record["kind"] == "deletion":
            self.holds.pop(record["refers_to"], None)
        self.holds[record["id"]] = record
