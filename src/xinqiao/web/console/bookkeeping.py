"""The ledger in a reader's words: trial balance by class, accounts, entries, transfers with their links, closed days with their chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from xinqiao.kit import Money
from xinqiao.partners import Partner
from xinqiao.servicing import ledger
from xinqiao.servicing.ledger import Account, Balance, Close, Detail, Entry, Heading, Kind, Link, Posting, Statement, chart

from ..i18n import Words
from .overview import named
from .words import GROUPS, ONWARD, POSTINGS, RELATIONS

REVERSAL = "reversal of "


class Teller:
    """Says accounts and transfers; parties by name, people never."""

    def __init__(self, words: Words, parties: Mapping[UUID, Partner]) -> None:
        self.words, self.parties = words, parties

    def trial(self, rows: Mapping[tuple[Kind, str], Balance]) -> list[dict[str, Any]]:
        """By currency and class, in the chart's order."""
        lines = [(currency, chart()[kind], one) for (kind, currency), one in rows.items()]
        lines.sort(key=lambda line: (line[0], line[1].number))
        return [
            {
                "currency": currency,
                "word": self.words.gettext(GROUPS[group]),
                "rows": [self._trial_row(heading, one) for _, heading, one in found],
            }
            for (currency, group), found in groupby(lines, key=lambda line: (line[0], line[1].group))
        ]

    def _trial_row(self, heading: Heading, one: Balance) -> dict[str, Any]:
        return {
            "kind": heading.kind.value,
            "number": heading.number,
            "word": heading.name(self.words.language),
            "debits": self.words.money(one.debits),
            "credits": self.words.money(one.credits),
            "net": self.words.money(one.net),
        }

    def sums(self, rows: Mapping[tuple[Kind, str], Balance]) -> list[dict[str, Any]]:
        """Debits and credits of each currency, and whether they are equal."""
        found = []
        for currency in sorted({currency for _, currency in rows}):
            mine = [one for (_, other), one in rows.items() if other == currency]
            debits, credits = (Money(sum(getattr(one, side).minor for one in mine), currency) for side in ("debits", "credits"))
            told = {"debits": self.words.money(debits), "credits": self.words.money(credits)}
            found.append({"currency": currency, "equal": debits == credits, **told})
        return found

    def heading(self, kind: Kind) -> dict[str, Any]:
        heading = chart()[kind]
        return {
            "kind": kind.value,
            "number": heading.number,
            "word": heading.name(self.words.language),
            "use": heading.use,
            "group": self.words.gettext(GROUPS[heading.group]),
        }

    def owner(self, account: Account) -> str:
        if account.owner in self.parties:
            return named(self.words, self.parties[account.owner])
        return self.words.gettext("Platform") if account.owner == ledger.Account(Kind.CLEARING).owner else str(account.owner)[-12:]

    def account(self, account: Account) -> dict[str, Any]:
        """An account's name and where it is shown."""
        word = chart()[account.kind].name(self.words.language)
        address = f"/console/ledger/{account.kind.value}/{account.owner}?currency={account.currency}"
        return {"word": word, "owner": self.owner(account), "address": address}

    def balance(self, one: Balance) -> dict[str, Any]:
        currency = one.account.currency
        held = one.held_debits + one.held_credits
        loan = chart()[one.account.kind].owner == "loan"
        return {
            **self.account(one.account),
            "owner_id": one.account.owner,
            "loan": one.account.owner if loan else None,
            "currency": currency,
            "debits": self.words.money(one.debits),
            "credits": self.words.money(one.credits),
            "net": self.words.money(one.net),
            "held": self.words.money(Money(held, currency)) if held else "",
            "available": self.words.money(one.available) if one.available is not None else "",
        }

    def entry(self, one: Entry) -> dict[str, Any]:
        return {
            "at": one.at,
            "on": one.booked_on,
            "transfer": one.transfer,
            "what": self.what(one.what),
            "other": self.account(one.other),
            "subject": one.subject if one.subject.int else None,
            "debit": self.words.money(one.amount) if one.amount.is_positive else "",
            "credit": "" if one.amount.is_positive else self.words.money(-one.amount),
        }

    def posting(self, one: Posting) -> dict[str, Any]:
        return {
            "id": one.id,
            "at": one.at,
            "on": one.booked_on,
            "what": self.what(one.what),
            "debit": self.account(one.debit),
            "credit": self.account(one.credit),
            "amount": self.words.money(one.amount),
            "subject": one.subject if one.subject.int else None,
        }

    def detail(self, found: Detail) -> dict[str, Any]:
        return {
            "one": self.posting(found.posting),
            "link": self._link(found.link) if found.link else None,
            "reversed_by": self._link(found.reversed_by) if found.reversed_by else None,
            "together": [self.posting(one) for one in found.together],
        }

    def _link(self, link: Link) -> dict[str, Any]:
        return {
            "word": self.words.gettext(RELATIONS[link.relation]),
            "transfer": link.transfer,
            "of": link.of,
            "why": link.why,
            "relation": link.relation,
        }

    def statement(self, found: Statement) -> dict[str, Any]:
        return {
            "account": self.balance(found.closing),
            "since": found.since,
            "until": found.until,
            "opening": self.words.money(found.opening.net),
            "closing": self.words.money(found.closing.net),
            "rows": [{**self.entry(line.entry), "balance": self.words.money(line.balance)} for line in found.lines],
            "more": found.next is not None,
        }

    def spreadsheet(self, found: Statement) -> tuple[list[str], list[list[object]]]:
        _ = self.words.gettext
        heads = [
            _("Booked on"),
            _("Recorded"),
            _("What"),
            _("Transfer"),
            _("Other side"),
            _("Owner"),
            _("Amount"),
            _("Balance"),
            _("Currency"),
        ]
        rows: list[list[object]] = [
            [
                line.entry.booked_on.isoformat(),
                line.entry.at.isoformat(),
                self.what(line.entry.what),
                str(line.entry.transfer),
                line.entry.other.kind.value,
                str(line.entry.other.owner),
                str(line.entry.amount),
                str(line.balance),
                found.account.currency,
            ]
            for line in found.lines
        ]
        return heads, rows

    def what(self, what: str) -> str:
        if what.startswith(REVERSAL):
            return self.words.gettext("Reversal: %(what)s") % {"what": self.what(what.removeprefix(REVERSAL))}
        if what in POSTINGS:
            return self.words.gettext(POSTINGS[what])
        end = next((end for end in ONWARD if what.endswith(end)), None)
        return self.words.gettext(ONWARD[end]) % {"what": self.what(what.removesuffix(end))} if end else what


