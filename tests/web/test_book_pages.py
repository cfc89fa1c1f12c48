"""The book's pages show what the book says: totals add up, cells are the matrix's, and nothing is claimed before a day is closed."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from xinqiao.kit import CNY
from xinqiao.servicing import book
from xinqiao.servicing.book import ILLUSTRATION, By, Expected, Figure, Per, Point
from xinqiao.servicing.delinquency import RollMatrix, Weight
from xinqiao.staff import Role
from xinqiao.web.console.portfolio import TINTS, Teller
from xinqiao.web.i18n import Words

from .conftest import Lending, Lent, Platform
from .staffing import Client

TELLER = Teller(Words("en", ZoneInfo("Asia/Shanghai")), {})
PATHS = ["/console/book", "/console/book/vintages", "/console/book/rolls", "/console/book/forecast"]


@pytest.fixture(scope="module")
def lent(lending: Lending) -> Lent:
    return lending()


@pytest.mark.parametrize("path", PATHS)
def test_every_view_of_the_book_is_shown_to_who_may_see_it(client: Client, lent: Lent, path: str) -> None:
    assert client(Role.VIEWER).get(path).status_code == 200
    assert client().get(path).status_code == 303


@pytest.mark.parametrize("by", [*By, "nonsense"])
def test_the_live_book_adds_up_by_any_key(client: Client, platform: Platform, lent: Lent, by: str) -> None:
    page = client(Role.VIEWER).get(f"/console/book?by={by}").text
    with platform.house.begin() as db:
        outstanding = sum(one.outstanding.minor for one in book.balances(db=db, by=By.BUCKET))
    assert TELLER.words.money(CNY(outstanding)) in page
    rows = re.findall(r'<tr><th scope="row">.*?</tr>', page)
    shown = [int(re.sub(r"\D", "", re.findall(r'class="n">¥([\d,.]+)<', row)[1])) for row in rows]
    assert sum(shown) == outstanding


def test_a_funder_s_line_leads_to_its_loans_and_on_to_each(client: Client, lent: Lent) -> None:
    browser = client(Role.VIEWER)
    found = re.findall(r"/console/book/loans/[0-9a-f-]{36}", browser.get("/console/book?by=funder").text)
    listed = "".join(browser.get(address).text for address in found)
    assert f"/console/loans/{lent.loan}" in listed


@pytest.mark.parametrize("query", ["since=x", "since=2026-05-01&until=2026-04-01"])
def test_days_that_make_no_span_are_refused_with_words(client: Client, query: str) -> None:
    answer = client(Role.VIEWER).get(f"/console/book/rolls?{query}")
    assert answer.status_code == 422
    assert "is not understood" in answer.text


def figure(key: str, outstanding: int, par30: int) -> Figure:
    return Figure(key, 2, CNY(outstanding * 2), CNY(outstanding), CNY(5), CNY(7), CNY(par30), CNY(0))


def test_a_closed_day_s_figures_stand_in_order_from_good_to_bad() -> None:
    lines = [figure("closed", 0, 0), figure("M2", 300, 300), figure("current", 600, 0), figure("M1", 100, 0)]
    told = TELLER.closed([figure("all", 1000, 300)], lines, By.BUCKET)
    assert [row["name"] for row in told["rows"]] == ["Current", "M1", "M2", "Repaid"]
    assert ("PAR30", "30.00%", "¥3.00") in told["tiles"]
    assert told["chart"]["series"][0]["data"] == [6.0, 1.0, 3.0, 0.0]


def test_roll_rates_are_told_of_what_stood_there_and_tinted_by_direction() -> None:
    states = ("current", "M1", "M2", "charged_off", "closed")
    loans, balance = (np.zeros((5, 5), dtype=np.int64) for _ in range(2))
    loans[0, 0], loans[0, 1], loans[1, 0], loans[1, 2] = 9, 1, 1, 3
    balance[0, 0], balance[0, 1], balance[1, 0], balance[1, 2] = 900, 100, 250, 750
    told = TELLER.rolls(RollMatrix(states, loans, balance), Weight.BALANCE)
    current, m1 = told["rows"]
    assert told["ends"] == ["Current", "M1", "M2"]
    assert [cell["text"] for cell in current["cells"]] == ["90.0%", "10.0%", "0"]
    assert [cell["text"] for cell in m1["cells"]] == ["25.0%", "0", "75.0%"]
    assert (m1["cured"], m1["worsened"], m1["loans"], m1["balance"]) == ("25.0%", "75.0%", 4, "¥10.00")
    assert [cell["tint"].split(" ")[0] for cell in m1["cells"]] == ["good", "", "bad"]
    assert current["cells"][0]["tint"] == f"same t{TINTS}"


def test_vintages_leave_blank_what_has_not_been_lived_yet() -> None:
    points = [Point(date(2026, 1, 1), month, Decimal(month) / 10) for month in range(3)] + [Point(date(2026, 2, 1), 0, Decimal(0))]
    told = TELLER.vintages(points)
    assert told["months"] == [0, 1, 2]
    assert [[cell["text"] for cell in row["cells"]] for row in told["triangle"]] == [["0", "10.0%", "20.0%"], ["0", "", ""]]
    assert told["curves"]["series"][1]["data"] == [0.0, None, None]


def test_a_forecast_s_columns_sum_and_its_assumptions_are_named() -> None:
    rows = [Expected(date(2026, 11, 1), CNY(1000), CNY(50), CNY(5), CNY(900), CNY(850), CNY(20)) for _ in range(2)]
    told = TELLER.forecast(rows, ILLUSTRATION, Per.MONTH, own=False)
    assert told["sums"]["contracted"] == "¥21.10"
    assert told["sums"]["expected"] == "¥18.00"
    assert "Invented for illustration" in told["source"]
    assert told["rolls"][1] == ("M1", "35.0%")
    assert told["chart"]["series"][-1]["line"] is True
