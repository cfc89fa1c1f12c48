"""What staff do to a loan has the consequences that a borrower's payment has, takes two where it should, and happens once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from xinqiao import funding, intake, partners, servicing, vault
from xinqiao.demo.robot import Outcome
from xinqiao.demo.world import World
from xinqiao.journeys import ApplicantJourneys, House, lending, purse, requests, reviewing, rights
from xinqiao.journeys.errors import FunderUnavailable, LoanOpen, OperationIncomplete
from xinqiao.journeys.requests import NEEDS_TWO, Request
from xinqiao.kit import CNY, FixedClock, events, new_id
from xinqiao.servicing import Loan, delinquency
from xinqiao.servicing.errors import KeyReused
from xinqiao.vault import Actor, PersonForgotten, Purpose

ANN, BOB = (Actor("operator", name, frozenset({"risk"})) for name in ("ann", "bob"))
WHY = "It was agreed with the borrower by telephone."
Receive, Walk = Callable[..., UUID], Callable[..., Outcome]


@pytest.fixture
def application(house: House, approved: list[dict[str, Any]], received: Receive, walk: Walk) -> UUID:
    made, name = received(approved[0]), approved[0]["name"]
    walk(made, name)
    reviewing.approve(house, made, by=ANN, why="document checked by hand", band="B")
    assert walk(made, name).ended == "loan"
    return made


def loan_of(house: House, application: UUID) -> Loan:
    with house.begin() as db:
        return lending.loan_of(db, application)


def waiting(house: House) -> list[Request]:
    with house.begin() as db:
        return requests.waiting(db)


def operate(house: House, application: UUID, what: str, **given: str) -> None:
    """Proposed by one, confirmed by another where it takes two."""
    loan = loan_of(house, application).id
    if not requests.operate(house, loan, what=what, given=given, by=ANN, why=WHY, key=str(new_id())):
        requests.grant(house, waiting(house)[0].id, by=BOB, why=WHY)


def standing(house: House, application: UUID) -> tuple[str, str, bool]:
    """The application's stage, the reservation's state, and whether the person's data may be read to service and to collect."""
    with house.begin() as db:
        made = intake.get(db=db, application=application)
        held = funding.reservation_of(db=db, application_id=application)
        assert held is not None
        assert held.outstanding == lending.loan_of(db, application).outstanding
        allowed = {vault.has_basis(db, made.person_id, one, house.clock.now()) for one in (Purpose.SERVICING, Purpose.COLLECTION)}
    assert len(allowed) == 1
    return made.stage.value, held.state.value, allowed.pop()


def pay_off(house: House, application: UUID, key: str) -> None:
    payoff = ApplicantJourneys(house).loan(application).payoff
    lending.repay(house, loan_of(house, application).id, amount=payoff, key=key)


def test_after_a_payment_bounced_the_borrower_can_still_pay(house: House, clock: FixedClock, application: UUID) -> None:
    clock.advance(timedelta(days=40))
    loan, now = loan_of(house, application), ApplicantJourneys(house).loan(application).overdue
    lending.repay(house, loan.id, amount=now, key="debit")
    paid = loan_of(house, application).outstanding
    operate(house, application, "charge_back", payment="pay/debit", amount=str(now))
    assert loan_of(house, application).outstanding > paid
    assert standing(house, application) == ("disbursed", "confirmed", True)
    lending.repay(house, loan.id, amount=CNY(10_000), key="debit again")
    assert standing(house, application) == ("disbursed", "confirmed", True)


def test_a_loan_open_again_may_be_serviced_again_until_it_is_repaid(house: House, application: UUID) -> None:
    pay_off(house, application, "all of it")
    assert standing(house, application) == ("closed", "repaid", False)
    operate(house, application, "reverse", event="pay/all of it")
    assert standing(house, application) == ("closed", "confirmed", True)
    pay_off(house, application, "all of it, again")
    assert standing(house, application) == ("closed", "repaid", False)
    operate(house, application, "reverse", event="pay/all of it, again")
    assert standing(house, application) == ("closed", "confirmed", True)
    with house.begin() as db:
        told = [one.kind for one in events.of(db, application) if "close" in one.kind or "reopen" in one.kind]
    assert told == ["application.closed", "application.reopened", "application.closed_again", "application.reopened"]


