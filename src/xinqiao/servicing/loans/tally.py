"""A loan's books as totals by where money came from and what it was for: what the ledger must show of it. Pure.

The ledger is never told "this payment", but "the difference between the books before and after". Whatever an event changes, be it a payment
of last month that was recorded today, the postings follow from the two tallies, and no cent is posted twice or forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from ..lifecycle import Books, Entry, EntryKind
from ..product.model import FeeTime, Kind


class Source(StrEnum):
    """Who bears what settled the debt."""

    CASH = "cash"
    """From the borrower, the wallet included: what leaves it comes into clearing first."""
    GUARANTOR = "guarantor"
    GIVEN = "given"
    """No money: a goodwill credit or an adjustment that the funder bears."""
    LOSS = "loss"
    """No money: written off."""


MONEYLESS = {
    EntryKind.COMPENSATION: Source.GUARANTOR,
    EntryKind.GOODWILL_CREDIT: Source.GIVEN,
    EntryKind.CHARGE_ADJUSTMENT: Source.GIVEN,
}
"""Entries that settle what is owed by other money than the borrower's. Waivers move nothing: fees and interest are posted when they are
collected."""
TO_THE_GUARANTOR = 0
"""The number of the share of a payment that settled no instalment, but what a guarantor had paid in the borrower's stead."""


@dataclass(frozen=True, slots=True)
class Tally:
    lent: int = 0
    """Principal paid out, fees kept back included."""
    at_payout: Counter[Kind] = field(default_factory=Counter)
    """Fees and premiums kept back from payouts."""
    settled: Counter[tuple[Source, Kind]] = field(default_factory=Counter)
    overpaid: int = 0
    """Money that settled nothing, less what was refunded or used since."""
    recovered: int = 0
    reclaimed: int = 0
    """What the borrower paid the guarantor back, who had paid in their stead."""


def of_books(books: Books) -> Tally:
    """What the instalments say was paid is the borrower's, less what was owed again since and what others settled."""
    standing = [entry for entry in books.entries if not entry.reversed]
    settled: Counter[tuple[Source, Kind]] = Counter()
    for kind in Kind:
        settled[Source.CASH, kind] = books.paid[kind] - sum(line.credited[kind] for line in books.instalments)
        settled[Source.LOSS, kind] = books.written_off[kind]
    for entry in standing:
        if entry.kind in MONEYLESS:
            for kind in Kind:
                settled[MONEYLESS[entry.kind], kind] += entry.parts[kind]
                settled[Source.CASH, kind] -= entry.parts[kind]
    return Tally(
        lent=books.disbursed,
        at_payout=_at_payout(books),
        settled=settled,
        overpaid=books.overpaid,
        recovered=_sum(standing, EntryKind.RECOVERY),
        reclaimed=_reclaimed(standing),
    )


def _reclaimed(entries: Iterable[Entry]) -> int:
    return sum(share.parts.total for entry in entries for share in entry.shares if share.number == TO_THE_GUARANTOR)


def _at_payout(books: Books) -> Counter[Kind]:
    kept: Counter[Kind] = Counter()
    for charge in books.charges if books.disbursed else ():
        if charge.time in (FeeTime.DISBURSEMENT, FeeTime.TRANCHE):
            kept[charge.kind] += charge.paid
    return kept


def _sum(entries: Iterable[Entry], kind: EntryKind) -> int:
    return sum(entry.amount for entry in entries if entry.kind is kind)


def paid_in(tally: Tally) -> int:
    """What the borrower has paid, less what was given back."""
    settled = sum(minor for (source, _), minor in tally.settled.items() if source is Source.CASH)
    return settled + tally.overpaid + tally.recovered + tally.reclaimed
