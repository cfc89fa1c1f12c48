"""A loan's numbers with the sums they are the result of, so that anybody can do them over: rule, inputs, clause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xinqiao.kit import Money
from xinqiao.servicing import View
from xinqiao.servicing.lifecycle import Books, Event
from xinqiao.servicing.lifecycle.explain import explain_instalment
from xinqiao.servicing.lifecycle.what_if import payoff as payoff_of
from xinqiao.servicing.schedule import Explained

from ..i18n import Words
from .words import EXPLAINED, N_, PARTS


def instalment(words: Words, seen: View, life: Sequence[Event], number: int) -> list[dict[str, str]]:
    """How each number of one instalment came about, and what became of it."""
    found = explain_instalment(seen.loan.agreed, life, on=seen.on, number=number, language=words.language)
    return [
        {"what": _what(words, one), "amount": words.money(one.amount), "worked": one.worked, "rule": one.rule, "clause": one.clause}
        for one in found
    ]


def _what(words: Words, one: Explained) -> str:
    if one.what.startswith("paid "):
        return words.gettext(N_("Paid on %(day)s")) % {"day": one.what.removeprefix("paid ")}
    word = PARTS.get(one.what) or EXPLAINED.get(one.what)
    return words.gettext(word) if word else one.what


def owed(words: Words, seen: View, books: Books) -> list[dict[str, Any]]:
    """What is due by the books' day, part by part, as the sum over instalments."""
    currency, found = seen.loan.principal.currency, []
    due = [line for line in books.instalments if line.due <= books.on and line.outstanding.total]
    for name, word in PARTS.items():
        pieces = [(line.number, line.outstanding.by_name[name]) for line in due if line.outstanding.by_name[name]]
        if pieces:
            total = words.money(Money(sum(minor for _, minor in pieces), currency))
            sums = [f"{words.money(Money(minor, currency))} ({words.gettext(N_('no. %(n)s')) % {'n': number}})" for number, minor in pieces]
            found.append({"word": words.gettext(word), "amount": total, "worked": f"{' + '.join(sums)} = {total}"})
    return found


def payoff(words: Words, seen: View, life: Sequence[Event]) -> list[dict[str, str]]:
    """What settles the loan today, part by part."""
    if seen.loan.closed_on is not None:
        return []
    parts = payoff_of(seen.loan.agreed, life, on=seen.on)
    return [
        {"word": words.gettext(PARTS[name]), "amount": words.money(Money(minor, seen.loan.principal.currency))}
        for name, minor in parts.by_name.items()
        if minor
    ]
