"""The picture of an offer shows the offer: heights and widths are the money, in proportion."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinqiao.journeys.views import Instalment
from xinqiao.kit import CNY
from xinqiao.web.applicant import pictures

PARTS = st.lists(st.tuples(st.integers(1, 10**7), st.integers(0, 10**6), st.integers(0, 10**5)), min_size=1, max_size=60)


def rows(parts: list[tuple[int, int, int]]) -> list[Instalment]:
    return [Instalment(n, date(2026, 1, 1), CNY(p), CNY(i), CNY(g)) for n, (p, i, g) in enumerate(parts, 1)]


@given(PARTS)
def test_bars_stand_inside_the_picture_and_in_proportion(parts: list[tuple[int, int, int]]) -> None:
    picture = pictures.instalments(rows(parts))
    room = picture.height - pictures.TOP - pictures.BOTTOM
    assert all(0 < piece.x < picture.width and pictures.TOP - 0.02 <= piece.y <= picture.height for piece in picture.pieces)
    first = [piece for piece in picture.pieces if piece.x == picture.pieces[0].x]
    top = picture.ticks[-1]
    highest = max(sum(part) for part in parts)
    scale = sum(piece.height for piece in first) / sum(parts[0])
    assert scale * highest <= room + 0.05 * (1 + highest / sum(parts[0]))
    assert top.y == pytest.approx(pictures.TOP, abs=0.02)


def test_a_month_splits_as_it_is_owed() -> None:
    picture = pictures.instalments(rows([(60_000, 30_000, 10_000)]))
    assert [piece.kind for piece in picture.pieces] == ["principal", "interest", "premium"]
    principal, interest, premium = (piece.height for piece in picture.pieces)
    assert Decimal(principal / premium).quantize(Decimal(1)) == 6
    assert Decimal(interest / premium).quantize(Decimal(1)) == 3
    assert [tick.word for tick in picture.ticks] == ["0", "500", "1,000"]


def test_a_free_guarantee_is_not_drawn() -> None:
    picture = pictures.instalments(rows([(60_000, 30_000, 0)]))
    assert {piece.kind for piece in picture.pieces} == {"principal", "interest"}
