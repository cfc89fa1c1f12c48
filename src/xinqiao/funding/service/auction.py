"""Bids of every funder with every guarantor for one ask, at the capacity and the shadow prices of the moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import numpy as np
from sqlalchemy import Connection

from xinqiao.kit import Clock, canonical, events, new_id

from ..market import UNLIMITED, Book, Ints, Market
from ..model import FINAL, Ask, Auction, Bid, from_ppm
from ..store import auctions, capacity, terms
from ..terms import ppm
from .terms import market_of

VALID_FOR = timedelta(hours=1)
"""How long bids stand: prices move, capacity is taken, funders open and close."""

Rows = Sequence[tuple[UUID, str, str] | None]


def bids(*, db: Connection, clock: Clock, application_id: UUID, person_id: UUID, ask: Ask, again: bool = False) -> Auction:
    """What every funder bids with every guarantor and without, and why others do not; stored.

    A repeat of the same ask returns the auction while it is younger than VALID_FOR; a later one bids anew, but a funder that answered no
    or kept silent stays out. `again` starts afresh with everybody.
    """
    capacity.guard(db, f"application:{application_id}")
    before = auctions.latest(db, application_id)
    same = before is not None and not again and canonical(before.ask) == canonical(ask)
    if before is not None and same and clock.now() < before.at + VALID_FOR:
        return before
    market, prices = market_of(db), terms.prices(db)
    refused = {pair: why for pair, why in before.tried.items() if why in FINAL} if before is not None and same else {}
    made = Auction(application_id, person_id, new_id(), clock.now(), ask, _bids(db, clock, market, ask, prices), refused)
    auctions.keep(db, made, prices={f"{holder}/{dimension}/{key}": price for (holder, dimension, key), price in prices.items()})
    for pair, why in refused.items():
        auctions.add_attempt(db, made, pair, why, at=clock.now())
    events.append(db, [events.Event("funding.bids_taken", application_id, _summary(made), person_id)], at=clock.now())
    return made


def next_choice(*, db: Connection, application_id: UUID) -> Bid | None:
    """The best bid of the latest auction that has not been tried; None when all have."""
    found = auctions.latest(db, application_id)
    return next(iter(found.choices()), None) if found else None


def bids_of(*, db: Connection, application_id: UUID) -> Auction | None:
    """The application's latest auction, with what became of the bids that were tried."""
    return auctions.latest(db, application_id)


def capacity_left(db: Connection, market: Market, book: Book) -> Ints:
    """The flat vector of what is left now, for the codes of this book; a share without rows is untouched."""
    rows, full = market.row_keys(book), market.caps(book)
    stored = capacity.sums(db, [one.id for one in (*market.funders, *market.guarantors)])
    left = full.tolist()
    for place, row in enumerate(rows):
        if row in stored and left[place] < UNLIMITED:
            total, used = stored[row]
            left[place] = total - used
    return np.array(left, dtype=np.int64)


def price_vector(rows: Rows, prices: Mapping[tuple[UUID, str, str], int]) -> Ints:
    return np.array([prices.get(row, 0) if row is not None else 0 for row in rows], dtype=np.int64)


def _bids(db: Connection, clock: Clock, market: Market, ask: Ask, prices: Mapping[tuple[UUID, str, str], int]) -> tuple[Bid, ...]:
    if not market.funders:
        return ()
    book = Book.of([ask])
    quotes, left = market.quote(book, at=clock.now()), capacity_left(db, market, book)
    masks = [*market.refusals(book, at=clock.now()), *((why, ~fits) for why, fits in quotes.fits(left).items())]
    reduced = quotes.reduced(price_vector(market.row_keys(book), prices))[0]
    made = []
    for pair in range(len(reduced)):
        why = tuple(dict.fromkeys(name for name, mask in masks if mask[0, pair]))
        numbers = (int(matrix[0, pair]) for matrix in (quotes.rate, quotes.premium, quotes.value))
        made.append(_bid(market, pair, why, *numbers, int(reduced[pair])))
    return tuple(sorted(made, key=lambda bid: (not bid.eligible, -bid.reduced_value if bid.eligible else 0, bid.all_in or 0)))


def _bid(market: Market, pair: int, why: tuple[str, ...], rate: int, premium: int, value: int, reduced: int) -> Bid:
    funder = market.funders[pair // (len(market.guarantors) + 1)]
    number = pair % (len(market.guarantors) + 1)
    guarantor = market.guarantors[number] if number < len(market.guarantors) else None
    quoted = not {"band_not_accepted", "guarantor_band"} & set(why)
    return Bid(
        funder_id=funder.id,
        funder_version=funder.version,
        guarantor_id=guarantor.id if guarantor else None,
        guarantor_version=guarantor.version if guarantor else None,
        eligible=not why,
        refusals=why,
        annual_rate=from_ppm(rate) if quoted else None,
        premium=from_ppm(premium) if quoted else None,
        all_in=from_ppm(rate + premium) if quoted else None,
        coverage=from_ppm(ppm(guarantor.terms.coverage) if guarantor else 0),
        value=value,
        reduced_value=reduced if not why else 0,
        answer=funder.terms.answer.mode,
        deadline_seconds=funder.terms.answer.deadline_seconds,
    )


def _summary(made: Auction) -> dict[str, object]:
    open_bids = [bid for bid in made.bids if bid.eligible]
    best = open_bids[0] if open_bids else None
    return {
        "auction": made.id,
        "bids": len(open_bids),
        "refused": dict(Counter(why for bid in made.bids for why in bid.refusals)),
        "best": {"funder": best.funder_id, "guarantor": best.guarantor_id, "all_in": best.all_in} if best else None,
    }
