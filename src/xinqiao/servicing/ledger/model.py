"""Accounts, transfers, holds and what is read back of them. Pure.

A transfer takes one amount from its credit account to its debit account, as in TigerBeetle's data model; a journal entry is a list of
transfers posted together. Receivables grow by debit; what is owed to a party grows by credit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from uuid_utils.compat import uuid5

from xinqiao.kit import Money

from ..errors import AccountMalformed, CursorMalformed, TransferRefused
from .chart import RULES, Kind, Rule

LEDGER = UUID("6a1a9a52-6f0e-5c1b-9a55-0c7a1d2f8e31")
"""The namespace under which account and transfer ids are derived from their names (RFC 9562 §5.5)."""
NOBODY = UUID(int=0)


@lru_cache(maxsize=65536)
def _account_id(kind: str, owner: UUID, currency: str) -> UUID:
    return uuid5(LEDGER, f"account/{kind}/{owner}/{currency}")


def transfer_id(key: str) -> UUID:
    """The id of the transfer that this key names."""
    return uuid5(LEDGER, f"transfer/{key}")


def hold_id(key: str) -> UUID:
    """The id of the hold that this key names."""
    return uuid5(LEDGER, f"hold/{key}")


@dataclass(frozen=True, slots=True)
class Account:
    """One currency of one owner: a loan, a funder, a guarantor, a scene, a person, or the platform (NOBODY)."""

    kind: Kind
    owner: UUID = NOBODY
    currency: str = "CNY"

    @property
    def id(self) -> UUID:
        return _account_id(self.kind, self.owner, self.currency)

    @classmethod
    def parse(cls, text: str) -> Account:
        """Read `kind[/owner[/currency]]`, as in "wallet/0199…/CNY" or "clearing". Raises AccountMalformed."""
        kind, owner, currency = [*text.split("/"), "", ""][:3]
        try:
            if text.count("/") > 2:
                raise ValueError(text)
            return cls(Kind(kind), UUID(owner) if owner else NOBODY, currency or "CNY")
        except ValueError:
            raise AccountMalformed(text, ", ".join(Kind)) from None

    def __str__(self) -> str:
        return f"{self.kind}/{self.owner}/{self.currency}"


@dataclass(frozen=True, slots=True)
class Transfer:
    """Raises TransferRefused unless amount and both accounts share a currency and the amount is positive."""

    key: str
    """Names the transfer for ever: a repeat of the key posts nothing."""
    what: str
    """"disbursed", "principal", "interest" …"""
    debit: Account
    credit: Account
    amount: Money
    subject: UUID = NOBODY
    """The loan it is about."""
    person: UUID = NOBODY

    def __post_init__(self) -> None:
        _require_two_sides(self.key, self.debit, self.credit, self.amount)

    @property
    def id(self) -> UUID:
        return transfer_id(self.key)


@dataclass(frozen=True, slots=True)
class Hold:
    """An amount set aside on both accounts, to be settled later in one part or several. Refused as a transfer is."""

    key: str
    what: str
    debit: Account
    credit: Account
    amount: Money
    expires_at: datetime | None = None
    """From then on nothing can be settled, and `expire` frees what is left. None: it stands until it is settled or released."""
    subject: UUID = NOBODY
    person: UUID = NOBODY

    def __post_init__(self) -> None:
        _require_two_sides(self.key, self.debit, self.credit, self.amount)

    @property
    def id(self) -> UUID:
        return hold_id(self.key)


def _require_two_sides(key: str, debit: Account, credit: Account, amount: Money) -> None:
    if amount.minor <= 0:
        raise TransferRefused(key, f"the amount must be positive, got {amount}")
    if not debit.currency == credit.currency == amount.currency:
        raise TransferRefused(key, "both accounts and the amount must be of one currency")
    if debit == credit:
        raise TransferRefused(key, "debit and credit must be different accounts")


@dataclass(frozen=True, slots=True)
class Held:
    """A hold as it stands."""

    id: UUID
    at: datetime
    what: str
    debit: Account
    credit: Account
    amount: Money
    settled: Money
    expires_at: datetime | None
    ended: str | None
    """"settled", "released" or "expired"; None while it stands."""
    ended_at: datetime | None
    subject: UUID
    person: UUID

    @property
    def left(self) -> Money:
        """What is still set aside."""
        return replace(self.amount, minor=0) if self.ended else self.amount - self.settled

    def is_expired(self, now: datetime) -> bool:
        return self.ended == "expired" or (self.ended is None and self.expires_at is not None and self.expires_at <= now)


@dataclass(frozen=True, slots=True)
class Balance:
    account: Account
    debits: Money
    credits: Money
    held_debits: int = 0
    """Minor units set aside to leave by debit."""
    held_credits: int = 0

    @property
    def net(self) -> Money:
        """Debits less credits: positive for a receivable, negative for what is owed."""
        return self.debits - self.credits

    @property
    def available(self) -> Money | None:
        """What may still be taken against the account's rule, holds counted; None where any balance is allowed."""
        rule = RULES[self.account.kind]
        if rule is Rule.WITHIN_CREDITS:
            return Money(self.credits.minor - self.debits.minor - self.held_debits, self.account.currency)
        if rule is Rule.WITHIN_DEBITS:
            return Money(self.debits.minor - self.credits.minor - self.held_credits, self.account.currency)
        return None


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in an account's entries: by book date, then in the order of posting."""

    booked_on: date
    entry: int = 0
    line: int = 0

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what `str` wrote. Raises CursorMalformed."""
        found = re.fullmatch(r"(\d{4}-\d\d-\d\d)\.(\d{1,18})\.(\d{1,9})", text)
        try:
            if found is None:
                raise ValueError(text)
            return cls(date.fromisoformat(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            raise CursorMalformed(text) from None

    def __str__(self) -> str:
        return f"{self.booked_on.isoformat()}.{self.entry}.{self.line}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a transfer, as its account sees it; `amount` is positive for a debit and negative for a credit."""

    at: datetime
    transfer: UUID
    what: str
    subject: UUID
    other: Account
    """The account on the other side."""
    amount: Money
    cursor: Cursor
    person: UUID = NOBODY

    @property
    def booked_on(self) -> date:
        return self.cursor.booked_on


