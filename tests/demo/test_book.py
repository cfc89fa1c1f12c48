from collections import Counter
from datetime import date

import pytest
from stdnum import luhn
from stdnum.cn import ric, uscc

from xinqiao.credit import CreditModel, Outcome, Policy, shipped
from xinqiao.demo.book import book, bureau_records, part_of, people, rows
from xinqiao.demo.book.identities import AS_OF, COUNTIES
from xinqiao.intake.validation import read
from xinqiao.kit import CNY


@pytest.fixture(scope="module")
def model() -> CreditModel:
    return shipped.model()


@pytest.fixture(scope="module")
def policy() -> Policy:
    return shipped.policy()


def test_the_book_is_the_published_set() -> None:
    """30,000 clients, 6,636 of whom defaulted (Yeh and Lien, Expert Systems with Applications 36, 2009)."""
    everyone = rows()
    assert len(everyone) == 30_000
    assert sum(row["default"] for row in everyone) == 6_636
    assert [row["ID"] for row in everyone] == list(range(1, 30_001))


def test_training_and_originating_parts_are_disjoint_and_fixed() -> None:
    train, originate = ({row["ID"] for row in rows(part)} for part in ("train", "originate"))
    assert not train & originate
    assert len(train | originate) == 30_000
    assert originate == {id_ for id_ in range(1, 30_001) if part_of(id_) == "originate"}
    assert len(originate) == 10_056


def test_people_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    assert people(40, 1) == people(40, 1)
    assert people(15, 1) == people(40, 1)[:15]
    assert people(15, 2) != people(15, 1)


def test_every_person_is_a_different_borrower_of_the_originating_part() -> None:
    made = people(1000)
    originate = {row["ID"]: row for row in rows("originate")}
    assert len({person["row_id"] for person in made}) == len({p["id_number"] for p in made}) == len({p["phone"] for p in made}) == 1000
    for person in made:
        row = originate[person["row_id"]]
        assert person["attributes"] == {name: row[name] for name in person["attributes"]}
        assert person["defaulted"] == row["default"]
        assert not {"SEX", "AGE", "MARRIAGE", "EDUCATION", "default"} & set(person["attributes"])


def test_id_numbers_have_valid_checks_and_tell_the_rows_age_and_sex() -> None:
    originate = {row["ID"]: row for row in rows("originate")}
    for person in people(1000):
        number, row = person["id_number"], originate[person["row_id"]]
        born = ric.get_birth_date(number)
        assert number[-1] == ric.calc_check_digit(number)
        assert number[:6] in COUNTIES
        assert AS_OF.year - born.year - ((AS_OF.month, AS_OF.day) < (born.month, born.day)) == row["AGE"] == person["age"]
        assert (int(number[16]) % 2 == 1) == (row["SEX"] == 1)


@pytest.mark.parametrize("as_of", [date(2026, 3, 2), date(2024, 2, 29), date(2027, 12, 31)])
def test_ages_hold_on_the_day_asked_for(as_of: date) -> None:
    for person in people(200, as_of=as_of):
        assert read(person["application"], today=as_of).identity.age == person["age"]


def test_intake_accepts_every_invented_application() -> None:
    kinds = Counter()
    for person in people(2000, 7):
        draft = read(person["application"], today=AS_OF)
        kinds[draft.kind] += 1
        assert draft.region == person["region"]
        assert luhn.is_valid(person["application"]["bank_account"])
        if "business" in person["application"]:
            assert uscc.is_valid(person["application"]["business"]["credit_code"])
    assert 200 < kinds["micro_business"] < 400


def test_income_and_amount_follow_the_real_limit() -> None:
    made = people(2000)
    assert all(CNY(250_000) < person["monthly_income"] < CNY(6_000_000) for person in made)
    poor, rich = (sorted(made, key=lambda p: p["existing_limit"].minor)[part] for part in (slice(500), slice(-500, None)))
    assert sum(p["monthly_income"].minor for p in rich) > 2 * sum(p["monthly_income"].minor for p in poor)


@pytest.mark.parametrize("n", [-1, 10_057])
def test_more_people_than_the_book_has_are_refused(n: int) -> None:
    with pytest.raises(ValueError, match="originates 0 to 10056 people"):
        people(n)


def test_bureau_records_name_nobody() -> None:
    made = people(50)
    records = bureau_records(made, lambda number: number[::-1].encode())
    assert len(records) == 50
    assert records[made[0]["id_number"][::-1].encode()] == made[0]["attributes"]
    assert all(set(record) == set(made[0]["attributes"]) for record in records.values())


def test_past_loans_are_decided_by_the_model_and_spread_over_the_months(model: CreditModel, policy: Policy) -> None:
    past = book(1500, model=model, policy=policy)
    assert past == book(1500, model=model, policy=policy)
    assert sorted({one.vintage for one in past}) == [f"2025-{month:02d}" for month in (11, 12)] + [
        f"2026-{month:02d}" for month in range(1, 11)
    ]
    assert {one.outcome for one in past} == {str(outcome) for outcome in Outcome}
    rate = {outcome: [one.defaulted for one in past if one.outcome == outcome] for outcome in ("approve", "decline")}
    assert sum(rate["approve"]) / len(rate["approve"]) < 0.2 < 0.5 < sum(rate["decline"]) / len(rate["decline"])
