"""Products that contradict themselves, requests out of bounds, and JSON in and out."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinqiao.kit import CNY, Money, Refused
from xinqiao.servicing import product as package
from xinqiao.servicing.errors import ProductContradictory, ProductMalformed, ProductNotFound, RequestOutOfBounds, ScheduleImpossible
from xinqiao.servicing.product import Product, Request, Tranche, read_document, standard, standards
from xinqiao.servicing.product.model import Fee, FeeTime, Kind, Limits, Tranches, Waterfall, When
from xinqiao.servicing.product.schema import json_schema
from xinqiao.servicing.schedule import plan

from .drawn import products

START = date(2026, 1, 31)

CONTRADICTIONS = [
    ({"balloon": "0.4"}, "balloon", "set amortisation to balloon"),
    ({"amortisation": "equal_principal", "balloon": "0.4"}, "balloon", "equal_principal was given one"),
    ({"amortisation": "balloon"}, "balloon", "was given none"),
    ({"amortisation": "balloon", "balloon": "1"}, "balloon", "between 0 and 1"),
    ({"amortisation": "balloon", "balloon": "-0.1"}, "balloon", "between 0 and 1"),
    ({"grace": {"principal": 12}}, "grace.principal", "at most 11"),
    ({"instalments": 3, "grace": {"interest_payment": 3}, "annual_rate": "0.1"}, "grace.interest_payment", "at most 2"),
    ({"grace": {"interest_free": 13}, "annual_rate": "0.1"}, "grace.interest_free", "exceed the term of 12"),
    ({"grace": {"principal": -1}}, "grace", "from 0 up"),
    ({"grace": {"interest_free": 2}, "annual_rate": "0"}, "grace", "no interest to be free of"),
    ({"grace": {"interest_payment": 2}, "annual_rate": "0"}, "grace", "drop the grace or give a rate"),
    ({"amortisation": "interest_only", "grace": {"principal": 2}}, "grace.principal", "already says when principal is due"),
    ({"amortisation": "bullet", "grace": {"interest_payment": 2}, "annual_rate": "0.1"}, "grace.interest_payment", "at its end"),
    ({"amortisation": "bullet", "grace": {"interest_free": 2}, "annual_rate": "0.1"}, "grace.interest_free", "set the rate to 0"),
    ({"method": "flat", "recalculation": {}}, "recalculation", "use declining"),
    ({"recalculation": {"rest": {"count": 1}, "rest_same_as_period": True}}, "recalculation.rest", "not both"),
    ({"recalculation": {"compound_every": {"count": 1}}}, "recalculation.compound_every", "nothing compounds"),
    ({"recalculation": {"compounding": ["principal"]}}, "recalculation.compounding", "always bears interest"),
    ({"recalculation": {"early_settlement_until": "tomorrow"}}, "recalculation.early_settlement_until", "'settlement' or to 'rest'"),
    ({"steps": ["1", "2"]}, "steps", "set amortisation to stepped"),
    ({"amortisation": "stepped"}, "steps", "was given none"),
    ({"amortisation": "stepped", "steps": ["1", "0"]}, "steps", "positive factor"),
    ({"amortisation": "stepped", "steps": ["1", "2", "3"], "instalments": 2}, "steps", "more than the instalments"),
    ({"amortisation": "custom"}, "custom", "give dates with fractions"),
    ({"custom": [{"due": "2026-06-01", "fraction": "1"}]}, "custom", "set amortisation to custom"),
    (
        {"amortisation": "custom", "custom": [{"due": "2026-06-01", "fraction": "0.5"}, {"due": "2026-05-01", "fraction": "0.5"}]},
        "custom",
        "must ascend",
    ),
    (
        {"amortisation": "custom", "custom": [{"due": "2026-06-01", "fraction": "0.5"}, {"due": "2026-07-01", "fraction": "0.4"}]},
        "custom",
        "sum to 0.9",
    ),
    ({"amortisation": "custom", "instalments": 2, "custom": [{"due": "2026-06-01", "fraction": "1"}]}, "instalments", "1 custom dates"),
    ({"amortisation": "custom", "tranches": {"most": 2}, "custom": [{"due": "2026-06-01", "fraction": "1"}]}, "custom", "one payout"),
    ({"down_payment": {"fraction": "1"}}, "down_payment.fraction", "100 % lends nothing"),
    ({"down_payment": {"fraction": "0"}}, "down_payment.fraction", "between 0 and 1"),
    ({"rounding": {"instalment_multiple": "0.001"}}, "rounding.instalment_multiple", "multiple of 0.01"),
    ({"currency": "JPY", "rounding": {"instalment_multiple": "0.5"}}, "rounding.instalment_multiple", "multiple of 1"),
    ({"rounding": {"instalment_multiple": "0"}}, "rounding.instalment_multiple", "whole number"),
    ({"rounding": {"instalment_multiple": "1", "remainder": "spread"}}, "rounding.remainder", "first or the last"),
    ({"amortisation": "equal_principal", "rounding": {"even_out": True}}, "rounding.even_out", "no level instalment"),
    ({"repricing": {"index": ""}}, "repricing.index", "such as LPR-1Y"),
    ({"repricing": {"index": "LPR"}, "annual_rate": "0.1"}, "annual_rate", "leave annual_rate 0"),
    ({"repricing": {"index": "LPR", "floor": "0.1", "cap": "0.05"}}, "repricing", "floor <= cap"),
    ({"repricing": {"index": "LPR", "every": {"count": 0}}}, "repricing.every", "at least 1"),
    ({"annual_rate": "-0.01"}, "annual_rate", "from 0 to 10"),
    ({"annual_rate": "12"}, "annual_rate", "0.12 is 12 %"),
    ({"instalments": 0}, "instalments", "1 to 1200"),
    ({"every": {"count": -1}}, "every", "at least 1"),
    ({"first_due_after": {"count": 0, "unit": "days"}}, "first_due_after", "at least 1"),
    ({"business_days": {"convention": "following"}}, "business_days", "name both"),
    ({"business_days": {"calendar": "CN"}}, "business_days", "name both"),
    (
        {"business_days": {"calendar": "CN", "convention": "following", "interest_follows": True}},
        "business_days.interest_follows",
        "set accrual to daily",
    ),
    ({"fees": [{"code": "a", "time": "instalment", "amount": "-1"}]}, "fees.a", "not negative"),
    ({"fees": [{"code": "a", "time": "instalment", "amount": "1.001"}]}, "fees.a", "minor unit"),
    ({"fees": [{"code": "a", "time": "instalment", "base": "principal", "amount": "1.5"}]}, "fees.a", "0.015 is 1.5 %"),
    ({"fees": [{"code": "a", "time": "instalment", "paid": "deducted"}]}, "fees.a", "taken at payout"),
    (
        {"tranches": {"most": 3}, "fees": [{"code": "a", "time": "disbursement", "paid": "deducted"}]},
        "fees.a",
        "set its time to tranche",
    ),
    ({"fees": [{"code": "a", "time": "disbursement", "base": "interest", "paid": "financed"}]}, "fees.a", "changes the interest"),
    ({"fees": [{"code": "a", "time": "disbursement", "annual": True}]}, "fees.a", "set its time to instalment"),
    ({"fees": [{"code": "a", "time": "instalment", "spread": True, "base": "principal"}]}, "fees.a", "only a flat sum is spread"),
    ({"fees": [{"code": "a", "time": "instalment", "payee": "nobody"}]}, "fees.a", "goes to one of"),
    ({"fees": [{"code": "a", "time": "instalment", "least": "5", "most": "1"}]}, "fees.a", "swap them"),
    ({"fees": [{"code": "a", "time": "instalment"}, {"code": "a", "time": "tranche"}]}, "fees", "same code"),
    ({"limits": {"principal": {"min": "10", "max": "5"}}}, "limits.principal", "swap them"),
    ({"limits": {"principal": {"min": "-1"}}}, "limits.principal", "not negative"),
    ({"limits": {"annual_rate": {"min": "0.2", "max": "0.1"}}}, "limits.annual_rate", "least <= most"),
    ({"limits": {"annual_rate": {"max": "0.1"}}, "annual_rate": "0.2"}, "limits.annual_rate", "lies outside"),
    ({"limits": {"instalments": {"max": 6}}}, "limits.instalments", "12 lies outside"),
    ({"limits": {"tranche": {"min": "10", "max": "5"}}}, "limits.tranche", "swap them"),
    ({"limits": {"instalment": {"min": "-1"}}}, "limits.instalment", "not negative"),
    ({"limits": {"first_period_days": {"min": 40, "max": 30}}}, "limits.first_period_days", "least <= most"),
    ({"late": {"rate_multiple": "-1"}}, "late", "not negative"),
    ({"late": {"rate_multiple": "1.5", "annual_rate": "0.18"}}, "late.annual_rate", "give one"),
    ({"late": {"on_interest": True}}, "late.on_interest", "no penalty rate"),
    ({"late": {"days_in_year": 1}}, "late.days_in_year", "360, 364 or 365"),
    ({"waterfalls": {"repayment": {}}}, "waterfalls", "named 'default'"),
    ({"waterfalls": {"default": {"late": ["fee", "fee"]}}}, "waterfalls.default", "named twice"),
    ({"cooling_days": -1}, "cooling_days", "0 is none"),
    ({"settlement_fee": "1"}, "settlement_fee", "below 1"),
    ({"tranches": {"most": 0}}, "tranches", "at least one payout"),
    ({"version": 0}, "version", "count from 1"),
]


@pytest.mark.parametrize(("fields", "field", "says"), CONTRADICTIONS)
def test_a_contradiction_is_refused_with_what_would_be_right(fields: dict, field: str, says: str) -> None:
    with pytest.raises(ProductContradictory) as refused:
        Product.parse({"code": "x", **fields})
    found = [one for one in refused.value.errors if one["field"] == field]
    assert any(says in one["says"] for one in found), refused.value.errors
    assert all(one["says_zh"] for one in found)
    assert "自相矛盾" in refused.value.message("zh-CN")


def test_all_contradictions_are_told_at_once() -> None:
    with pytest.raises(ProductContradictory) as refused:
        Product.parse({"code": "x", "balloon": "2", "grace": {"principal": 20}, "down_payment": {"fraction": "1"}})
    assert {one["field"] for one in refused.value.errors} == {"balloon", "grace.principal", "down_payment.fraction"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "one JSON object"),
        ("{", "no JSON"),
        ('{"annual_rate": "0.1"}', "needs 'code'"),
        ('{"code": "x", "anual_rate": "0.1"}', "did you mean 'annual_rate'"),
        ('{"code": "x", "annual_rate": 0.1}', 'write it in quotes, such as "0.1"'),
        ('{"code": "x", "annual_rate": "a lot"}', 'such as "0.108"'),
        ('{"code": "x", "annual_rate": "NaN"}', 'such as "0.108"'),
        ('{"code": "x", "annual_rate": "1e99"}', 'such as "0.108"'),
        ('{"code": "x", "instalments": "12"}', "a whole number"),
        ('{"code": "x", "instalments": true}', "a whole number"),
        ('{"code": "x", "day_count": "31/360"}', "actual/360"),
        ('{"code": "x", "rounding": {"mode": "ROUND_HALF_EVEN"}}', "one of half_even, half_up"),
        ('{"code": "x", "fees": [{"code": "a", "time": "soon"}]}', "fees[0].time is one of"),
        ('{"code": "x", "limits": {"principal": {"least": "1"}}}', "limits.principal has no field 'least'"),
        ('{"code": "x", "limits": {"principal": {"min": "1.001"}}}', "at most 2 decimals"),
        ('{"code": "x", "custom": [{"due": "1 June", "fraction": "1"}]}', "2026-03-31"),
        ('{"code": "x", "code": "y"}', "'code' stands twice"),
    ],
)
def test_json_that_cannot_be_read_is_refused_with_where_and_why(text: str, says: str) -> None:
    with pytest.raises(ProductMalformed) as refused:
        Product.parse(text)
    assert says in str(refused.value)


@settings(deadline=None, max_examples=100)
@given(products())
def test_json_brings_back_the_same_product(product: Product) -> None:
    text = json.dumps(product.to_json())
    assert Product.parse(text) == product
    request = {"principal": "1000", "start": "2026-01-31"}
    jsonschema_rs.validate(json_schema(), {"product": json.loads(text), "request": request})


def test_pairs_and_waterfalls_come_back_too() -> None:
    made = Product(
        "x",
        fees=(Fee("a", FeeTime.INSTALMENT, most=CNY(100)),),
        limits=Limits((CNY(1), None), (None, Decimal("0.24")), (1, 36), CNY(500)),
        waterfalls={"default": Waterfall(order=((When.DUE, Kind.FEE), (When.PAST_DUE, Kind.INTEREST)))},
    )
    assert Product.parse(made.to_json()) == made
    assert made.to_json()["waterfalls"]["default"]["order"][0] == {"when": "due", "kind": "fee"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 50) | st.floats(allow_nan=False) | st.text(max_size=4) | st.sampled_from(["0.1", "days"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.sampled_from([*Product("x").to_json(), "other"]), JSON, max_size=4))
def test_no_json_does_worse_than_be_refused(raw: dict) -> None:
    with suppress(Refused):
        Product.parse({"code": "x", **raw})


EDGES = st.sampled_from(
    [
        "0",
        "-1",
        "1",
        "0.0000000000000001",
        "999999999999999",
        "9999-12-31",
        "0001-01-01",
        "2026-02-28",
        0,
        -1,
        1,
        1200,
        10**6,
        10**30,
        True,
        None,
        {},
        [],
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(standards())), st.data())
def test_no_document_does_worse_than_be_refused(code: str, data: st.DataObject) -> None:
    """A shipped product with a few fields set to something extreme, and a request likewise."""
    product, request = standard(code).to_json(), {"principal": "20000", "start": "2026-01-31"}
    if product["repricing"]:
        request["index_values"] = [{"since": "2020-01-01", "value": data.draw(EDGES)}]
    for part in (product, request, product["every"], product["grace"], product["rounding"], product["limits"], product["tranches"]):
        names = [*part, "first_due", "last_due", "instalments"] if part is request else list(part)
        for name in data.draw(st.lists(st.sampled_from(names), max_size=1)):
            part[name] = data.draw(EDGES)
    with suppress(Refused):
        made = plan(*read_document({"product": product, "request": request}))
        assert sum(i.principal.minor for i in made.instalments) == made.principal.minor


REQUESTS = [
    ({"principal": "499.99"}, "principal", "500.00 to 200000.00"),
    ({"principal": "200000.01"}, "principal", "200000.00"),
    ({"principal": "0"}, "principal", "positive"),
    ({"instalments": 37}, "instalments", "1 to 36"),
    ({"instalments": 0}, "instalments", "at least one"),
    ({"annual_rate": "0.2401"}, "annual_rate", "0 to 0.24"),
    ({"applied": "2026-02-01"}, "applied", "cannot follow the payout"),
    ({"index_values": [{"since": "2026-01-01", "value": "0.03"}]}, "index_values", "rate is fixed"),
    ({"tranches": [{"on": "2026-01-31", "amount": "600"}, {"on": "2026-02-02", "amount": "400"}]}, "tranches", "at most 1"),
]


@pytest.mark.parametrize(("fields", "field", "says"), REQUESTS)
def test_a_request_beyond_the_product_is_refused_with_what_it_allows(fields: dict, field: str, says: str) -> None:
    request = Request.parse({"principal": "1000", "start": "2026-01-31", **fields}, "CNY")
    with pytest.raises(RequestOutOfBounds) as refused:
        plan(standard("monthly"), request)
    assert any(one["field"] == field and says in one["says"] for one in refused.value.errors), refused.value.errors


BOUNDED = Product(
    "bounded",
    annual_rate=Decimal("0.12"),
    instalments=6,
    tranches=Tranches(2),
    limits=Limits(tranche=(CNY(100_000), None), instalment=(CNY(20_000), CNY(300_000)), first_period_days=(15, 45)),
)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"principal": CNY(100_000)}, "an instalment is 200.00 to 3000.00 CNY, not 172.5"),
        ({"principal": CNY(2_000_000)}, "ask for another amount or term"),
        ({"first_due": date(2026, 2, 10)}, "15 to 45 days after the payout, not 10"),
        ({"first_due": date(2026, 4, 10)}, "not 69"),
        ({"tranches": (Tranche(START, CNY(950_000)), Tranche(date(2026, 2, 2), CNY(50_000)))}, "each part is 1000.00 to no most"),
    ],
)
def test_instalments_payouts_and_the_first_period_are_bounded_too(asked: dict, says: str) -> None:
    request = Request(CNY(1_000_000), START)
    assert len(plan(BOUNDED, request).instalments) == 6
    with pytest.raises(RequestOutOfBounds, match=says):
        plan(BOUNDED, replace(request, **asked))


@pytest.mark.parametrize(
    ("code", "request_", "error", "says"),
    [
        ("tranches", {"tranches": (Tranche(START, CNY(2_000_000)), Tranche(START, CNY(1)))}, RequestOutOfBounds, "sum to the principal"),
        ("tranches", {"tranches": (Tranche(date(2026, 2, 1), CNY(2_000_000)),)}, RequestOutOfBounds, "paid out on the start"),
        (
            "tranches",
            {"tranches": (Tranche(START, CNY(1_000_000)), Tranche(date(2030, 1, 1), CNY(1_000_000)))},
            ScheduleImpossible,
            "payouts",
        ),
        ("floating", {}, ScheduleImpossible, "no value of LPR-1Y"),
        ("floating", {"annual_rate": Decimal("0.1")}, RequestOutOfBounds, "give index_values"),
        ("monthly", {"first_due": START}, ScheduleImpossible, "must ascend"),
        ("microbusiness", {"instalments": 3}, RequestOutOfBounds, "6 to 36"),
        ("monthly", {"principal": Money(100_000, "JPY")}, RequestOutOfBounds, "lends CNY"),
    ],
)
def test_a_request_that_fits_no_schedule_is_refused(code: str, request_: dict, error: type[Refused], says: str) -> None:
    with pytest.raises(error, match=says):
        plan(standard(code), replace(Request(CNY(2_000_000), START), **request_))


def test_one_of_each_kind_is_shipped_and_named_in_both_languages() -> None:
    shipped = standards()
    assert len(shipped) >= 12
    for code, made in shipped.items():
        assert made.code == code
        assert made.name
        assert any("\u4e00" <= sign <= "\u9fff" for sign in made.name_zh)


def test_an_unknown_product_is_refused_with_those_there_are() -> None:
    with pytest.raises(ProductNotFound, match="monthly"):
        standard("nightly")


def test_a_document_names_a_product_or_holds_one() -> None:
    asked = {"principal": "10000", "start": "2026-01-31"}
    named, _ = read_document({"product": "monthly", "request": asked})
    held, request = read_document(json.dumps({"product": named.to_json(), "request": asked}))
    assert held == named
    assert request == Request(CNY(1_000_000), START)
    with pytest.raises(ProductMalformed, match="it has product"):
        read_document({"product": "monthly"})


def test_the_shipped_schema_is_the_codes_own_and_accepts_the_shipped_products() -> None:
    folder = Path(package.__file__).parent
    schema = json.loads((folder / "product.schema.json").read_text(encoding="utf-8"))
    assert schema == json_schema(), "run: python scripts/product_schema.py"
    for file in (folder / "shipped").glob("*.json"):
        document = {"product": json.loads(file.read_text(encoding="utf-8")), "request": {"principal": "1000", "start": "2026-01-31"}}
        jsonschema_rs.validate(schema, document)
    assert not jsonschema_rs.is_valid(schema, {"product": {"code": "x", "anual_rate": "1"}, "request": document["request"]})
    assert not jsonschema_rs.is_valid(schema, {"product": {"code": "x", "annual_rate": 0.1}, "request": document["request"]})
