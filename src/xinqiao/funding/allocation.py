"""A whole book to funders at once: shadow prices on the rows that loans compete for.

The Lagrangian dual of the allocation splits by loan: at given prices each loan takes the pair of greatest reduced value, so a
partition answers prices with its usage and value (`respond`), and only those sums travel. Prices rise on rows that are overdrawn and
fall on slack ones (Zhang et al., arXiv 2002.00352; online: Balseiro, Lu & Mirrokni, arXiv 2011.10124). A final pass admits loans in order of reduced value and never exceeds a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from .market import MOST_PRICE, UNLIMITED, Book, Ints, Layout, Market, Quotes, choose

PARTITION = 20_000
PATIENCE, SHRINK, INERTIA = 10, 0.7, 0.8
"""Of the descent: idle steps before the level rises, by how much it rises, how much of a direction is kept. Chosen on random markets."""
SHADES = (0.6, 0.75, 0.9, 1.0, 1.1)
"""Admission tries the prices a little lower and higher: whole loans leave gaps that the dual's fractions do not."""
DROPPED = (0.1, 0.2, 0.35, 0.5)


@dataclass(frozen=True)
class Response:
    """What a partition takes at given prices."""

    usage: Ints
    value: int
    surplus: int
    """Sum of positive reduced values: the loans' part of the dual bound."""


@dataclass(frozen=True)
class Allocation:
    """`pair[i]` is the pair that takes ask i, -1 for none; `bound` is an upper bound on any allocation's value."""

    pair: Ints
    value: int
    bound: int
    prices: Ints
    usage: Ints


def respond(part: Quotes, prices: Ints, caps: Ints) -> Response:
    """Every loan of the partition takes its best pair at these prices, if any is worth it."""
    reduced = part.reduced(prices)
    open_to = part.eligible & (reduced > 0) & _could_fit(part, caps)
    pair = choose(reduced, part.all_in, open_to)
    took = np.flatnonzero(pair >= 0)
    usage = _usage(part, took, pair[took])
    return Response(usage, int(part.value[took, pair[took]].sum()), int(reduced[took, pair[took]].sum()))


def allocate_book(
    market: Market, book: Book, *, at: datetime, caps: Ints | None = None, prices: Ints | None = None, iterations: int = 250
) -> Allocation:
    """The book's allocation at the best prices found; never above `caps` (default: the terms' full capacities).

    Memory: some 60 bytes for each ask and pair.
    """
    caps = market.caps(book) if caps is None else caps
    parts = [market.quote(book.part(slice(start, start + PARTITION)), at=at) for start in range(0, len(book), PARTITION)]
    candidates, bound = _descend(parts, caps, prices, iterations)
    scaled = [np.rint(one * factor).astype(np.int64) for one in candidates[:2] for factor in SHADES] + candidates[2:]
    found = [_admit(parts, caps, candidate, by_density) for candidate in scaled for by_density in (False, True)]
    best = _polish(parts, caps, max(found, key=lambda one: one.value), candidates[0])
    return Allocation(np.concatenate([*best.pairs, np.zeros(0, dtype=np.int64)]), best.value, bound, candidates[0], caps - best.left)


def descend(market: Market, book: Book, *, at: datetime, caps: Ints, prices: Ints | None = None, iterations: int = 100) -> Ints:
    """Prices alone: those of the least dual bound."""
    parts = [market.quote(book.part(slice(start, start + PARTITION)), at=at) for start in range(0, len(book), PARTITION)]
    return _descend(parts, caps, prices, iterations)[0][0]


