"""Terms compiled to integer arrays, and one scoring function for a single ask and for a whole book. Pure.

n asks, F funders, G guarantors; column G of every guarantor axis means "without a guarantor". A pair j stands for funder j // (G+1)
and guarantor j % (G+1). All money is int64 minor units, all rates int64 millionths (ppm): scores are exact and replay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property, partial
from uuid import UUID

import numpy as np

from .model import Ask
from .terms import PPM, FunderTerms, GuarantorTerms, Measure, covers, ppm

Ints = np.ndarray
Bools = np.ndarray
UNLIMITED = 2**62
MOST_PRICE = 4 * 10**8
"""Shadow prices stop here (value in millionths of a minor unit, per minor unit of capacity), so that no score overflows."""
INCLUSION_PPM = 10_000
"""Worth of serving a borrower at all, per minor unit lent: 1 %. Without it a loan at the ceiling would be worth nothing."""


@dataclass(frozen=True)
class Funder:
    id: UUID
    version: int
    terms: FunderTerms


@dataclass(frozen=True)
class Guarantor:
    id: UUID
    version: int
    terms: GuarantorTerms


@dataclass(frozen=True)
class Book:
    """Asks as columns; `x` holds codes into the tuple `x_names`."""

    amount: Ints
    pd: Ints
    ceiling: Ints
    month: Ints
    region: Ints
    province: Ints
    scene: Ints
    kind: Ints
    purpose: Ints
    band: Ints
    currency: Ints
    month_names: tuple[int, ...]
    region_names: tuple[str, ...]
    province_names: tuple[str, ...]
    scene_names: tuple[UUID, ...]
    kind_names: tuple[str, ...]
    purpose_names: tuple[str, ...]
    band_names: tuple[str, ...]
    currency_names: tuple[str, ...]

    @classmethod
    def of(cls, asks: Sequence[Ask]) -> Book:
        columns = {
            "month": [ask.months for ask in asks],
            "region": [ask.region for ask in asks],
            "province": [ask.province for ask in asks],
            "scene": [ask.scene_id for ask in asks],
            "kind": [ask.kind for ask in asks],
            "purpose": [ask.purpose for ask in asks],
            "band": [ask.band for ask in asks],
            "currency": [ask.amount.currency for ask in asks],
        }
        given: dict[str, object] = {}
        for name, column in columns.items():
            names = tuple(sorted(set(column)))
            code = {one: index for index, one in enumerate(names)}
            given[name], given[f"{name}_names"] = np.array([code[one] for one in column], dtype=np.int64), names
        numbers = {
            "amount": np.array([ask.amount.minor for ask in asks], dtype=np.int64),
            "pd": np.array([-int(-ask.pd * PPM // 1) for ask in asks], dtype=np.int64),
            "ceiling": np.array([ppm(ask.ceiling) for ask in asks], dtype=np.int64),
        }
        return cls(**numbers, **given)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.amount)

    def part(self, rows: slice | Ints) -> Book:
        """Some of the asks, with the same codes."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return Book(**{name: value[rows] if isinstance(value, np.ndarray) else value for name, value in values.items()})


@dataclass(frozen=True)
class Layout:
    """Places of the capacity rows in one flat vector: budget, then region, term, scene and guarantor shares, then cover.

    Every pair of an ask takes six rows: five by the amount, cover by the guarantor's need.
    """

    funders: int
    provinces: int
    months: int
    scenes: int
    covers: int

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        sizes = [1, self.provinces, self.months, self.scenes, self.covers]
        return tuple(int(one) for one in np.cumsum([0] + [self.funders * size for size in sizes]))

    @property
    def size(self) -> int:
        return self.offsets[-1] + self.covers

    def per_funder(self, flat: Ints, family: int) -> Ints:
        """One family's rows as (F, width): 0 budget, 1 region, 2 term, 3 scene, 4 guarantor."""
        return flat[self.offsets[family] : self.offsets[family + 1]].reshape(self.funders, -1)

    def cover(self, flat: Ints) -> Ints:
        return flat[self.offsets[5] :]

    def rows(self, book: Book, pair: Ints) -> Ints:
        """(n, 6) row numbers that ask i takes with pair[i]."""
        funder, guarantor = pair // self.covers, pair % self.covers
        o = self.offsets
        return np.stack(
            [
                o[0] + funder,
                o[1] + funder * self.provinces + book.province,
                o[2] + funder * self.months + book.month,
                o[3] + funder * self.scenes + book.scene,
                o[4] + funder * self.covers + guarantor,
                o[5] + guarantor,
            ],
            axis=1,
        )


