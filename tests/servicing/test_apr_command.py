"""`xinqiao loan apr FILE`: one case in, the published digits out; anything else refused with what would be right."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from xinqiao.servicing import apr
from xinqiao.servicing.errors import CaseMalformed, CaseNotOne, NotJson

from .test_apr import PUBLISHED

XINQIAO = Path(sys.executable).parent / "xinqiao"
REGZ = {"unit_periods_per_year": 12, "advances": [["5000", 0, [0, 1]]], "payments": [["230", n, [0, 1]] for n in range(1, 25)]}
DAYS = {"advances": [{"amount": 200.0, "day": 0.0}], "payments": [{"amount": 250.0, "day": 30.4375}]}
DATED = {
    "currency": "CNY",
    "advances": [{"on": "2026-03-02", "amount": "1000.00"}],
    "payments": [
        {"on": "2026-03-02", "amount": "10.00", "what": "fee.service"},
        {"on": "2026-04-02", "amount": "500.00"},
        {"on": "2026-04-02", "amount": "10.00", "what": "interest"},
        {"on": "2026-05-02", "amount": "500.00"},
        {"on": "2026-05-02", "amount": "5.00", "what": "interest"},
    ],
}


def run(file: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run([XINQIAO, "loan", "apr", str(file), *words], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def written(folder: Path, what: Any) -> Path:
    file = folder / "case.json"
    file.write_text(what if isinstance(what, str) else json.dumps(what))
    return file


@pytest.mark.parametrize(("case", "percent"), [(REGZ, "9.69"), (DAYS, "1355.2"), ({"cases": [DAYS]}, "1355.2"), ([REGZ], "9.69")])
def test_one_case_gives_its_published_digits(tmp_path: Path, case: Any, percent: str) -> None:
    assert run(written(tmp_path, case), "--json") == (0, json.dumps({"apr_percent": percent}) + "\n")


def test_a_dated_case_gives_every_convention_and_each_costs_part(tmp_path: Path) -> None:
    code, out = run(written(tmp_path, DATED), "--json")
    answer = json.loads(out)
    assert (code, answer["apr_percent"], answer["rates"]["european"]) == (0, "20.18", "22.2")
    assert answer["breakdown"] == [
        {"what": "interest", "amount": "15.00", "points": "12.00"},
        {"what": "fee.service", "amount": "10.00", "points": "8.18"},
    ]


@pytest.mark.parametrize(
    ("case", "words"), [(REGZ, ("9.69 %", "520", "Regulation Z")), (DATED, ("fee.service", "8.18", "unit-period: month"))]
)
def test_people_get_a_table(tmp_path: Path, case: Any, words: tuple[str, ...]) -> None:
    code, out = run(written(tmp_path, case))
    assert code == 0
    assert [word for word in words if word not in " ".join(out.split())] == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("[1", "servicing.not_json"),
        ("", "servicing.not_json"),
        ({"cases": []}, "servicing.case_not_one"),
        ({"cases": [DAYS, DAYS]}, "servicing.case_not_one"),
        ({"examples": [REGZ, REGZ]}, "servicing.case_not_one"),
        ("7", "servicing.case_malformed"),
        ("{}", "servicing.case_malformed"),
        ({**DATED, "currency": "XXX"}, "money.unknown_currency"),
        ({**DATED, "advances": [{"on": "2026-02-30", "amount": "5"}]}, "servicing.case_malformed"),
        ({**DATED, "advances": [{"on": "2026-03-02", "amount": "-5"}]}, "servicing.case_malformed"),
        ({**DATED, "payments": DATED["payments"][:2]}, "servicing.no_annual_rate"),
    ],
)
def test_what_is_no_single_case_is_refused(tmp_path: Path, content: Any, code: str) -> None:
    status, out = run(written(tmp_path, content), "--json")
    assert status == 1
    assert json.loads(out)["error"]["code"] == code


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    code, out = run(tmp_path / "nowhere.json", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "cli.case_unreadable")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"unit_periods_per_year": True}, "number is wanted"),
        ({"unit_periods_per_year": 0.5}, "from 1 to 366"),
        ({"unit_periods_per_year": "twelve"}, "twelve"),
        ({"unit_periods_per_year": [12, 0]}, "0"),
        ({"advances": {}}, "must be a list"),
        ({"advances": [["NaN", 0, [0, 1]]]}, "finite"),
        ({"advances": [["Infinity", 0, [0, 1]]]}, "finite"),
        ({"advances": [["-5", 0, [0, 1]]]}, "not negative"),
        ({"advances": [["5", -1, [0, 1]]]}, "not negative"),
        ({"advances": [["5", 0.5, [0, 1]]]}, "whole number"),
        ({"advances": [["5", 0, [0, 0]]]}, "a day at least"),
        ({"advances": [["5", 0]]}, "whole periods"),
        ({"advances": [{"amount": 5, "day": 0}]}, "whole periods"),
        ({"advances": [["0", 0, [0, 1]]]}, "nothing is advanced"),
        ({"advances": [["5", 10**9, [0, 1]]]}, "no flow may be more"),
        ({"advances": [["1e30", 0, [0, 1]]]}, "below"),
        ({"advances": [[None, 0, [0, 1]]]}, "number is wanted"),
    ],
)
def test_a_bad_value_is_refused_by_what_is_wrong_with_it(change: dict[str, Any], why: str) -> None:
    with pytest.raises(CaseMalformed, match=why):
        apr.of_case({**REGZ, **change})


def test_a_case_without_unit_periods_has_amounts_and_days() -> None:
    with pytest.raises(CaseMalformed, match=r"is \{amount, day\}"):
        apr.of_case({key: REGZ[key] for key in ("advances", "payments")})


@pytest.mark.parametrize("text", ["NaN", "[[[[", '{"a":', "\x00", b"\xff\xfe", "[" * 100_000])
def test_no_text_breaks_the_reader(text: str | bytes) -> None:
    with pytest.raises((NotJson, CaseMalformed, CaseNotOne)):
        apr.read_case(text)


@pytest.mark.parametrize("per_year", ["365/255", [365, 255], "73/51"])
def test_a_single_payments_unit_periods_in_a_year_may_be_a_fraction(per_year: Any) -> None:
    """12 CFR 1026 appendix J (c)(5)(i): 255 days (from memory, unverified)."""
    case = {"unit_periods_per_year": per_year, "advances": [["1000", 0, [0, 1]]], "payments": [["1080", 1, [0, 1]]]}
    assert str(apr.of_case(case)) == "11.45"


@pytest.mark.parametrize(("name", "key"), [("regz_appendix_j.json", "examples"), ("eu_uk_apr.json", "cases")])
def test_a_whole_published_file_is_refused_as_many_cases(name: str, key: str) -> None:
    file = PUBLISHED / name
    if not file.exists():
        pytest.skip(f"the published examples {file} are not on this machine")
    with pytest.raises(CaseNotOne, match=str(len(json.loads(file.read_text())[key]))):
        apr.read_case(file.read_bytes())
