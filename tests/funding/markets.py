"""Random but plausible markets and books for the tests of funding."""

import random
from decimal import Decimal
from typing import Any
from uuid import UUID

from xinqiao.funding.market import Funder, Guarantor
from xinqiao.funding.model import Ask
from xinqiao.funding.terms import read_funder, read_guarantor
from xinqiao.kit import CNY

BANDS = "ABCD"
RATES = {"A": "0.010", "B": "0.025", "C": "0.045", "D": "0.080"}


def yuan(amount: int) -> dict[str, str]:
    return {"amount": f"{amount}.00", "currency": "CNY"}


def funder_data(**changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = {
        "budget": yuan(1_000_000),
        "ticket": {"min": yuan(1_000), "max": yuan(200_000)},
        "months": [3, 6, 12, 24],
        "kinds": ["personal", "micro_business"],
        "rate": {"base": "0.072", "add_on": RATES},
        "max_pd": "0.3",
    }
    return data | changes


def guarantor_data(**changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = {
        "capacity": yuan(1_000_000),
        "coverage": "0.8",
        "premium": {"A": "0.006", "B": "0.012", "C": "0.024", "D": "0.04"},
        "max_pd": "0.3",
        "kinds": ["personal", "micro_business"],
    }
    return data | changes


def ask(**changes: Any) -> Ask:
    given: dict[str, Any] = {
        "amount": CNY(1_000_000),
        "months": 12,
        "kind": "personal",
        "purpose": "education",
        "region": "310115",
        "scene_id": UUID(int=1),
        "band": "B",
        "pd": Decimal("0.05"),
    }
    return Ask(**(given | changes))


def funders(chance: random.Random, count: int, budget: int) -> tuple[Funder, ...]:
    made = []
    for number in range(count):
        bands = BANDS[: chance.randint(2, 4)]
        data = funder_data(
            budget=yuan(int(budget * chance.uniform(0.5, 1.5))),
            ticket={"min": yuan(chance.choice([500, 1_000, 3_000])), "max": yuan(chance.choice([30_000, 50_000, 80_000]))},
            months=chance.sample([3, 6, 12, 24], chance.randint(2, 4)),
            caps={"region": "0.4", "term": "0.6", "scene": "0.7", "guarantor": "0.6"},
            rate={"base": f"{chance.uniform(0.05, 0.11):.4f}", "add_on": {band: RATES[band] for band in bands}},
            guarantee=chance.choice(["required", "optional"]),
        )
        made.append(Funder(UUID(int=100 + number), 1, read_funder(data)))
    return tuple(made)


def guarantors(chance: random.Random, count: int, capacity: int) -> tuple[Guarantor, ...]:
    made = []
    for number in range(count):
        loss = number % 2 == 1
        data = guarantor_data(
            capacity=yuan(capacity // (25 if loss else 1)),
            measure="expected_loss" if loss else "outstanding",
            coverage=chance.choice(["0.5", "0.8", "1"]),
        )
        made.append(Guarantor(UUID(int=200 + number), 1, read_guarantor(data)))
    return tuple(made)


def asks(chance: random.Random, count: int) -> list[Ask]:
    return [
        ask(
            amount=CNY(chance.randint(10, 400) * 10_000),
            months=chance.choice([3, 6, 12, 24]),
            region=chance.choice(["310115", "110101", "440305", "510104", "610102"]),
            scene_id=UUID(int=chance.randint(1, 3)),
            band=chance.choice(BANDS),
            pd=Decimal(chance.randint(5, 250)) / 1000,
        )
        for _ in range(count)
    ]