@dataclass(frozen=True)
class Quotes:
    """What does not depend on prices: who may bid, at what rate, and what it is worth. Matrices are (n, pairs)."""

    book: Book
    layout: Layout
    eligible: Bools
    rate: Ints
    premium: Ints
    value: Ints
    cover_need: Ints
    """(n, G+1) minor units of each guarantor's capacity."""

    @property
    def all_in(self) -> Ints:
        return self.rate + self.premium

    def reduced(self, prices: Ints) -> Ints:
        """Value less the price of the capacity it takes (n, pairs)."""
        at, book = self.layout, self.book
        by_funder = at.per_funder(prices, 0)[:, 0][None, :]
        for family, codes in ((1, book.province), (2, book.month), (3, book.scene)):
            by_funder = by_funder + at.per_funder(prices, family).T[codes]
        by_pair = by_funder[:, :, None] + at.per_funder(prices, 4)[None, :, :]
        cost = book.amount[:, None, None] * np.minimum(by_pair, MOST_PRICE)
        cost = cost + (self.cover_need * np.minimum(at.cover(prices), MOST_PRICE))[:, None, :]
        return self.value - cost.reshape(self.value.shape)

    def fits(self, left: Ints) -> dict[str, Bools]:
        """By family of rows, whether the capacity that is left holds the ask (n, pairs)."""
        at, book, amount = self.layout, self.book, self.book.amount[:, None]
        names = ("budget_full", "region_full", "term_full", "scene_full")
        codes = (np.zeros(len(book), dtype=np.int64), book.province, book.month, book.scene)
        found = {
            name: np.repeat(at.per_funder(left, family).T[code] >= amount, at.covers, axis=1)
            for family, (name, code) in enumerate(zip(names, codes, strict=True))
        }
        found["guarantor_full"] = at.per_funder(left, 4).reshape(1, -1) >= amount
        found["cover_full"] = np.tile(at.cover(left)[None, :] >= self.cover_need, at.funders)
        return found


