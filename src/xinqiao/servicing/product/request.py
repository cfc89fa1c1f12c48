"""What a borrower asks of a product: how much, when, for how long. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from xinqiao.kit import Money


@dataclass(frozen=True, slots=True)
class Tranche:
    on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Request:
    """None and empty take what the product says."""

    principal: Money
    """All that is to be lent, fees that are financed apart."""
    start: date
    """The day of the (first) payout; interest runs from it."""
    instalments: int | None = None
    annual_rate: Decimal | None = None
    first_due: date | None = None
    """The first due date, when it is not a whole period after the start."""
    last_due: date | None = None
    """The last due date, when it is not a whole period after the one before."""
    applied: date | None = None
    """The application's day, which due dates are counted from where the product says so."""
    tranches: tuple[Tranche, ...] = ()
    """The payouts as planned; empty: all of it at the start."""
    index_values: tuple[tuple[date, Decimal], ...] = ()
    """The index by the day on which each value was published, for a floating rate."""

    @property
    def payouts(self) -> tuple[Tranche, ...]:
        return self.tranches or (Tranche(self.start, self.principal),)

    @classmethod
    def parse(cls, data: str | bytes | Mapping[str, Any], currency: str) -> Request:
        """Read a request's JSON in the product's currency. Raises ProductMalformed."""
        from .codec import parse_request

        return parse_request(data, currency)

    def to_json(self) -> dict[str, Any]:
        from .codec import to_json

        return to_json(self)
