from datetime import UTC, datetime
from typing import Any

import pytest

from xinqiao import funding
from xinqiao.funding.terms import read_funder, read_guarantor
from xinqiao.kit import CNY, events, new_id

from .markets import funder_data, guarantor_data, yuan


@pytest.mark.parametrize(
    ("change", "place", "says"),
    [
        ({"budget": {"amount": 1000.5, "currency": "CNY"}}, "budget", "write money as"),
        ({"budget": {"amount": "10.123", "currency": "CNY"}}, "budget", "at most 2 decimals"),
        ({"budget": {"amount": "10.00", "currency": "XXX"}}, "budget", "not supported"),
        ({"rate": {"base": 0.07, "add_on": {}}}, "rate.base", "write a rate"),
        ({"rate": {"base": "7%", "add_on": {}}}, "rate.base", "write a rate"),
        ({"months": []}, "months", "at least 1"),
        ({"months": [0]}, "months", "greater than or equal to 1"),
        ({"kinds": ["company"]}, "kinds", "personal"),
        ({"regions": ["Shanghai"]}, "regions", "pattern"),
        ({"caps": {"region": "1.5"}}, "caps.region", "less than or equal to 1"),
        ({"hours": ["8am", "22:00"]}, "hours", "pattern"),
        ({"ticket": {"min": yuan(5), "max": yuan(4)}}, "terms", "not above ticket.max"),
        ({"surprise": 1}, "surprise", "not permitted"),
        ({"answer": {"mode": "fax"}}, "answer.mode", "webhook"),
    ],
)
def test_broken_terms_are_refused_at_their_place(change: dict[str, Any], place: str, says: str) -> None:
    with pytest.raises(funding.TermsNotValid) as caught:
        read_funder(funder_data(**change))
    assert str(caught.value.args[0]).startswith(place)
    assert says in str(caught.value)


def test_a_guarantor_must_name_its_premiums() -> None:
    with pytest.raises(funding.TermsNotValid, match="premium"):
        read_guarantor(guarantor_data(premium={}))


@pytest.mark.parametrize(
    ("hours", "utc_hour", "is_open"),
    [(("08:00", "22:00"), 0, True), (("08:00", "22:00"), 14, False), (("08:00", "22:00"), 13, True), (("22:00", "06:00"), 20, True)],
)
def test_hours_are_those_of_shanghai(hours: tuple[str, str], utc_hour: int, is_open: bool) -> None:
    assert read_funder(funder_data(hours=hours)).is_open(datetime(2026, 3, 2, utc_hour, tzinfo=UTC)) is is_open


def test_terms_get_versions_and_the_same_again_changes_nothing(db, clock) -> None:
    funder = new_id()
    given = {"db": db, "clock": clock, "funder_id": funder}
    assert [funding.publish_funder(**given, data=data) for data in (funder_data(), funder_data(), funder_data(max_pd="0.2"))] == [1, 1, 2]
    assert str(funding.terms_of(db=db, partner_id=funder, version=1).max_pd) == "0.3"
    assert [event.data["version"] for event in events.of(db, funder)] == [1, 2]


def test_refused_terms_leave_nothing_behind(db, clock) -> None:
    funder = new_id()
    with pytest.raises(funding.TermsNotValid):
        funding.publish_funder(db=db, clock=clock, funder_id=funder, data=funder_data(max_pd="2"))
    with pytest.raises(funding.service.terms.UnknownPartner):
        funding.terms_of(db=db, partner_id=funder)


@pytest.mark.parametrize("slices", [1, 3, 7])
def test_slices_sum_to_the_budget_through_every_change(db, clock, slices: int) -> None:
    funder = new_id()
    for budget, number in ((1_000, slices), (2_001, slices + 2), (77, 1)):
        funding.publish_funder(db=db, clock=clock, funder_id=funder, data=funder_data(budget=yuan(budget), slices=number))
        assert [line.cap for line in funding.book_of(db=db, partner_id=funder)] == [CNY(budget * 100)]
