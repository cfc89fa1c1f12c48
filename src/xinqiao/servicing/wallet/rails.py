"""Payment rails: the banks' networks by which money reaches a wallet and leaves it.

Only the simulator ships, and it says so in every receipt. A real rail is an adapter of a licensed payment institution; it must treat an order's id
as that order for ever, so that an order whose answer was lost can be asked again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol
from uuid import UUID

from xinqiao.kit import Money

from ..errors import RailRefused, RailSilent
from .model import Movement, Way


@dataclass(frozen=True, slots=True)
class Order:
    id: UUID
    way: Way
    amount: Money
    token: str

    @classmethod
    def of(cls, movement: Movement) -> Order:
        return cls(movement.id, movement.way, movement.amount, movement.token)


@dataclass(frozen=True, slots=True)
class Receipt:
    reference: str
    says: str
    simulated: bool = False


class Rail(Protocol):
    @property
    def name(self) -> str: ...

    def carry(self, order: Order) -> Receipt:
        """Move the money, or find that this order moved it before.

        Raises RailRefused when it will never move, RailSilent when nobody knows yet.
        """
        ...


@dataclass
class SimulatedRail:
    """Moves no money. What it does depends on the token: `refuse…`, `silent…` (never answers), `lost…` (does it, but the first answer is lost);
    any other succeeds."""

    name: str = "simulator"
    carried: dict[UUID, Receipt] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def carry(self, order: Order) -> Receipt:
        with self._lock:
            if order.id in self.carried:
                return self.carried[order.id]
            if order.token.startswith("silent"):
                raise RailSilent(self.name)
            if order.token.startswith("refuse"):
                raise RailRefused(self.name, "the account is closed (simulated)")
            self.carried[order.id] = receipt = Receipt(
                f"SIM-{order.id.hex[:12]}", "SIMULATED, no money moved · 模拟，未发生真实资金划转", simulated=True
            )
            if order.token.startswith("lost"):
                raise RailSilent(self.name)
            return receipt
