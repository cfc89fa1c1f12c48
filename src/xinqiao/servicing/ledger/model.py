"""Accounts and transfers. Pure.

A transfer takes one amount from its credit account to its debit account, as in TigerBeetle's data model; a journal entry is a list of
transfers posted together. Receivables grow by debit; what is owed to a party grows by credit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from uuid import UUID, uuid5

from xinqiao.kit import Money

from ..errors import TransferRefused

LEDGER = UUID("6a1a9a52-6f0e-5c1b-9a55-0c7a1d2f8e31")
"""The namespace under which account and transfer ids are derived from their names (RFC 9562 §5.5)."""
NOBODY = UUID(int=0)


class Kind(StrEnum):
    """The chart of accounts (科目)."""

    CLEARING = "clearing"
    """Money at the bank that is on its way (待清算): the platform's suspense account."""
    CAPITAL = "capital"
    """What a funder has placed and is still lent: all capital together equals all principal together."""
    FUNDER = "funder"
    """What was collected for a funder and is owed to it."""
    GUARANTOR = "guarantor"
    """Premium owed to a guarantor."""
    PLATFORM = "platform"
    """The platform's own earnings."""
    PRINCIPAL = "principal"
    """A loan's principal receivable."""
    INTEREST = "interest"
    """Interest and penalty interest collected on a loan, and passed on."""
    PREMIUM = "premium"
    """Guarantee premium collected on a loan, and passed on."""
    FEES = "fees"
    """Fees collected on a loan, and passed on."""


class Rule(StrEnum):
    """Where a balance may not go; the database checks it on every row that changes."""

    WITHIN_DEBITS = "credits_within_debits"
    """Nothing is repaid that was not lent; nothing leaves the bank that did not come in."""
    WITHIN_CREDITS = "debits_within_credits"
    """Nothing is paid out that did not come in."""


RULES = {
    Kind.CLEARING: Rule.WITHIN_DEBITS,
    Kind.CAPITAL: Rule.WITHIN_CREDITS,
    Kind.FUNDER: Rule.WITHIN_CREDITS,
    Kind.GUARANTOR: Rule.WITHIN_CREDITS,
    Kind.PLATFORM: Rule.WITHIN_CREDITS,
    Kind.PRINCIPAL: Rule.WITHIN_DEBITS,
    Kind.INTEREST: Rule.WITHIN_CREDITS,
    Kind.PREMIUM: Rule.WITHIN_CREDITS,
    Kind.FEES: Rule.WITHIN_CREDITS,
}


@lru_cache(maxsize=65536)
def _account_id(kind: str, owner: UUID, currency: str) -> UUID:
    return uuid5(LEDGER, f"account/{kind}/{owner}/{currency}")


@dataclass(frozen=True, slots=True)
class Account:
    """One currency of one owner: a loan, a funder, a guarantor, or the platform (NOBODY)."""

    kind: Kind
    owner: UUID = NOBODY
    currency: str = "CNY"

    @property
    def id(self) -> UUID:
        return _account_id(self.kind, self.owner, self.currency)


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
        if not self.amount.is_positive:
            raise TransferRefused(self.key, f"the amount must be positive, got {self.amount}")
        if not self.debit.currency == self.credit.currency == self.amount.currency:
            raise TransferRefused(self.key, "both accounts and the amount must be of one currency")
        if self.debit == self.credit:
            raise TransferRefused(self.key, "debit and credit must be different accounts")

    @property
    def id(self) -> UUID:
        return uuid5(LEDGER, f"transfer/{self.key}")


@dataclass(frozen=True, slots=True)
class Balance:
    account: Account
    debits: Money
    credits: Money

    @property
    def net(self) -> Money:
        """Debits less credits: positive for a receivable, negative for what is owed."""
        return self.debits - self.credits


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


@dataclass(frozen=True, slots=True)
class Posting:
    """A transfer as it stands in the books."""

    at: datetime
    id: UUID
    what: str
    debit: Account
    credit: Account
    amount: Money
