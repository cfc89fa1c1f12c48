"""The flows that must survive the process: paying out after the signature, and each day's run over the book."""

from __future__ import annotations

from uuid import UUID

from xinqiao.kit.durable import Durable

from .collecting import end_of_day
from .house import House
from .lending import disburse


def register(durable: Durable, house: House) -> None:
    """Give the runtime its flows. Steps are our own verbs, each safe to repeat."""

    def pay_out(application: str) -> str:
        return durable.step("disburse", lambda: str(disburse(house, UUID(application))))

    def day() -> dict[str, int]:
        return durable.step("end_of_day", lambda: end_of_day(house))

    durable.flow("disburse", pay_out)
    durable.flow("day", day)
