import copy
import json
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from xinqiao.credit import ApplicationFacts, Outcome, Policy, shipped
from xinqiao.credit.errors import FactUnusable, PolicyInvalid
from xinqiao.kit import CNY, Money

FILE = shipped.POLICIES / "personal-2026-11.toml"


@pytest.mark.parametrize(
    ("pd", "band"),
    [
        ("0", "A"),
        ("0.089999", "A"),
        ("0.09", "B"),
        ("0.13", "C"),
        ("0.18", "D"),
        ("0.25", "E"),
        ("0.399999", "E"),
        ("0.40", "F"),
        ("1", "F"),
    ],
)
def test_bands_at_their_edges(policy: Policy, pd: str, band: str) -> None:
    assert policy.band(Decimal(pd)).name == band


def test_comments_and_layout_do_not_change_a_policys_hash(policy: Policy, tmp_path: Path) -> None:
    written = tmp_path / "same.json"
    written.write_text(json.dumps(tomllib.loads(FILE.read_text("utf-8")), indent=3), "utf-8")
    assert Policy.load(written).sha256 == policy.sha256
    assert Policy.parse(policy.body).sha256 == policy.sha256


def _set(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_set("band", 0, "annual_rate", to="0.30"), "band A: annual_rate 0.30 exceeds price.ceiling 0.24"),
        (_set("band", 0, "annual_rate", to=0.072), "must be a number in quotes"),
        (_set("band", 1, "pd_below", to="0.05"), "bands must rise in pd_below"),
        (_set("band", -1, "pd_below", to="0.9"), "the last band must reach pd_below"),
        (_set("band", 1, "name", to="A"), "two bands share a name"),
        (_set("band", 0, "colour", to="red"), "band A has no key 'colour'"),
        (_set("band", 0, "outcome", to="maybe"), "outcome must be approve, refer or decline, got 'maybe'"),
        (_set("band", 0, "cap", to="-5"), "cap must be more than zero"),
        (_set("band", 0, "cap", to="lots"), "'lots' is not an amount of CNY"),
        (_set("band", 0, "income_multiple", to="x"), "band A: income_multiple must be a number"),
        (_set("currency", to="XXX"), "Currency 'XXX' is not supported"),
        (_set("reasons_shown", to=0), "reasons_shown must be a whole number from 1 to 10"),
        (_set("limit", "caps", to={}), "limit.caps must give a cap"),
        (_set("rule", 0, "when", to={"fact": "shoe_size", "above": 3}), "there is no fact 'shoe_size'"),
        (_set("rule", 0, "when", to={"fact": "age"}), "names one fact or attribute and one of below"),
        (_set("rule", 0, "when", to={"fact": "age", "in": []}), "needs a list of values"),
        (_set("rule", 0, "outcome", to="approve"), "a rule declines or refers; it cannot approve"),
        (_set("rule", 0, "zh", to=""), "zh must be a text"),
        (_set("surprise", to=1), "the policy has no key 'surprise'"),
        (lambda data: data.pop("price"), "key 'price' is missing"),
        (lambda data: data.update(band=[]), "the last band must reach"),
        (lambda data: data.update(band=3), "Policy personal-2026-11: "),
    ],
)
def test_a_wrong_policy_is_refused_with_what_is_wrong(change: Callable[[dict[str, Any]], None], says: str) -> None:
    data = copy.deepcopy(tomllib.loads(FILE.read_text("utf-8")))
    change(data)
    with pytest.raises(PolicyInvalid) as caught:
        Policy.parse(data)
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["", "= =", "version = 3", "[[band]]"])
def test_a_file_that_is_no_policy_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(text)
    with pytest.raises(PolicyInvalid):
        Policy.load(path)


@pytest.mark.parametrize(
    ("income", "existing", "limit"),
    [
        (None, None, 20_000_000),  # the band's cap and the cap on personal loans
        (900_000, None, 7_200_000),  # eight months' income
        (900_000, 1_000_000, 1_500_000),  # one and a half times the existing limit is less
        (1_234_567, None, 9_870_000),  # rounded down to CNY 100
        (0, None, 0),
    ],
)
def test_limit_is_the_least_bound_rounded_down(
    policy: Policy, facts: Callable[..., ApplicationFacts], income: int, existing: int, limit: int
) -> None:
    known = {"monthly_income": None if income is None else CNY(income), "existing_limit": None if existing is None else CNY(existing)}
    assert policy.limit(policy.bands[0], facts(**known)) == CNY(limit)


def test_a_declining_band_lends_nothing(policy: Policy, facts: Callable[..., ApplicationFacts]) -> None:
    assert policy.bands[-1].outcome is Outcome.DECLINE
    assert policy.limit(policy.bands[-1], facts()) == CNY(0)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": CNY(0)}, "amount"),
        ({"amount": CNY(-1)}, "amount"),
        ({"term_months": 0}, "term_months"),
        ({"term_months": True}, "term_months"),
        ({"term_months": "12"}, "term_months"),
        ({"age": -1}, "age"),
        ({"monthly_income": Money(100, "USD")}, "monthly_income"),
        ({"existing_limit": CNY(-1)}, "existing_limit"),
    ],
)
def test_impossible_facts_are_refused_by_name(facts: Callable[..., ApplicationFacts], wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(FactUnusable) as caught:
        facts(**wrong)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "amount"),
        ({"amount": 5000, "term_months": 12}, "amount"),
        ({"amount": {"amount": "5", "currency": "CNY"}}, "term_months"),
        ({"amount": {"amount": "5", "currency": "CNY"}, "term_months": 12, "sex": 1}, "sex"),
    ],
)
def test_facts_as_a_mapping_are_checked_by_name(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(FactUnusable) as caught:
        ApplicationFacts.parse(wrong)
    assert caught.value.field == field
