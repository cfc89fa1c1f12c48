"""`xinqiao loan schedule FILE`: a documented shape out; anything else refused with what would be right."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

XINQIAO = Path(sys.executable).parent / "xinqiao"
ASKED = {"principal": "10000", "start": "2026-01-31", "instalments": 3}


def xinqiao(*words: str) -> tuple[int, str]:
    done = subprocess.run([XINQIAO, "loan", *words], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def run(file: Path, *words: str) -> tuple[int, str]:
    return xinqiao("schedule", str(file), *words)


def written(folder: Path, what: Any) -> Path:
    file = folder / "document.json"
    file.write_text(what if isinstance(what, str) else json.dumps(what))
    return file


def test_instalments_come_out_in_the_documented_shape(tmp_path: Path) -> None:
    code, text = run(written(tmp_path, {"product": "monthly", "request": ASKED}), "--json")
    assert code == 0
    answer = json.loads(text)
    assert answer["instalments"][0] == {
        "number": 1,
        "due_date": "2026-02-28",
        "principal": "3303.51",
        "interest": "90.00",
        "fee": "0.00",
        "total": "3393.51",
        "balance": "6696.49",
        "premium": "0.00",
        "down_payment": False,
    }
    assert answer["annual_rate_percent"] == "10.80"
    assert answer["totals"]["principal"] == "10000.00"


def test_a_premium_is_part_of_the_fee_so_that_the_parts_make_the_total(tmp_path: Path) -> None:
    fee = {"code": "guarantee", "time": "instalment", "base": "principal", "amount": "0.01", "payee": "guarantor"}
    _, text = run(written(tmp_path, {"product": {"code": "x", "fees": [fee]}, "request": ASKED}), "--json")
    for row in json.loads(text)["instalments"]:
        assert (row["fee"], row["premium"]) == ("100.00", "100.00")
        assert Decimal(row["total"]) == sum(Decimal(row[part]) for part in ("principal", "interest", "fee"))


def test_people_see_a_table_with_the_annual_rate(tmp_path: Path) -> None:
    code, text = run(written(tmp_path, {"product": "microbusiness", "request": {"principal": "50000", "start": "2026-06-30"}}))
    assert code == 0
    assert "% a year in all" in text
    assert "calendar of 2027 is not published yet" in text.replace("\n", " ")


@pytest.mark.parametrize(
    ("document", "error", "says"),
    [
        ("{", "product.malformed", "no JSON"),
        ({"product": "nightly", "request": ASKED}, "product.not_found", "monthly"),
        ({"product": "monthly"}, "product.malformed", "such as"),
        ({"product": {"code": "x", "balloon": "0.3"}, "request": ASKED}, "product.contradictory", "set amortisation to balloon"),
        ({"product": "monthly", "request": {**ASKED, "principal": "1"}}, "product.out_of_bounds", "500.00 to 200000.00"),
        ({"product": "monthly", "request": {**ASKED, "principal": 1000}}, "product.malformed", "in quotes"),
        ({"product": "floating", "request": ASKED}, "schedule.impossible", "index_values"),
    ],
)
def test_what_cannot_be_scheduled_is_refused_with_what_would_be_right(tmp_path: Path, document: Any, error: str, says: str) -> None:
    code, text = run(written(tmp_path, document), "--json")
    assert code == 1
    refused = json.loads(text)["error"]
    assert refused["code"] == error
    assert says in refused["detail"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    code, text = run(tmp_path / "none.json", "--json")
    assert (code, json.loads(text)["error"]["code"]) == (1, "cli.document_unreadable")


def test_a_shipped_product_can_be_taken_as_a_start(tmp_path: Path) -> None:
    code, text = xinqiao("products", "monthly")
    assert code == 0
    made = {**json.loads(text), "code": "mine", "annual_rate": "0.09"}
    code, text = run(written(tmp_path, {"product": made, "request": ASKED}), "--json")
    assert (code, json.loads(text)["annual_rate_percent"]) == (0, "9.00")


def test_the_shipped_products_are_listed() -> None:
    code, text = xinqiao("products", "--json")
    assert (code, len(json.loads(text)["products"])) == (0, 12)
    code, text = xinqiao("products")
    assert code == 0
    assert "先息后本" in text
    code, text = xinqiao("products", "nightly", "--json")
    assert (code, json.loads(text)["error"]["code"]) == (1, "product.not_found")