def _descend(parts: list[Quotes], caps: Ints, prices: Ints | None, iterations: int) -> tuple[list[Ints], int]:
    """Candidate prices (least bound, average of the later ones, none) and the least dual bound.

    Polyak's subgradient step towards a level a little under the least bound; the level rises when progress stops
    (Brannlund's level control), and each direction keeps part of the last (Camerini, Fratta & Maffioli 1975). A row's step is scaled by
    its natural price over its capacity.
    """
    limited = caps < UNLIMITED
    full = np.where(limited, caps, 0)
    metric = np.where(limited, _density(parts, len(caps)) / np.maximum(full, 1), 0.0)
    now = np.zeros(len(caps)) if prices is None else prices.astype(np.float64)
    best, bound, stuck, depth = np.rint(now).astype(np.int64), None, 0, 0.1
    direction, later, tail = np.zeros(len(caps)), np.zeros(len(caps)), max(1, iterations // 2)
    for step in range(iterations):
        usage, worth = _dual(parts, np.rint(now).astype(np.int64), caps, full)
        stuck = 0 if bound is None or worth < bound * (1 - depth / 20) else stuck + 1
        if bound is None or worth < bound:
            best, bound = np.rint(now).astype(np.int64), worth
        if stuck >= PATIENCE:
            stuck, depth, now, direction = 0, depth * SHRINK, best.astype(np.float64), np.zeros(len(caps))
            usage, worth = _dual(parts, best, caps, full)
        direction = np.where(limited, full - usage, 0) + INERTIA * direction
        slope = np.where((now <= 0) & (direction > 0), 0.0, direction)
        steepness = float((metric * slope * slope).sum())
        if steepness > 0:
            now = np.clip(now - (worth - bound * (1 - depth)) / steepness * metric * slope, 0, MOST_PRICE)
        if step >= iterations - tail:
            later += now / tail
    return [best, np.rint(later).astype(np.int64), np.zeros(len(caps), dtype=np.int64)], bound or 0


def _dual(parts: list[Quotes], prices: Ints, caps: Ints, full: Ints) -> tuple[Ints, int]:
    """Usage and the dual value at these prices, summed over the partitions."""
    answers = [respond(part, prices, caps) for part in parts]
    usage = sum((answer.usage for answer in answers), np.zeros(len(caps), dtype=np.int64))
    return usage, sum(answer.surplus for answer in answers) + sum(int(p) * int(c) for p, c in zip(prices, full, strict=True) if p)


def _density(parts: list[Quotes], size: int) -> np.ndarray:
    """A row's natural price: the mean value that a unit of it carries; sets the length of steps."""
    total, worth = np.ones(size), np.zeros(size)
    for part in parts:
        at = part.layout
        carried = np.where(part.eligible, part.value, 0)
        has = part.eligible.any(axis=1)
        amount = max(1, int(part.book.amount[has].sum()))
        total[: at.offsets[5]] += amount
        worth[: at.offsets[5]] += float(carried.max(axis=1).sum()) if carried.size else 0.0
        by_cover = carried.reshape(len(part.book), at.funders, at.covers).max(axis=1) if carried.size else np.zeros((0, at.covers))
        at.cover(total)[:] += np.where(by_cover > 0, part.cover_need, 0).sum(axis=0)
        at.cover(worth)[:] += by_cover.sum(axis=0)
    return np.maximum(worth / total, 1.0)


def _could_fit(part: Quotes, caps: Ints) -> np.ndarray:
    return np.logical_and.reduce(list(part.fits(caps).values()))


def _needs(part: Quotes, asks: Ints, pair: Ints) -> Ints:
    """(k, 6) what each of these asks takes from its six rows."""
    needs = np.repeat(part.book.amount[asks][:, None], 6, axis=1)
    needs[:, 5] = part.cover_need[asks, pair % part.layout.covers]
    return needs


def _usage(part: Quotes, asks: Ints, pair: Ints) -> Ints:
    usage = np.zeros(part.layout.size, dtype=np.int64)
    np.add.at(usage, part.layout.rows(part.book.part(asks), pair), _needs(part, asks, pair))
    return usage


@dataclass(frozen=True)
class _Admitted:
    pairs: list[Ints]
    """(n,) by partition."""
    left: Ints
    value: int


def _admit(parts: list[Quotes], caps: Ints, prices: Ints, by_density: bool, kept: list[Ints] | None = None) -> _Admitted:
    """Beside the `kept` loans admit others, partition by partition: first those worth their price, then whoever still fits."""
    pairs = [np.full(len(part.book), -1, dtype=np.int64) for part in parts] if kept is None else [pair.copy() for pair in kept]
    left = caps - sum((_usage(part, *_taken(pair)) for part, pair in zip(parts, pairs, strict=True)), np.zeros_like(caps))
    for worth_it in (True, False):
        for part, pair in zip(parts, pairs, strict=True):
            _fill(part, pair, left, prices, worth_it, by_density)
    return _Admitted(pairs, left, sum(int(part.value[_taken(pair)].sum()) for part, pair in zip(parts, pairs, strict=True)))


def _polish(parts: list[Quotes], caps: Ints, found: _Admitted, prices: Ints) -> _Admitted:
    """Let go of the loans that are worth least and fill up again; keep what is better."""
    for share in DROPPED:
        for factor in SHADES:
            shade = np.rint(prices * factor).astype(np.int64)
            kept = [_without_least(part, pair, prices, share) for part, pair in zip(parts, found.pairs, strict=True)]
            found = max(found, *(_admit(parts, caps, shade, dense, kept) for dense in (False, True)), key=lambda one: one.value)
    return found


def _without_least(part: Quotes, pair: Ints, prices: Ints, share: float) -> Ints:
    """The same pairs but for that share of the admitted loans whose reduced value for each minor unit is least."""
    asks, taken = _taken(pair)
    worth = part.reduced(prices)[asks, taken] / part.book.amount[asks]
    kept = pair.copy()
    kept[asks[np.argsort(worth, kind="stable")[: int(len(asks) * share)]]] = -1
    return kept


def _taken(pair: Ints) -> tuple[Ints, Ints]:
    """Numbers of the admitted asks, and their pairs."""
    asks = np.flatnonzero(pair >= 0)
    return asks, pair[asks]


def _fill(part: Quotes, pair: Ints, left: Ints, prices: Ints, worth_it: bool, by_density: bool) -> None:
    """Rounds: each waiting loan picks its best pair that fits; of those that pick the same row the worthiest are admitted.

    Changes `pair` and `left`. Ends, because the worthiest of a round always fits.
    """
    waiting = np.flatnonzero(pair < 0)
    while len(waiting):
        some = _select(part, waiting)
        reduced = some.reduced(prices)
        open_to = some.eligible & _could_fit(some, left) & ((reduced > 0) | (not worth_it))
        pick = choose(reduced, some.all_in, open_to)
        keep = pick >= 0
        waiting, pick, reduced = waiting[keep], pick[keep], reduced[keep]
        if not len(waiting):
            return
        score = reduced[np.arange(len(pick)), pick]
        rank = score / part.book.amount[waiting] if by_density else score
        order = np.argsort(-rank, kind="stable")
        admitted = _worthiest(part, waiting[order], pick[order], left)
        pair[waiting[order][admitted]] = pick[order][admitted]
        left -= _usage(part, waiting[order][admitted], pick[order][admitted])
        waiting = waiting[order][~admitted]


def _select(part: Quotes, asks: Ints) -> Quotes:
    matrices = (part.eligible[asks], part.rate[asks], part.premium[asks], part.value[asks], part.cover_need[asks])
    return Quotes(part.book.part(asks), part.layout, *matrices)


def _worthiest(part: Quotes, asks: Ints, pick: Ints, left: Ints) -> np.ndarray:
    """Of asks in order of worth, those whose running sum stays within every row; counts refused ones too, so it never exceeds."""
    rows, needs = part.layout.rows(part.book.part(asks), pick), _needs(part, asks, pick)
    fits = np.ones(len(asks), dtype=bool)
    for family in range(rows.shape[1]):
        by_row = np.argsort(rows[:, family], kind="stable")
        row, running = rows[by_row, family], np.cumsum(needs[by_row, family])
        start = np.r_[True, row[1:] != row[:-1]]
        before = np.maximum.accumulate(np.where(start, running - needs[by_row, family], 0))
        fits[by_row] &= running - before <= left[row]
    return fits


__all__ = ["Allocation", "Layout", "Response", "allocate_book", "descend", "respond"]
