"""The one list of transfers that the close of a day posts: for each owner and currency what was earned, and what came in. Pure."""

from __future__ import annotations

from datetime import date

from xinqiao.kit import Money
from xinqiao.servicing.ledger import Account, Kind, Transfer

from . import columns
from .sums import Sums

SIDES = {
    "interest": (Kind.ACCRUED, Kind.INCOME, "interest earned"),
    "penalty": (Kind.ACCRUED, Kind.INCOME, "penalty interest earned"),
    "collected": (Kind.COLLECTED, Kind.ACCRUED, "interest collected"),
}
"""Debit and credit of each figure; where it fell since the last close, because a loan was settled for less or a payment was taken back, the other way
round."""


def transfers(on: date, earned: Sums, passed: Sums) -> list[Transfer]:
    made = []
    for row in range(len(earned)):
        funder, currency = columns.uuid(earned.keys["funder"][row]), str(earned.keys["currency"][row])
        for name, (debit, credit, what) in SIDES.items():
            sides = (Account(debit, funder, currency), Account(credit, funder, currency))
            made += _one(f"close/{on}/{funder}/{currency}/{name}", what, sides, int(earned.values[name][row]))
    for row in range(len(passed)):
        seller, funder = (columns.uuid(passed.keys[name][row]) for name in ("seller", "funder"))
        sides = tuple(Account(Kind.ACCRUED, owner, str(passed.keys["currency"][row])) for owner in (funder, seller))
        key = f"close/{on}/{seller}/{funder}/{sides[0].currency}/passed"
        made += _one(key, "accrued interest passed on with the claim", (sides[0], sides[1]), int(passed.values["accrued"][row]))
    return made


def _one(key: str, what: str, sides: tuple[Account, Account], minor: int) -> list[Transfer]:
    """From debit and credit, or the other way round when the figure is negative."""
    amount = Money(abs(minor), sides[0].currency)
    return [Transfer(key, what, *(sides if minor > 0 else sides[::-1]), amount)] if minor else []


def accounts(made: list[Transfer]) -> list[Account]:
    return [side for transfer in made for side in (transfer.debit, transfer.credit)]
