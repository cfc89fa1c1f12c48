"""Shadow prices from the asks of late, and the book as the console shows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import numpy as np
from sqlalchemy import Connection

from xinqiao.kit import Clock, Money

from ..allocation import descend
from ..errors import UnknownPartner
from ..market import UNLIMITED, Book
from ..model import Line, Reservation, Standing
from ..store import auctions, capacity, reservations, terms
from ..terms import SHANGHAI, FunderTerms
from .auction import capacity_left, price_vector
from .terms import market_of, terms_of

WINDOW = timedelta(days=7)
HORIZON = timedelta(days=30)
SAMPLE = 5_000


def reprice(*, db: Connection, clock: Clock, window: timedelta = WINDOW, horizon: timedelta = HORIZON) -> int:
    """Solve for shadow prices again and store them; return how many rows have one.

    The asks of the last `window` stand for those of the next `horizon`: what is left now is scaled to the sample, and the prices in
    force are where the descent starts. Live bids use the result until the next call.
    """
    asks, seen = auctions.asks_since(db, clock.now() - window, limit=SAMPLE)
    market = market_of(db)
    if not asks or not market.funders:
        terms.set_prices(db, {}, at=clock.now())
        return 0
    book = Book.of(asks)
    keys, left = market.row_keys(book), capacity_left(db, market, book)
    expected = max(1, int(seen * (horizon / window)))
    caps = np.where(left >= UNLIMITED, UNLIMITED, np.maximum(left, 0) * len(asks) // expected)
    # Funders closed at this hour will bid when they open: price the book as at noon.
    noon = clock.now().astimezone(SHANGHAI).replace(hour=12, minute=0)
    found = descend(market, book, at=noon, caps=caps, prices=price_vector(keys, terms.prices(db)))
    priced = {key: int(price) for key, price in zip(keys, found, strict=True) if key is not None and price > 0}
    terms.set_prices(db, priced, at=clock.now())
    return len(priced)


def book_of(*, db: Connection, partner_id: UUID) -> list[Line]:
    """A funder's or guarantor's capacity: in all, and of each share that was ever taken. Raises UnknownPartner."""
    own = terms_of(db=db, partner_id=partner_id)
    currency = (own.budget if isinstance(own, FunderTerms) else own.capacity).currency
    prices, rows = terms.prices(db), capacity.sums(db, [partner_id])
    if not rows:
        raise UnknownPartner(partner_id)
    return [
        Line(dimension, key, Money(total, currency), Money(used, currency), prices.get((holder, dimension, key), 0))
        for (holder, dimension, key), (total, used) in sorted(rows.items(), key=lambda row: (row[0][1] not in capacity.ROOTS, row[0][1:]))
    ]


def standings(*, db: Connection) -> list[Standing]:
    """Everyone who ever published terms, with their capacity, by three queries."""
    rows, prices = terms.latest(db), terms.prices(db)
    held: dict[UUID, list[Line]] = {row.partner_id: [] for row in rows}
    currencies = {row.partner_id: row.terms["budget" if row.role == "funder" else "capacity"]["currency"] for row in rows}
    for (holder, dimension, key), (total, used) in sorted(capacity.sums(db, list(held)).items(), key=_roots_first):
        money = (Money(amount, currencies[holder]) for amount in (total, used))
        held[holder].append(Line(dimension, key, *money, prices.get((holder, dimension, key), 0)))
    return [Standing(row.partner_id, row.role, row.version, row.open, row.at, row.terms, tuple(held[row.partner_id])) for row in rows]


def _roots_first(row: tuple[tuple[UUID, str, str], tuple[int, int]]) -> tuple[bool, tuple[str, str]]:
    return row[0][1] not in capacity.ROOTS, row[0][1:]


def reservations_of(*, db: Connection, funder_id: UUID, limit: int = 100) -> Sequence[Reservation]:
    """A funder's reservations, newest first."""
    return reservations.of_funder(db, funder_id, limit=limit)
