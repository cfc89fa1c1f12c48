"""An amount by what it is for, in minor units. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..product.model import Kind

KINDS = tuple(Kind)
"""Penalty, fee, premium, interest, principal: the order in which `Parts` lists them."""


@dataclass(frozen=True, slots=True)
class Parts:
    penalty: int = 0
    fee: int = 0
    premium: int = 0
    interest: int = 0
    principal: int = 0

    @classmethod
    def of(cls, kind: Kind, amount: int) -> Parts:
        """All of `amount` as one kind."""
        return cls(**{kind.value: amount})

    @property
    def amounts(self) -> tuple[int, int, int, int, int]:
        return (self.penalty, self.fee, self.premium, self.interest, self.principal)

    @property
    def total(self) -> int:
        return self.penalty + self.fee + self.premium + self.interest + self.principal

    @property
    def by_name(self) -> dict[str, int]:
        return dict(zip((kind.value for kind in KINDS), self.amounts, strict=True))

    def __getitem__(self, kind: Kind) -> int:
        return self.amounts[KINDS.index(kind)]

    def __bool__(self) -> bool:
        return any(self.amounts)

    def __add__(self, other: Parts) -> Parts:
        return Parts(*(mine + theirs for mine, theirs in zip(self.amounts, other.amounts, strict=True)))

    def __sub__(self, other: Parts) -> Parts:
        return Parts(*(mine - theirs for mine, theirs in zip(self.amounts, other.amounts, strict=True)))

    def __neg__(self) -> Parts:
        return Parts(*(-mine for mine in self.amounts))

    def capped(self, most: Parts) -> Parts:
        """Kind by kind the lesser of the two."""
        return Parts(*map(min, self.amounts, most.amounts))

    def take(self, amount: int, order: tuple[Kind, ...] = KINDS) -> Parts:
        """As much of these parts as `amount` covers, in `order`."""
        taken = {}
        for kind in order:
            taken[kind.value] = min(self[kind], amount)
            amount -= taken[kind.value]
        return Parts(**taken)


NOTHING = Parts()


def total(parts: list[Parts] | tuple[Parts, ...]) -> Parts:
    return Parts(*(sum(column) for column in zip(*(each.amounts for each in parts), strict=True))) if parts else NOTHING