def chain(words: Words, found: Sequence[Close]) -> tuple[list[dict[str, Any]], bool]:
    """Closed days, newest first, each told whether its own hash and its link to the day before hold; and whether all do."""
    before = {one.on: found[place + 1] if place + 1 < len(found) else None for place, one in enumerate(found)}
    rows = [_close(words, one, before[one.on]) for one in found]
    return rows, all(row["holds"] for row in rows)


def _close(words: Words, one: Close, previous: Close | None) -> dict[str, Any]:
    linked = one.previous_sha256 == (previous.sha256 if previous else None)
    sums = {
        currency: sum(debits for (_, other), (debits, _) in one.totals.by.items() if other == currency)
        for currency in {currency for _, currency in one.totals.by}
    }
    return {
        "on": one.on,
        "at": one.at,
        "transfers": one.transfers,
        "sha256": one.sha256.hex(),
        "turnover": ", ".join(words.money(Money(minor, currency)) for currency, minor in sorted(sums.items())),
        "holds": linked and one.digest() == one.sha256 and not one.totals.differences,
    }


def standing(words: Words, newest: Sequence[Close], today: date) -> dict[str, Any]:
    """Up to which day the books are closed, and how many days that are over are still open."""
    last = newest[0].on if newest else None
    return {"last": last, "open": (today - last).days - 1 if last else None, "at": newest[0].at if newest else None}
