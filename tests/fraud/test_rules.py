import copy
import json
from importlib import resources
from typing import Any

import pytest

from xinqiao import fraud
from xinqiao.fraud.model import SIGNALS, plain_facts
from xinqiao.kit import CNY


def shipped() -> dict[str, Any]:
    return json.loads(resources.files("xinqiao.fraud").joinpath("rules/2026-11-01.json").read_text(encoding="utf-8"))


def quiet() -> dict[str, Any]:
    """Every signal at the value of a first-time applicant."""
    ones = {name: 1 for name in SIGNALS if ".persons." in name or ".applications." in name}
    rest = {name: False if name.endswith("truncated") else 0 for name in SIGNALS if name not in ones}
    return ones | rest


def test_a_first_application_passes_without_a_reason() -> None:
    assert fraud.load().judge(quiet()) == (fraud.Outcome.PASS, 0, ())


@pytest.mark.parametrize(
    ("changes", "outcome", "rule"),
    [
        ({"links.fraud": 1}, "refer", "linked_to_confirmed_fraud"),
        ({"links.fraud": 3}, "decline", "linked_to_several_frauds"),
        ({"device.persons.7d": 15}, "decline", "device_farm"),
        ({"device.persons.24h": 3}, "refer", "device_three_people_day"),
        ({"face.near_persons": 1}, "refer", "face_of_another_person"),
        ({"links.truncated": True}, "refer", "cluster_too_large_to_walk"),
        ({"address.persons.7d": 6}, "pass", "address_many_people"),
        ({"address.persons.7d": 6, "links.declined": 1}, "refer", "linked_to_declined"),
        ({"face.near_persons": 1, "links.fraud": 1}, "decline", "face_of_another_person"),
    ],
)
def test_signals_lead_to_outcomes(changes: dict[str, Any], outcome: str, rule: str) -> None:
    found, _, reasons = fraud.load().judge(quiet() | changes)
    assert found == outcome
    assert rule in [reason.rule for reason in reasons]


@pytest.mark.parametrize("name", sorted(SIGNALS - {s for s in SIGNALS if s.startswith(("ip.", "account."))}))
def test_no_rule_passes_an_application_whose_signal_is_missing(name: str) -> None:
    rules = fraud.load()
    without = {signal: value for signal, value in quiet().items() if signal != name}
    outcome, _, reasons = rules.judge(without)
    used = any(name in rule.when.names for rule in rules.rules)
    assert outcome == ("refer" if used else "pass")
    assert all(name in reason.unknown for reason in reasons)


def test_every_rule_speaks_both_languages() -> None:
    assert all(any("一" <= char <= "鿿" for char in rule.zh) and rule.en.isascii() for rule in fraud.load().rules)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d["rules"][0].update(when="device.person.7d >= 1"), "'device.person.7d' is not a signal"),
        (lambda d: d["rules"][0].update(outcome="reject"), "pass, refer or decline"),
        (lambda d: d["rules"][0].update(points=-1), "whole number from 0"),
        (lambda d: d["rules"][0].update(points=0, outcome="pass"), "does nothing"),
        (lambda d: d["rules"][0].update(zh=" "), "texts that are not empty"),
        (lambda d: d["rules"].append(d["rules"][0]), "each id must be used once"),
        (lambda d: d.update(rules=[]), "must not be empty"),
        (lambda d: d.update(decline_at=10), "must not be below"),
        (lambda d: d.update(surprise=1), "unknown key 'surprise'"),
        (lambda d: d.update(links=[]), "links must be an object"),
        (lambda d: d["links"].update(kinds=["shoe"]), "must name some of"),
        (lambda d: d["rules"][0].update(id="No Spaces"), "needs an id"),
    ],
)
def test_a_broken_rule_set_is_refused_with_what_is_wrong(change: Any, says: str) -> None:
    data = copy.deepcopy(shipped())
    change(data)
    with pytest.raises(fraud.RulesNotValid, match=says):
        fraud.read(data)


def test_an_unreadable_condition_is_refused() -> None:
    data = shipped()
    data["rules"][0]["when"] = "links.fraud >="
    with pytest.raises(fraud.RuleNotUnderstood, match="position 14"):
        fraud.read(data)


def test_an_unknown_version_names_the_shipped_ones() -> None:
    with pytest.raises(fraud.UnknownRules, match="2026-11-01"):
        fraud.load("1999")


def test_facts_become_plain_signals() -> None:
    assert plain_facts({"amount": CNY(5), "kind": "personal", "gone": None}) == {"facts.amount": 5, "facts.kind": "personal"}
    with pytest.raises(fraud.FactNotPlain, match="float"):
        plain_facts({"score": 0.5})
