"""The picture of a rate says what the breakdown says, to eyes and to screen readers, and nothing that a strict policy forbids."""

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from xinqiao.kit import CNY, Money
from xinqiao.servicing import apr
from xinqiao.servicing.schedule import Charge, equal_instalments
from xinqiao.web import pages
from xinqiao.web.drawings.rate import TEXTURES, WIDTH, money, picture, rows

SVG = "{http://www.w3.org/2000/svg}"
START = date(2026, 3, 2)


def made(kept_back: tuple[tuple[str, Money], ...] = (("fee.service", CNY(100_00)),)) -> apr.Breakdown:
    schedule = equal_instalments(CNY(10_000_00), Decimal("0.12"), 12, START, premium=Charge(Decimal("0.03")))
    return apr.breakdown(apr.of_schedule(START, schedule.principal, schedule.instalments, kept_back=kept_back))


def drawn(language: str, found: apr.Breakdown | None = None) -> ElementTree.Element:
    return ElementTree.fromstring(picture(found or made(), language))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", ["一年的全部成本 16.94%", "利息", "担保费", "服务费", "合计（单利）"]),
        ("en", ["Interest", "Guarantee fee", "Service fee", "In all (single interest)"]),
    ],
)
def test_every_cost_is_named_with_its_money_and_its_points(language: str, words: list[str]) -> None:
    texts = [element.text for element in drawn(language).iter(f"{SVG}text")]
    for word in [*words, "+12.00", "+3.00", "+1.94", "16.94%", "¥100.00", "¥661.86"]:
        assert any(word in (text or "") for text in texts), word


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_screen_reader_hears_what_is_drawn(language: str) -> None:
    svg = drawn(language)
    title, desc = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert svg.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    for word in ("12.00", "3.00", "1.94", "16.94", "¥10,000.00"):
        assert word in (desc.text or "")
    assert (svg.get("role"), svg.get("lang")) == ("img", language)


def test_nothing_in_it_needs_an_exception_from_the_policy() -> None:
    for element in drawn("en").iter():
        assert element.tag.removeprefix(SVG) in {"svg", "title", "desc", "defs", "pattern", "path", "circle", "rect", "text"}
        assert not {name for name in element.attrib if name == "style" or name.startswith("on") or "href" in name}


def test_each_step_starts_where_the_one_before_ended_and_none_leaves_the_picture() -> None:
    bars = [bar for bar in drawn("en").iter(f"{SVG}rect") if "bar" in bar.get("class", "")]
    spans = [(float(bar.get("x", 0)), float(bar.get("x", 0)) + float(bar.get("width", 0))) for bar in bars]
    assert spans[0][0] == 0
    assert all(after[0] == pytest.approx(before[1], abs=0.03) for before, after in pairwise(spans[:-1]))
    assert spans[-1] == pytest.approx((0, spans[-2][1]), abs=0.03)
    assert all(0 <= low <= high <= WIDTH for low, high in spans)


def test_the_points_stand_beside_their_bar_and_never_on_it() -> None:
    svg = drawn("zh-CN")
    ends = [float(bar.get("x", 0)) + float(bar.get("width", 0)) for bar in svg.iter(f"{SVG}rect") if "bar" in bar.get("class", "")]
    shares = [
        len(text.text or "") for text in svg.iter(f"{SVG}text") if (text.text or "").endswith("%") and text.get("text-anchor") == "end"
    ]
    assert len(shares) == len(ends) == 4
    assert max(ends) + 9 * max(shares) <= WIDTH  # no figure or sign of 13 pixels is wider than 9
    sheet = (pages.HERE / "static" / "applicant.css").read_text("utf-8")
    assert not re.search(r"(^|[\s,}])\.bar\b", sheet)  # a page's own class of that name would stretch these bars over the figures


def test_costs_are_told_apart_by_texture_as_well_as_by_colour() -> None:
    fills = {bar.get("fill") for bar in drawn("en").iter(f"{SVG}rect")}
    assert len({fill for fill in fills if fill and fill.startswith("url")}) == 3
    assert len(set(TEXTURES.values())) == len(TEXTURES)


def test_text_is_large_enough_to_read_on_the_narrowest_phone() -> None:
    sizes = {int(text.get("font-size", "0")) for text in drawn("zh-CN").iter(f"{SVG}text")}
    assert min(sizes) >= 13


def test_what_a_fee_is_called_cannot_become_markup() -> None:
    found = made((("fee.<script>alert(1)</script>&", CNY(100_00)),))
    assert "<script" not in picture(found, "en")
    assert any("<script" in row.name for row in rows(found, "en"))


def test_a_free_loan_and_a_feature_that_lowers_the_rate_can_be_drawn() -> None:
    free = apr.breakdown([apr.lent(START, CNY(100)), apr.repaid(date(2026, 4, 2), CNY(100))])
    assert "0.00%" in picture(free, "en")
    part = apr.Part("grace", CNY(-300_00), Decimal("-3.10"))
    lower = apr.Breakdown(
        apr.Convention.SINGLE_INTEREST, CNY(10_000_00), (apr.Part("interest", CNY(1200_00), Decimal("12.00")), part), Decimal("8.90")
    )
    texts = [text.text for text in drawn("en", lower).iter(f"{SVG}text")]
    assert {"−3.10%", "−¥300.00", "8.90%"} <= set(texts)


def test_two_pictures_on_a_page_share_no_id() -> None:
    ids = [{e.get("id") for e in drawn(language).iter() if e.get("id")} for language in ("zh-CN", "en")]
    assert not ids[0] & ids[1]


@pytest.mark.parametrize(
    ("amount", "said"), [(CNY(123_456_78), "¥123,456.78"), (Money(1500, "JPY"), "JPY 1,500"), (Money(-5, "KWD"), "−KWD 0.005")]
)
def test_money_has_its_currencys_digits(amount: Money, said: str) -> None:
    assert money(amount) == said
