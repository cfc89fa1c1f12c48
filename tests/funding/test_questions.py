from datetime import timedelta
from decimal import Decimal

import pytest

from xinqiao import funding
from xinqiao.kit import events, new_id

from .markets import ask, yuan
from .test_reserving import DEAR, used

ASKED = {"answer": {"mode": "webhook", "deadline_seconds": 60}, "rate": {"base": "0.06", "add_on": {"B": "0"}}}


@pytest.fixture
def asked(db, clock, funder, reserve):
    """A funder that answers by webhook, a dearer one that answers at once, and the open question to the first."""
    first, second = funder(**ASKED), funder(**DEAR)
    application, person = new_id(), new_id()
    held = reserve(ask(), application, person_id=person)
    assert held.funder_id == first
    question = funding.ask(db=db, clock=clock, reservation_id=held.id)
    return question, held, second, lambda: reserve(ask(), application, person_id=person)


def test_a_yes_in_time_lets_the_loan_be_confirmed(db, clock, asked) -> None:
    question, held, _, _ = asked
    with pytest.raises(funding.service.reserve.FunderHasNotAnswered):
        funding.confirm(db=db, clock=clock, reservation_id=held.id)
    clock.advance(timedelta(seconds=60))
    assert funding.answer(db=db, clock=clock, question_id=question.id, yes=True).reply == "yes"
    assert funding.confirm(db=db, clock=clock, reservation_id=held.id).state == "confirmed"


def test_a_yes_may_lower_the_rate_and_never_raise_it(db, clock, asked) -> None:
    question, held, _, _ = asked
    with pytest.raises(funding.RateAboveBid, match="above the bid's"):
        funding.answer(db=db, clock=clock, question_id=question.id, yes=True, rate=Decimal("0.0601"))
    funding.answer(db=db, clock=clock, question_id=question.id, yes=True, rate=Decimal("0.055"))
    assert funding.get(db=db, reservation_id=held.id).annual_rate == Decimal("0.055")


def test_a_no_returns_the_capacity_and_the_next_best_takes_over(db, clock, asked) -> None:
    question, held, second, again = asked
    funding.answer(db=db, clock=clock, question_id=question.id, yes=False)
    assert used(db, held.funder_id) == {}
    assert funding.next_choice(db=db, application_id=held.application_id).funder_id == second
    assert again().funder_id == second


def test_silence_is_a_no(db, clock, asked) -> None:
    question, held, second, again = asked
    clock.advance(timedelta(seconds=61))
    assert [one.id for one in funding.expire_questions(db=db, clock=clock)] == [question.id]
    assert funding.expire_questions(db=db, clock=clock) == []
    assert used(db, held.funder_id) == {}
    assert again().funder_id == second
    kinds = [event.kind for event in events.of(db, held.application_id)]
    assert kinds == [
        "funding.bids_taken",
        "funding.reserved",
        "funding.asked",
        "funding.not_answered",
        "funding.released",
        "funding.reserved",
    ]


@pytest.mark.parametrize("swept", [False, True])
def test_a_late_answer_is_refused(db, clock, asked, swept: bool) -> None:
    question, _, _, _ = asked
    clock.advance(timedelta(seconds=60, microseconds=1))
    if swept:
        funding.expire_questions(db=db, clock=clock)
    with pytest.raises(funding.AnsweredTooLate, match="silence counted as a no") as caught:
        funding.answer(db=db, clock=clock, question_id=question.id, yes=True)
    assert caught.value.code == "funding.answered_too_late"


@pytest.mark.parametrize("yes", [True, False])
def test_the_same_answer_again_changes_nothing_and_another_is_refused(db, clock, asked, yes: bool) -> None:
    question, held, _, _ = asked
    first = funding.answer(db=db, clock=clock, question_id=question.id, yes=yes)
    before = used(db, held.funder_id)
    assert funding.answer(db=db, clock=clock, question_id=question.id, yes=yes) == first
    assert used(db, held.funder_id) == before
    with pytest.raises(funding.AnsweredAlready):
        funding.answer(db=db, clock=clock, question_id=question.id, yes=not yes)


def test_asking_twice_is_one_question(db, clock, asked) -> None:
    question, held, _, _ = asked
    assert funding.ask(db=db, clock=clock, reservation_id=held.id) == question
    assert funding.questions_to(db=db, funder_id=held.funder_id) == [question]


def test_another_funders_question_is_not_found(db, clock, asked) -> None:
    question, _, second, _ = asked
    with pytest.raises(funding.NoSuchQuestion):
        funding.answer(db=db, clock=clock, question_id=question.id, yes=True, funder_id=second)
    assert funding.questions_to(db=db, funder_id=second) == []


def test_a_yes_after_the_applicant_left_is_refused(db, clock, asked) -> None:
    question, held, _, _ = asked
    funding.release(db=db, clock=clock, reservation_id=held.id)
    with pytest.raises(funding.ReservationEnded, match="released"):
        funding.answer(db=db, clock=clock, question_id=question.id, yes=True)
    assert used(db, held.funder_id) == {}


def test_the_answering_time_is_added_to_the_hold(db, clock, asked) -> None:
    _, held, _, _ = asked
    assert held.expires_at - held.made_at == timedelta(minutes=31)


def test_a_refusing_funder_is_out_with_every_guarantor(db, clock, funder, guarantor, reserve) -> None:
    first = funder(**ASKED, budget=yuan(50_000))
    for _ in range(3):
        guarantor()
    application, person = new_id(), new_id()
    held = reserve(ask(), application, person_id=person)
    question = funding.ask(db=db, clock=clock, reservation_id=held.id)
    funding.answer(db=db, clock=clock, question_id=question.id, yes=False)
    assert reserve(ask(), application, person_id=person) is None
    assert used(db, first) == {}


def test_old_bids_are_taken_anew_but_who_refused_stays_out(db, clock, funder, reserve) -> None:
    refusing, closed = funder(**ASKED), funder(**DEAR, hours=("12:00", "20:00"))
    application, person = new_id(), new_id()
    held = reserve(ask(), application, person_id=person)
    funding.answer(db=db, clock=clock, question_id=funding.ask(db=db, clock=clock, reservation_id=held.id).id, yes=False)
    assert (held.funder_id, reserve(ask(), application, person_id=person)) == (refusing, None)
    clock.advance(timedelta(hours=3))
    assert reserve(ask(), application, person_id=person).funder_id == closed
    assert funding.bids_of(db=db, application_id=application).tried == {(refusing, None): "refused"}
