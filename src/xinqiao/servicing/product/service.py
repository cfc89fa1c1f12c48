"""The registry of products: every version that was ever offered, for as long as a loan may ask what it was made under."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from xinqiao.kit import Clock
from xinqiao.kit.locks import hold

from ..errors import ProductNotFound
from . import store
from .check import check_product
from .codec import parse_product, to_json
from .model import Product


def register(*, db: Connection, clock: Clock, product: Product) -> Product:
    """Keep the product and return it with its version: the newest one's when nothing changed, else the next.

    The version given is of no account. Raises ProductContradictory.
    """
    check_product(product)
    hold(db, f"product {product.code}")
    known = find(db=db, code=product.code)
    if known is not None and replace(product, version=known.version) == known:
        return known
    made = replace(product, version=known.version + 1 if known else 1)
    store.add(db, to_json(made), at=clock.now())
    return made


def get_product(*, db: Connection, code: str, version: int | None = None) -> Product:
    """A version, or the newest. Raises ProductNotFound."""
    found = find(db=db, code=code, version=version)
    if found is None:
        asked = code if version is None else f"{code} of version {version}"
        raise ProductNotFound(asked, ", ".join(f"{p.code} (1 to {p.version})" for p in products(db=db)) or "none yet")
    return found


def find(*, db: Connection, code: str, version: int | None = None) -> Product | None:
    content = store.content_of(db, code, version)
    return parse_product(content) if content else None


def products(*, db: Connection) -> list[Product]:
    """The newest version of each product, by code."""
    return [parse_product(content) for content in store.newest(db)]