@pytest.mark.parametrize("what", ["receive", "write_off"])
def test_what_staff_do_closes_the_application_too_and_ends_a_wait_to_be_forgotten(house: House, application: UUID, what: str) -> None:
    with pytest.raises(LoanOpen):
        rights.forget(house, application)
    payoff = str(ApplicantJourneys(house).loan(application).payoff)
    operate(house, application, what, **({"amount": payoff, "day": str(house.clock.today())} if what == "receive" else {}))
    assert standing(house, application) == ("closed", "repaid", False)
    with pytest.raises(PersonForgotten):
        rights.held(house, application)
    last = servicing_events(house, application)[-1]
    operate(house, application, "reverse", event=last)
    assert standing(house, application) == ("closed", "confirmed", False)


def servicing_events(house: House, application: UUID) -> list[str]:
    with house.begin() as db:
        return [one.event.id for one in servicing.history(db=db, loan_id=lending.loan_of(db, application).id)]


def test_a_claim_passes_only_to_a_funder_that_is_here_and_active(house: House, world: World, application: UUID) -> None:
    loan = loan_of(house, application)
    with house.begin() as db:
        other = next(one.id for one in partners.list_partners(db=db, kind="funder") if one.id != loan.funder_id)
        scene = partners.list_partners(db=db, kind="scene")[0].id
    for nobody in (new_id(), scene):
        with pytest.raises(FunderUnavailable):
            operate(house, application, "transfer", funder=str(nobody))
    assert waiting(house) == []
    requests.operate(house, loan.id, what="transfer", given={"funder": str(other)}, by=ANN, why=WHY, key="sold")
    with house.begin() as db:
        partners.suspend(db=db, clock=house.clock, partner=other)
    with pytest.raises(FunderUnavailable):
        requests.grant(house, waiting(house)[0].id, by=BOB, why=WHY)
    assert loan_of(house, application).funder_id == loan.funder_id
    with house.begin() as db:
        partners.resume(db=db, clock=house.clock, partner=other)
    requests.grant(house, waiting(house)[0].id, by=BOB, why=WHY)
    assert loan_of(house, application).funder_id == other


def test_a_form_sent_twice_is_proposed_once_and_not_anew_after_the_answer(house: House, application: UUID) -> None:
    assert {"receive", "recover", "re_age"} < NEEDS_TWO
    loan = loan_of(house, application).id
    given = {"amount": "100", "day": str(house.clock.today())}

    def send(**changes: str) -> bool:
        return requests.operate(house, loan, what="receive", given=given | changes, by=ANN, why=WHY, key="form-1")

    assert [send(), send()] == [False, False]
    assert len(waiting(house)) == 1
    with pytest.raises(KeyReused):
        send(amount="200")
    requests.grant(house, waiting(house)[0].id, by=BOB, why=WHY)
    send()
    assert waiting(house) == []


def test_new_terms_mark_a_loan_once_and_another_day_of_the_month_does_not(house: House, application: UUID) -> None:
    loan = loan_of(house, application)

    def dues() -> list[str]:
        with house.begin() as db:
            return [s.instalment.due.isoformat() for s in servicing.view(db=db, clock=house.clock, loan_id=loan.id).states if not s.settled]

    def flags() -> delinquency.Flag:
        with house.begin() as db:
            return delinquency.flags(db=db, loans=[loan.id], on=house.clock.today()).get(loan.id, delinquency.Flag(0))

    first = loan_of(house, application).terms.start + timedelta(days=36)
    operate(house, application, "move", due=dues()[0], day=first.isoformat())
    assert not flags()
    operate(house, application, "extend", due=dues()[0], count="2")
    assert flags() == delinquency.Flag.RESTRUCTURED


def test_ending_arrears_takes_two_even_where_the_borrower_asked(house: House, application: UUID) -> None:
    requests.ask_relief(house, loan_of(house, application), reason="illness", wish="spread")
    with pytest.raises(OperationIncomplete):
        requests.grant(house, waiting(house)[0].id, by=ANN, why=WHY, what="re_age", given={"day": "2027-06-01", "count": "12"})


def test_a_payers_key_is_never_taken_for_the_platforms_own(house: House, application: UUID) -> None:
    """The key of the payout, chosen by a payer: an ordinary payment, and the same key again is the same payment."""
    loan = loan_of(house, application)
    taken = servicing_events(house, application)[0]
    first = lending.repay(house, loan.id, amount=loan.principal - CNY(loan.principal.minor - 10_000), key=taken)
    assert lending.repay(house, loan.id, amount=CNY(10_000), key=taken) == first
    purse.move(house, application, way="top_up", amount=CNY(50_000), key="in")
    for _ in range(2):
        purse.repay(house, application, amount=CNY(20_000), key="fee")
    assert servicing_events(house, application)[-2:] == [f"pay/{taken}", "pay/fee"]
    assert purse.of(house, application).total == CNY(30_000)
