"""Versions of products in the real database."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from xinqiao.kit import FixedClock
from xinqiao.servicing.errors import ProductContradictory, ProductNotFound
from xinqiao.servicing.product import Product, get_product, products, register, standards


def test_the_same_content_keeps_its_version_and_a_change_makes_the_next(db: Connection, clock: FixedClock) -> None:
    first = register(db=db, clock=clock, product=Product("x", annual_rate=Decimal("0.1")))
    assert first.version == 1
    clock.advance(timedelta(1))
    assert register(db=db, clock=clock, product=Product("x", annual_rate=Decimal("0.1"))) == first
    assert register(db=db, clock=clock, product=replace(first, version=7)) == first
    second = register(db=db, clock=clock, product=replace(first, annual_rate=Decimal("0.2")))
    assert second.version == 2
    back = register(db=db, clock=clock, product=first)
    assert back.version == 3
    assert get_product(db=db, code="x") == back
    assert get_product(db=db, code="x", version=1) == first
    assert get_product(db=db, code="x", version=2) == second


def test_every_shipped_product_is_kept_and_read_back_whole(db: Connection, clock: FixedClock) -> None:
    kept = [register(db=db, clock=clock, product=product) for product in standards().values()]
    assert products(db=db) == sorted(kept, key=lambda product: product.code)


def test_what_was_registered_is_never_changed(db: Connection, clock: FixedClock) -> None:
    register(db=db, clock=clock, product=Product("x"))
    for statement in ("UPDATE product_version SET version = 2", "DELETE FROM product_version"):
        with pytest.raises(DBAPIError, match="permission denied"), db.begin_nested():
            db.execute(text(statement))


def test_a_contradiction_is_not_registered(db: Connection, clock: FixedClock) -> None:
    with pytest.raises(ProductContradictory):
        register(db=db, clock=clock, product=Product("x", balloon=Decimal("0.5")))
    assert products(db=db) == []


def test_a_product_that_is_not_there_is_refused_with_those_that_are(db: Connection, clock: FixedClock) -> None:
    with pytest.raises(ProductNotFound, match="none yet"):
        get_product(db=db, code="x")
    register(db=db, clock=clock, product=Product("x"))
    with pytest.raises(ProductNotFound, match=r"x of version 2; there are x \(1 to 1\)"):
        get_product(db=db, code="x", version=2)
