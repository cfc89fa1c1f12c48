"""A wallet's movements, its limits and what it stands at. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid5

from xinqiao.kit import Money

from ..errors import TokenRefused, WalletCurrency, WalletLimit, WalletMinimum
from ..ledger import Account, Kind

WALLETS = UUID("5a0e8a55-2c0b-5f0a-8d6f-0e2b8a0c6d11")
"""The namespace under which a movement's id is derived from its key (RFC 9562 §5.5)."""
LONGEST_NUMBER = 11
"""More digits in a row than this look like a card or account number, which has no business here."""


class Way(StrEnum):
    TOP_UP = "top_up"
    """Money comes in from the person's bank (充值)."""
    PAY_OUT = "pay_out"
    """Money goes out to it (提现)."""


class State(StrEnum):
    ASKED = "asked"
    """The rail has not said yet; of a pay-out the amount is held."""
    DONE = "done"
    REFUSED = "refused"
    RETURNED = "returned"
    """Done, and days later given back by the bank (退汇): the posting stands, and its reversal beside it."""


@dataclass(frozen=True, slots=True)
class Movement:
    """A top-up or pay-out. Its id is the order's id at the rail: asked twice, it is one order."""

    id: UUID
    person: UUID
    way: Way
    amount: Money
    token: str
    """The rail's name for the person's bank account."""
    key: str
    at: datetime
    state: State = State.ASKED
    rail: str | None = None
    reference: str | None = None
    """The rail's own, when it did it."""
    says: str | None = None
    """Why it was refused, or the receipt's words."""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a wallet holds: `total` is owed to the person, `available` is what is not set aside."""

    total: Money
    held: Money

    @property
    def available(self) -> Money:
        return self.total - self.held


@dataclass(frozen=True, slots=True)
class Bounds:
    least: Money
    day: Money
    month: Money


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one currency."""

    max_balance: Money
    top_up: Bounds
    pay_out: Bounds

    @classmethod
    def parse(cls, currency: str, told: Mapping[str, Any]) -> Limits:
        """Read the table of one currency, as in `limits.toml`; raises what Money.parse raises."""

        def bounds(row: Mapping[str, str]) -> Bounds:
            return Bounds(*(Money.parse(row[name], currency) for name in ("least", "day", "month")))

        return cls(Money.parse(told["max_balance"], currency), bounds(told["top_up"]), bounds(told["pay_out"]))

    def require(self, way: Way, amount: Money, *, day: Money, month: Money, room: Money) -> None:
        """Refuse what is too small, or too much beside what was moved this `day` and `month`, or a top-up for which there is no `room`.

        Raises WalletMinimum, WalletLimit.
        """
        bounds = self.top_up if way is Way.TOP_UP else self.pay_out
        if amount < bounds.least:
            raise WalletMinimum(_told(amount), _name(way), _told(bounds.least), field="amount")
        tests = [(f"{_name(way)} a day", bounds.day, bounds.day - day), (f"{_name(way)} a month", bounds.month, bounds.month - month)]
        tests += [("the balance", self.max_balance, room)] if way is Way.TOP_UP else []
        for what, limit, left in tests:
            if amount > left:
                raise WalletLimit(_told(amount), what, _told(limit), _told(max(left, amount - amount)), field="amount")


@cache
def limits() -> Mapping[str, Limits]:
    """The shipped limits by currency."""
    read = tomllib.loads((Path(__file__).parent / "limits.toml").read_text(encoding="utf-8"))
    return MappingProxyType({currency: Limits.parse(currency, told) for currency, told in read.items()})


def limits_of(currency: str) -> Limits:
    """Raises WalletCurrency."""
    found = limits().get(currency)
    if found is None:
        raise WalletCurrency(currency, ", ".join(limits()), field="currency")
    return found


def account(person: UUID, currency: str = "CNY") -> Account:
    """The person's account on the one ledger."""
    return Account(Kind.WALLET, person, currency)


def movement_id(way: Way, person: UUID, key: str) -> UUID:
    return uuid5(WALLETS, f"{way}/{person}/{key}")


def require_token(token: str) -> None:
    """Raises TokenRefused for what is empty, overlong or looks like an account number."""
    if not 1 <= len(token) <= 200 or re.search(rf"(\d[ -]?){{{LONGEST_NUMBER + 1},}}", token):
        raise TokenRefused(field="token")


def _name(way: Way) -> str:
    return way.replace("_", "-")


def _told(amount: Money) -> str:
    return f"{amount} {amount.currency}"
