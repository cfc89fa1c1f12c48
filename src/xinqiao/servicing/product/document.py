"""One document that asks for a schedule: a product, or the code of one that is shipped, and a request. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ProductMalformed
from .codec import loaded, parse_product
from .model import Product
from .request import Request
from .standard import standard

EXAMPLE = '{"product": "monthly", "request": {"principal": "10000", "start": "2026-01-31"}}'


def read_document(data: str | bytes | Mapping[str, Any]) -> tuple[Product, Request]:
    """Read {"product": {…} or a code, "request": {…}}.

    Raises ProductMalformed, ProductContradictory, ProductNotFound; RequestOutOfBounds comes with the plan.
    """
    found = loaded(data)
    if set(found) != {"product", "request"}:
        raise ProductMalformed(
            f"the document has a product and a request, such as {EXAMPLE}; it has {', '.join(map(str, found)) or 'nothing'}"
        )
    asked = found["product"]
    product = standard(asked) if isinstance(asked, str) else parse_product(asked)
    return product, Request.parse(found["request"], product.currency)
