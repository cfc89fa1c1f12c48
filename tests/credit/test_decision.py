import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from xinqiao.credit import ApplicationFacts, CreditModel, Decision, Outcome, Policy, Shelf, decide, replay, shipped
from xinqiao.credit.errors import ArtifactMissing, RecordUnreadable
from xinqiao.kit import CNY, canonical

Facts = Callable[..., ApplicationFacts]


def test_six_hundred_decisions_replay_to_the_byte(decisions: list[Decision]) -> None:
    shelf = shipped.shelf()
    assert {replay(one.record(), shelf) == one.record() for one in decisions} == {True}
    assert set(Counter(one.outcome for one in decisions)) == set(Outcome)
    assert len({one.sha256 for one in decisions}) == len(decisions)


@pytest.mark.parametrize(
    "alter",
    [
        lambda data: data["limit"].update(amount="999999.00"),
        lambda data: data.update(score=850),
        lambda data: data["inputs"]["attributes"].update(PAY_0="-2.0", PAY_2="-2.0", PAY_3="-2.0"),
        lambda data: data["inputs"]["facts"].update(age=17),
        lambda data: data["reasons"].pop(),
        lambda data: data.update(annual_rate="0.01"),
    ],
)
def test_an_altered_record_does_not_replay(decisions: list[Decision], alter: Callable[[Any], None]) -> None:
    one = next(one for one in decisions if one.outcome is Outcome.DECLINE and one.inputs["attributes"]["PAY_0"] == 2)
    data = json.loads(one.record())
    alter(data)
    altered = canonical(data)
    assert altered != one.record()
    assert replay(altered, shipped.shelf()) != altered


def test_a_record_whose_model_is_gone_says_which(decisions: list[Decision], policy: Policy) -> None:
    with pytest.raises(ArtifactMissing, match=decisions[0].versions["model"]):
        replay(decisions[0].record(), Shelf.of([], [policy]))


@pytest.mark.parametrize(
    "bad", [b"", b"{}", b"[]", b"null", b"\xff", b'{"schema":"xinqiao.credit.decision/1"}', b'{"schema":"xinqiao.credit.decision/2"}']
)
def test_bytes_that_are_no_record_are_refused(bad: bytes) -> None:
    with pytest.raises(RecordUnreadable):
        replay(bad, Shelf.of([], []))


def test_a_spotless_history_is_approved_at_the_best_price(
    model: CreditModel, policy: Policy, facts: Facts, spotless: dict[str, int]
) -> None:
    made = decide(model=model, policy=policy, attributes=spotless, application_facts=facts())
    assert (made.outcome, made.band, made.annual_rate, made.amount) == (Outcome.APPROVE, "A", Decimal("0.072"), CNY(500_000))
    assert made.limit == CNY(4_500_000)


def test_more_asked_than_the_limit_is_granted_up_to_the_limit_and_says_so(
    model: CreditModel, policy: Policy, facts: Facts, spotless: dict[str, int]
) -> None:
    made = decide(model=model, policy=policy, attributes=spotless, application_facts=facts(amount=CNY(9_000_000)))
    assert made.outcome is Outcome.APPROVE
    assert made.amount == made.limit == CNY(4_500_000)
    assert made.reasons[0].code == "credit.limit_below_request"


def test_three_months_overdue_is_declined_with_the_rule_first(
    model: CreditModel, policy: Policy, facts: Facts, spotless: dict[str, int]
) -> None:
    made = decide(model=model, policy=policy, attributes={**spotless, "PAY_0": 3}, application_facts=facts())
    assert (made.outcome, made.limit, made.amount, made.annual_rate) == (Outcome.DECLINE, CNY(0), CNY(0), None)
    assert [reason.code for reason in made.reasons[:2]] == ["credit.policy.three_months_overdue", "credit.recent_delay"]


