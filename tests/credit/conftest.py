"""The shipped model and policy, and the book's real rows."""

from collections.abc import Callable
from typing import Any

import pytest

from xinqiao.credit import ApplicationFacts, CreditModel, Decision, Policy, decide, shipped
from xinqiao.demo.book import people, rows
from xinqiao.demo.book.vintages import facts_of
from xinqiao.kit import CNY


@pytest.fixture(scope="session")
def model() -> CreditModel:
    return shipped.model()


@pytest.fixture(scope="session")
def policy() -> Policy:
    return shipped.policy()


@pytest.fixture(scope="session")
def originated() -> list[dict[str, int]]:
    return rows("originate")


@pytest.fixture(scope="session")
def decisions(model: CreditModel, policy: Policy) -> list[Decision]:
    """600 invented applicants decided by the shipped model and policy."""
    return [
        decide(model=model, policy=policy, attributes=person["attributes"], application_facts=facts_of(person)) for person in people(600, 3)
    ]


@pytest.fixture
def facts() -> Callable[..., ApplicationFacts]:
    """Ordinary facts, with whatever a test changes."""

    def make(**changed: Any) -> ApplicationFacts:
        usual = {"amount": CNY(500_000), "term_months": 12, "age": 30, "monthly_income": CNY(900_000), "existing_limit": CNY(3_000_000)}
        return ApplicationFacts(**{**usual, **changed})

    return make


@pytest.fixture(scope="session")
def spotless() -> dict[str, int]:
    """Attributes of somebody who was never late, uses little and repays in full."""
    return {
        "LIMIT_BAL": 300_000,
        **{f"PAY_{month}": -1 for month in (0, 2, 3, 4, 5, 6)},
        **{f"BILL_AMT{month}": 12_000 for month in range(1, 7)},
        **{f"PAY_AMT{month}": 12_000 for month in range(1, 7)},
    }
