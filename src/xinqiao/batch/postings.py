"""The one list of transfers that the close of a day posts: for each funder and currency what was earned, and what came in. Pure."""

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


def transfers(on: date, earned: Sums) -> list[Transfer]:
    made = []
    for row in range(len(earned)):
        funder, currency = columns.uuid(earned.keys["funder"][row]), str(earned.keys["currency"][row])
        for name, (debit, credit, what) in SIDES.items():
            minor = int(earned.values[name][row])
            if minor:
                sides = (Account(debit, funder, currency), Account(credit, funder, currency))
                key = f"close/{on}/{funder}/{currency}/{name}"
                made.append(Transfer(key, what, *(sides if minor > 0 else sides[::-1]), Money(abs(minor), currency)))
    return made


def accounts(made: list[Transfer]) -> list[Account]:
    return [side for transfer in made for side in (transfer.debit, transfer.credit)]