@pytest.mark.parametrize(
    ("changed", "outcome", "code"),
    [
        ({"age": 17}, Outcome.DECLINE, "credit.policy.too_young"),
        ({"age": None}, Outcome.REFER, "credit.policy.age_unknown"),
        ({"monthly_income": None}, Outcome.REFER, "credit.policy.income_unknown"),
        ({"term_months": 48}, Outcome.DECLINE, "credit.policy.term_too_long"),
        ({"loan_purpose": "stocks"}, Outcome.DECLINE, "credit.policy.restricted_use"),
        ({"monthly_income": CNY(10_000)}, Outcome.DECLINE, "credit.limit_too_small"),
        ({"kind": "mortgage"}, Outcome.REFER, "credit.kind_not_served"),
        ({"age": 17, "monthly_income": None}, Outcome.DECLINE, "credit.policy.too_young"),
    ],
)
def test_rules_override_the_band(
    model: CreditModel, policy: Policy, facts: Facts, spotless: dict[str, int], changed: dict[str, Any], outcome: Outcome, code: str
) -> None:
    made = decide(model=model, policy=policy, attributes=spotless, application_facts=facts(**changed))
    assert (made.outcome, made.reasons[0].code) == (outcome, code)
    assert made.amount == CNY(0)


@pytest.mark.parametrize("attributes", [None, {}, {"LIMIT_BAL": 900_000}, {"UNKNOWN": 1}])
def test_a_thin_file_goes_to_a_person(model: CreditModel, policy: Policy, facts: Facts, attributes: dict[str, int] | None) -> None:
    made = decide(model=model, policy=policy, attributes=attributes, application_facts=facts())
    assert (made.outcome, made.score, made.pd, made.amount) == (Outcome.REFER, None, None, CNY(0))
    assert [reason.code for reason in made.reasons] == ["credit.thin_file"]
    assert replay(made.record(), Shelf.of([model], [policy])) == made.record()


def test_a_middling_score_asking_much_goes_to_a_person(decisions: list[Decision]) -> None:
    large = [one for one in decisions if any(reason.code == "credit.large_for_band" for reason in one.reasons)]
    assert large
    assert {(one.outcome, one.band) for one in large} == {(Outcome.REFER, "D")}


def test_only_the_models_and_policys_columns_are_kept(model: CreditModel, policy: Policy, facts: Facts, spotless: dict[str, int]) -> None:
    made = decide(model=model, policy=policy, attributes={**spotless, "SEX": 1, "name": "somebody"}, application_facts=facts())
    assert set(made.inputs["attributes"]) == set(model.columns) | set(policy.columns)


def test_sex_age_and_marriage_do_not_move_the_score(model: CreditModel, policy: Policy, facts: Facts, spotless: dict[str, int]) -> None:
    records = {
        decide(
            model=model, policy=policy, attributes={**spotless, "SEX": sex, "MARRIAGE": married, "AGE": 25}, application_facts=facts()
        ).record()
        for sex in (1, 2)
        for married in (1, 2, 3)
    }
    assert len(records) == 1


def test_every_approval_keeps_to_the_policy(decisions: list[Decision], policy: Policy) -> None:
    for one in decisions:
        if one.outcome is Outcome.APPROVE:
            assert one.annual_rate is not None
            assert one.annual_rate <= policy.ceiling
            assert policy.lowest <= one.limit <= CNY(50_000_000)
            assert one.amount <= one.limit
        else:
            assert one.amount == CNY(0)


def test_a_refused_applicant_gets_reasons_that_differ_in_words_and_help(decisions: list[Decision], policy: Policy) -> None:
    declined = [one for one in decisions if one.outcome is Outcome.DECLINE]
    assert declined
    for one in declined:
        assert 1 <= len(one.reasons) <= policy.reasons_shown
        assert (
            len({reason.says("zh-CN") for reason in one.reasons}) == len({reason.says("en") for reason in one.reasons}) == len(one.reasons)
        )
        assert all(reason.says("zh-CN") and reason.helps("zh-CN") and reason.helps("en") for reason in one.reasons)


def test_reasons_run_from_the_greatest_loss(decisions: list[Decision]) -> None:
    for one in decisions:
        lost = [reason.points for reason in one.reasons if reason.points is not None]
        assert lost == sorted(lost, reverse=True)
        assert all(points > 0 for points in lost)


def test_mending_the_first_reason_raises_the_score(model: CreditModel, policy: Policy, facts: Facts, spotless: dict[str, int]) -> None:
    late = {**spotless, "PAY_0": 2}
    before = decide(model=model, policy=policy, attributes=late, application_facts=facts())
    after = decide(model=model, policy=policy, attributes=spotless, application_facts=facts())
    assert before.reasons[0].code == "credit.recent_delay"
    assert after.score is not None
    assert before.score is not None
    assert after.score - before.score >= (before.reasons[0].points or 0)
