"""The products that are shipped: one of each kind, to lend with or to start one's own from."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ..errors import ProductNotFound
from .codec import parse_product
from .model import Product

SHIPPED = Path(__file__).with_name("shipped")


def standard(code: str) -> Product:
    """Raises ProductNotFound."""
    shipped = standards()
    if code not in shipped:
        raise ProductNotFound(code, ", ".join(shipped))
    return shipped[code]


@cache
def standards() -> dict[str, Product]:
    """All of them, by code."""
    read = (parse_product(path.read_bytes()) for path in sorted(SHIPPED.glob("*.json")))
    return {product.code: product for product in read}
