"""docs/lending.md says what the code computes: every worked example, table, refusal and picture in it."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from importlib.util import module_from_spec, spec_from_file_location
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from xinqiao.kit import CNY
from xinqiao.servicing.daycount import days, fraction
from xinqiao.servicing.errors import ProductContradictory
from xinqiao.servicing.interest import InterestModel
from xinqiao.servicing.product import Product, read_document, standards
from xinqiao.servicing.product.model import DayCount, Rounding
from xinqiao.servicing.schedule import FORMULAS, account, due_date, plan
from xinqiao.servicing.schedule.rounding import to_minor

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "lending.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def scripts() -> ModuleType:
    spec = spec_from_file_location("lending_examples", ROOT / "scripts" / "lending_examples.py")
    assert spec
    assert spec.loader
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def rows(head: str) -> list[list[str]]:
    """The rows of the table with this header."""
    found = re.search(re.escape(head) + r"\n\|[-|]+\|\n((?:\|.*\|\n)+)", TEXT)
    assert found, f"no table {head}"
    return [[cell.strip() for cell in line.strip("|\n").split(" | ")] for line in found[1].splitlines()]


def test_every_worked_example_is_what_the_plan_gives_today(scripts: ModuleType) -> None:
    told = list(scripts.examples(TEXT))
    assert len(told) == TEXT.count("```json") >= 16
    for made, said in told:
        assert said == scripts.table(made) + scripts.cost(made), "run: python scripts/lending_examples.py"


def test_the_rows_of_an_example_are_the_plans_own() -> None:
    """Without the script that writes them: the second example, cell by cell."""
    block = re.findall(r"```json\n(.*)\n```", TEXT)[1]
    cells = re.search(re.escape(block) + r"\n```\n\n\|.*\n\|.*\n((?:\|.*\|\n)+)", TEXT)
    assert cells
    for line, one in zip(cells[1].splitlines(), plan(*read_document(block)).instalments, strict=True):
        expected = [one.number, one.due, one.principal, one.interest, one.premium + one.fee, one.total, one.balance]
        assert [cell.strip() for cell in line.strip("|").split("|")] == [str(value) for value in expected]


def test_the_explained_instalment_is_explained_so() -> None:
    block = re.findall(r"```json\n(.*)\n```", TEXT)[-1]
    told = [[line.what, str(line.amount), line.worked] for line in account(plan(*read_document(block)), 2)]
    assert rows("| what | amount | worked |") == told


def test_the_picture_is_drawn_from_the_same_plans(scripts: ModuleType) -> None:
    assert (ROOT / "docs" / "pictures" / "lending-shapes.svg").read_text(encoding="utf-8") == scripts.picture()


def test_january_2024_by_each_day_count() -> None:
    start, end = date(2024, 1, 1), date(2024, 2, 1)
    for name, counted, part, interest in rows("| day count | days | part of the year | interest |"):
        count = DayCount.parse(name)
        assert (days(start, end, count), fraction(start, end, count)) == (int(counted), Fraction(part))
        minor = to_minor(1_000_000 * Fraction(12, 100) * Fraction(part), Rounding.HALF_EVEN)
        assert f"{minor / 100:.2f}" == interest


def test_each_rounding_mode_at_ties() -> None:
    modes = ["half_even", "half_up", "up", "down", "ceiling", "floor"]
    for exact, *rounded in rows("| exact | half_even | half_up | up | down | ceiling | floor |"):
        assert [to_minor(Fraction(exact), Rounding[mode.upper()]) for mode in modes] == [int(cell) for cell in rounded]


def test_each_rounding_rule_on_six_instalments() -> None:
    request = {"principal": "10000", "start": "2026-01-31"}
    for rule, *totals in rows("| rounding | 1 | 2 | 3 | 4 | 5 | 6 |"):
        product = {"code": "six", "annual_rate": "0.12", "instalments": 6, "rounding": json.loads(rule)}
        made = plan(*read_document({"product": product, "request": request}))
        assert [str(i.total) for i in made.instalments] == totals


def test_each_refused_product_is_refused_in_these_words() -> None:
    for product, because in rows("| product | refused because |"):
        with pytest.raises(ProductContradictory) as refused:
            Product.parse(product)
        assert because in [one["says"] for one in refused.value.errors]


def test_every_shipped_product_and_every_formula_is_named() -> None:
    assert all(f"`{code}`" in TEXT for code in standards())
    assert [row[0].strip("`") for row in rows("| id | in words |")] == list(FORMULAS)


def test_the_progressive_example_runs_and_gives_what_it_says() -> None:
    """Each line of the block in turn; one that ends in a comment is an expression of that value."""
    names: dict[str, object] = {
        "date": date,
        "Decimal": Decimal,
        "pairwise": pairwise,
        "CNY": CNY,
        "InterestModel": InterestModel,
        "due_date": due_date,
    }
    lines = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)[1].splitlines()
    found = [(line.partition("  # ")[0], line.partition("  # ")[2]) for line in lines]
    assert sum(bool(value) for _, value in found) >= 5
    for code, value in found:
        if value:
            assert str(eval(code, names)) == value
        else:
            exec(code, names)
