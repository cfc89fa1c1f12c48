"""What a loan agreed, as JSON and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from xinqiao.kit import Money, canonical, plain

from ..lifecycle import Agreement
from ..product.codec import parse_product, to_json
from ..product.model import Product

DATES = ("applied_on", "expected_on", "first_due")


def write(agreed: Agreement) -> dict[str, Any]:
    facts = {name: getattr(agreed, name) for name in ("principal", "annual_rate", "instalments", *DATES)}
    values = [{"since": since, "value": value} for since, value in agreed.index_values]
    return {"product": to_json(agreed.product), **plain(facts), "index_values": plain(values)}


def read(data: Mapping[str, Any]) -> Agreement:
    days = {name: date.fromisoformat(data[name]) if data[name] else None for name in DATES}
    rate = data["annual_rate"]
    return Agreement(
        product=_product(canonical(data["product"])),
        principal=Money.parse(data["principal"]["amount"], data["principal"]["currency"]),
        annual_rate=Decimal(rate) if rate is not None else None,
        instalments=data["instalments"],
        index_values=tuple((date.fromisoformat(one["since"]), Decimal(one["value"])) for one in data["index_values"]),
        **days,
    )


@lru_cache(maxsize=4096)
def _product(written: bytes) -> Product:
    """Many loans share a product; it is read and checked once."""
    return parse_product(written)
