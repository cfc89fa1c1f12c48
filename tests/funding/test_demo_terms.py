"""The demo's invented funders hold together: everybody the demo's policy approves finds a bid."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from importlib import resources
from uuid import UUID

import pytest

from xinqiao.funding.market import Book, Funder, Guarantor, Market
from xinqiao.funding.terms import Answer, read_funder, read_guarantor
from xinqiao.kit import CNY

from .markets import ask

DATA = json.loads(resources.files("xinqiao").joinpath("demo/funders.json").read_text(encoding="utf-8"))
FUNDERS = tuple(Funder(UUID(int=n), 1, read_funder(one["terms"])) for n, one in enumerate(DATA["funders"], start=1))
GUARANTORS = tuple(Guarantor(UUID(int=n), 1, read_guarantor(one["terms"])) for n, one in enumerate(DATA["guarantors"], start=1))
NOON, NIGHT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC), datetime(2026, 3, 2, 19, 0, tzinfo=UTC)


def test_there_are_twelve_funders_four_guarantors_and_one_that_answers_itself() -> None:
    assert (len(FUNDERS), len(GUARANTORS)) == (12, 4)
    assert [one.terms.answer.mode for one in FUNDERS].count(Answer.WEBHOOK) == 1
    codes = [one["code"] for one in (*DATA["funders"], *DATA["guarantors"])]
    assert len(set(codes)) == 16
    assert all(one["name"].isascii() and not one["name_zh"].isascii() for one in (*DATA["funders"], *DATA["guarantors"]))


@pytest.mark.parametrize("at", [NOON, NIGHT])
@pytest.mark.parametrize("kind", ["personal", "micro_business"])
@pytest.mark.parametrize(
    ("band", "pd", "amount"), [("A", "0.08", 50_000), ("B", "0.12", 50_000), ("C", "0.17", 30_000), ("D", "0.24", 20_000)]
)
def test_every_approved_band_finds_a_bid_below_the_ceiling_at_any_hour(at: datetime, kind: str, band: str, pd: str, amount: int) -> None:
    wanted = ask(
        band=band, pd=Decimal(pd), amount=CNY(amount * 100), kind=kind, purpose="daily_needs" if kind == "personal" else "inventory"
    )
    market = Market(FUNDERS, GUARANTORS)
    quotes = market.quote(Book.of([wanted]), at=at)
    assert quotes.eligible.any()
    assert quotes.all_in[quotes.eligible].max() <= 240_000


def test_weaker_bands_pay_more() -> None:
    market = Market(FUNDERS, GUARANTORS)
    cheapest = []
    for band, pd in (("A", "0.08"), ("B", "0.12"), ("C", "0.17"), ("D", "0.24")):
        quotes = market.quote(Book.of([ask(band=band, pd=Decimal(pd))]), at=NOON)
        cheapest.append(quotes.all_in[quotes.eligible].min())
    assert cheapest == sorted(set(cheapest))