@dataclass(frozen=True)
class Market:
    """The funders and guarantors that may bid."""

    funders: tuple[Funder, ...]
    guarantors: tuple[Guarantor, ...]

    def layout(self, book: Book) -> Layout:
        sizes = len(book.province_names), len(book.month_names), len(book.scene_names)
        return Layout(len(self.funders), *sizes, len(self.guarantors) + 1)

    def caps(self, book: Book) -> Ints:
        """The flat vector of full capacities for the codes of this book; shares round down, a share of all is no limit of its own."""
        at = self.layout(book)
        flat = np.full(at.size, UNLIMITED, dtype=np.int64)
        for f, funder in enumerate(self.funders):
            budget = funder.terms.budget
            at.per_funder(flat, 0)[f, 0] = budget.minor
            families = (("region", book.province_names), ("term", book.month_names), ("scene", book.scene_names))
            for family, (dimension, names) in enumerate(families, start=1):
                at.per_funder(flat, family)[f] = [_limit(funder.terms, dimension, str(name)) for name in names]
            at.per_funder(flat, 4)[f, :-1] = [_limit(funder.terms, "guarantor", str(one.id)) for one in self.guarantors]
        at.cover(flat)[:-1] = [one.terms.capacity.minor for one in self.guarantors]
        return flat

    def row_keys(self, book: Book) -> list[tuple[UUID, str, str] | None]:
        """(holder, dimension, key) of every row of the flat vector; None where a row stands for no guarantor."""
        found: list[tuple[UUID, str, str] | None] = [(one.id, "budget", "") for one in self.funders]
        families = (("region", book.province_names), ("term", book.month_names), ("scene", book.scene_names))
        for dimension, names in families:
            found += [(one.id, dimension, str(name)) for one in self.funders for name in names]
        for one in self.funders:
            found += [*((one.id, "guarantor", str(other.id)) for other in self.guarantors), None]
        return [*found, *((one.id, "cover", "") for one in self.guarantors), None]

    def quote(self, book: Book, *, at: datetime) -> Quotes:
        """Eligibility, rates and values of every pair."""
        eligible = ~np.logical_or.reduce([mask for _, mask in self.refusals(book, at=at)])
        rate, premium = self._rates(book)
        saving = np.maximum(book.ceiling[:, None] - rate - premium, 0)
        months = np.array(book.month_names, dtype=np.int64)[book.month][:, None]
        value = book.amount[:, None] * (saving * (months + 1) // 24 + INCLUSION_PPM)
        return Quotes(book, self.layout(book), eligible, rate, premium, np.where(eligible, value, 0), self.cover_needs(book))

    def cover_needs(self, book: Book) -> Ints:
        """(n, G+1) minor units of capacity, rounded up; none without a guarantor."""
        needs = np.zeros((len(book), len(self.guarantors) + 1), dtype=np.int64)
        for g, one in enumerate(self.guarantors):
            covered = ceil_ppm(book.amount, ppm(one.terms.coverage))
            if one.terms.measure is Measure.EXPECTED_LOSS:
                covered = ceil_ppm(ceil_ppm(covered, book.pd), ppm(one.terms.loss_given_default))
            needs[:, g] = covered
        return needs

    def refusals(self, book: Book, *, at: datetime) -> list[tuple[str, Bools]]:
        """Each reason not to bid with the (n, pairs) where it holds."""
        f, g = self._by_funder, partial(self._by_guarantor, asks=len(book))
        rate, premium = self._rates(book)
        required = np.array([one.terms.guarantee == "required" for one in self.funders], dtype=bool)
        alone = np.zeros((len(self.funders), len(self.guarantors) + 1), dtype=bool)
        alone[:, -1] = required
        amount, pd = book.amount, book.pd
        return [
            ("currency_differs", f(lambda t: _isin(book.currency, book.currency_names, lambda c: c != t.budget.currency))),
            ("currency_differs", g(lambda t: _isin(book.currency, book.currency_names, lambda c: c != t.capacity.currency))),
            ("ticket_below_min", f(lambda t: amount < t.ticket.min.minor)),
            ("ticket_above_max", f(lambda t: amount > t.ticket.max.minor)),
            ("term_not_offered", f(lambda t: _isin(book.month, book.month_names, lambda m: m not in t.months))),
            ("kind_not_served", f(lambda t: _isin(book.kind, book.kind_names, lambda k: k not in t.kinds))),
            (
                "purpose_not_served",
                f(lambda t: _isin(book.purpose, book.purpose_names, lambda p: bool(t.purposes) and p not in t.purposes)),
            ),
            ("region_not_served", f(lambda t: _isin(book.region, book.region_names, lambda r: _outside(t, r)))),
            ("band_not_accepted", f(lambda t: _isin(book.band, book.band_names, lambda b: b not in t.rate.add_on))),
            ("pd_above_max", f(lambda t: pd > ppm(t.max_pd))),
            ("outside_hours", f(lambda t: np.full(len(book), not t.is_open(at)))),
            ("guarantor_kind", g(lambda t: _isin(book.kind, book.kind_names, lambda k: k not in t.kinds))),
            ("guarantor_region", g(lambda t: _isin(book.region, book.region_names, lambda r: covers(t.regions_excluded, r)))),
            ("guarantor_band", g(lambda t: _isin(book.band, book.band_names, lambda b: b not in t.premium))),
            ("guarantor_pd", g(lambda t: pd > ppm(t.max_pd))),
            ("guarantee_required", np.broadcast_to(alone.reshape(1, -1), rate.shape)),
            ("above_ceiling", rate + premium > book.ceiling[:, None]),
        ]

    def _rates(self, book: Book) -> tuple[Ints, Ints]:
        """Funder's rate and premium (n, pairs); the premium is charged on the covered share, rounded up."""
        rates = [[ppm(f.terms.rate.base + f.terms.rate.add_on.get(band, 0)) for band in book.band_names] for f in self.funders]
        premiums = [[_premium(g.terms, band) for band in book.band_names] for g in self.guarantors]
        by_funder = np.array(rates, dtype=np.int64).reshape(len(self.funders), -1).T[book.band]
        by_cover = np.array([*premiums, [0] * len(book.band_names)], dtype=np.int64).T[book.band]
        return np.repeat(by_funder, len(self.guarantors) + 1, axis=1), np.tile(by_cover, len(self.funders))

    def _by_funder(self, test: Callable[[FunderTerms], Bools]) -> Bools:
        return np.repeat(np.stack([test(one.terms) for one in self.funders], axis=1), len(self.guarantors) + 1, axis=1)

    def _by_guarantor(self, test: Callable[[GuarantorTerms], Bools], asks: int) -> Bools:
        columns = [test(one.terms) for one in self.guarantors]
        return np.tile(np.stack([*columns, np.zeros(asks, dtype=bool)], axis=1), len(self.funders))


def cap(terms: FunderTerms, dimension: str, key: str) -> int:
    """Minor units that may stand under this key: its share of the budget, rounded down."""
    return terms.budget.minor * ppm(terms.share_of(dimension, key)) // PPM


def _limit(terms: FunderTerms, dimension: str, key: str) -> int:
    return cap(terms, dimension, key) if terms.share_of(dimension, key) < 1 else UNLIMITED


def ceil_ppm(amount: Ints, parts: int | Ints) -> Ints:
    """amount x parts / 1,000,000, rounded up."""
    return -(-amount * parts // PPM)


def choose(reduced: Ints, all_in: Ints, open_to: Bools) -> Ints:
    """(n,) the open pair of greatest reduced value, the cheaper for the applicant of equal ones; -1 where none is open."""
    masked = np.where(open_to, reduced, -UNLIMITED * 2)
    best = masked.max(axis=1, keepdims=True)
    pick = np.where(open_to & (masked == best), all_in, UNLIMITED).argmin(axis=1)
    return np.where(open_to.any(axis=1), pick, -1)


def _isin(codes: Ints, names: Iterable, test: Callable[..., bool]) -> Bools:
    return np.array([test(name) for name in names], dtype=bool)[codes]


def _outside(terms: FunderTerms, region: str) -> bool:
    return covers(terms.regions_excluded, region) or (bool(terms.regions) and not covers(terms.regions, region))


def _premium(terms: GuarantorTerms, band: str) -> int:
    return -(-ppm(terms.premium.get(band, 0)) * ppm(terms.coverage) // PPM) if band in terms.premium else 0