@dataclass(frozen=True, slots=True)
class Posting:
    """A transfer as it stands in the books."""

    at: datetime
    """When it was recorded."""
    id: UUID
    what: str
    debit: Account
    credit: Account
    amount: Money
    cursor: Cursor
    subject: UUID = NOBODY
    person: UUID = NOBODY

    @property
    def booked_on(self) -> date:
        """The day it counts for."""
        return self.cursor.booked_on


@dataclass(frozen=True, slots=True)
class Link:
    """What a transfer reverses (a transfer) or settles (a hold)."""

    transfer: UUID
    relation: str
    """"reverses" or "settles"."""
    of: UUID
    why: str
    person: UUID = NOBODY


@dataclass(frozen=True, slots=True)
class Detail:
    """One transfer with all that belongs to it."""

    posting: Posting
    link: Link | None
    """What it reverses or settles."""
    reversed_by: Link | None
    together: tuple[Posting, ...]
    """Others of the list it was posted in."""


@dataclass(frozen=True, slots=True)
class Line:
    entry: Entry
    balance: Money
    """Debits less credits after the entry."""


@dataclass(frozen=True, slots=True)
class Statement:
    """An account from the start of one day to the end of another, a page of its entries at a time."""

    account: Account
    since: date
    until: date
    opening: Balance
    closing: Balance
    lines: tuple[Line, ...]
    next: Cursor | None
    """Where the next page begins; None on the last one."""


@dataclass(frozen=True, slots=True)
class AccountPage:
    rows: tuple[Balance, ...]
    next: UUID | None
