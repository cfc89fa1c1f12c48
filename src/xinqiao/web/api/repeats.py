"""The first answer again, also where it holds a secret: such an answer is kept wrapped by the key-encryption key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from xinqiao.journeys import House
from xinqiao.kit import canonical
from xinqiao.kit.idempotency import once
from xinqiao.partners import Partner

Answer = dict[str, Any]


class Repeats:
    def __init__(self, house: House) -> None:
        self._house = house

    def once(self, what: str, partner: Partner, key: str | None, request: Any, work: Callable[[Connection], Answer]) -> Answer:
        """Do `work` in a transaction the first time; a repeat by this partner gets the same answer, with its secret. Without a key there are no repeats.

        Raises KeyReused when the request differs, KeyMalformed; once the wrapping key is retired, vault's KeyMissing.
        """
        if key is None:
            with self._house.begin() as db:
                return work(db)
        scope = f"{what}:{partner.id}"
        context = f"xinqiao/api/repeat/{scope}/{key}".encode()
        with self._house.begin() as db:
            wrapped = once(
                db=db,
                clock=self._house.clock,
                scope=scope,
                key=key,
                request=request,
                work=lambda: self._wrap(canonical(work(db)), context),
            )
        return json.loads(self._house.vault.keys.unwrap(wrapped["version"], bytes.fromhex(wrapped["answer"]), context))

    def _wrap(self, answer: bytes, context: bytes) -> Answer:
        version, wrapped = self._house.vault.keys.wrap(answer, context)
        return {"version": version, "answer": wrapped.hex()}
