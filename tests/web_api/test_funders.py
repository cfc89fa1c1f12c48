"""What a funder and a guarantor may see and do: their own questions, offers, loans, and borrowers who agreed to it by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from standardwebhooks import Webhook

from xinqiao import funding, partners, servicing
from xinqiao.app import create_app
from xinqiao.credit import BureauSimulator
from xinqiao.demo.book import bureau_records
from xinqiao.demo.robot import Applicant
from xinqiao.journeys import ApplicantJourneys, House, applying, reviewing, rights
from xinqiao.kit import FixedClock, events, new_id
from xinqiao.partners import SCOPES, Kind
from xinqiao.vault import Field, blind

from .conftest import FOLK, RISK, Caller, Lent, Register, is_problem

Rows = Callable[[], dict[str, int]]
TERMS: dict[str, Any] = {
    "budget": {"amount": "9000000.00", "currency": "CNY"},
    "ticket": {"min": {"amount": "500.00", "currency": "CNY"}, "max": {"amount": "200000.00", "currency": "CNY"}},
    "months": [3, 6, 9, 12, 18, 24, 36],
    "kinds": ["personal", "micro_business"],
    "rate": {"base": "0.06", "add_on": {"A": "0.01", "B": "0.03", "C": "0.05", "D": "0.07"}},
    "max_pd": "0.9",
    "guarantee": "optional",
    "answer": {"mode": "webhook", "deadline_seconds": 20},
}


@dataclass
class Market:
    """A tenant with one scene and one funder that answers for itself, and a second funder that was not asked."""

    house: House
    clock: FixedClock
    scene: partners.Partner
    funder: Caller
    other: Caller
    numbers: Any
    secret: str | None = None

    def asked(self) -> dict[str, Any]:
        """Somebody's application comes as far as the question; the question as its funder reads it."""
        person = next(self.numbers)
        application = applying.receive(
            self.house, scene=self.scene, body=person["application"], portrait=None, key=str(new_id())
        ).application.id
        robot = Applicant(ApplicantJourneys(self.house), person["name"], None)
        while (standing := robot.journeys.standing(application)).next in ("consent", "face"):
            robot._step(application, standing)
        reviewing.approve(self.house, application, by=RISK, why="document checked by hand", band="B")
        found = [one for one in self.funder.get("/v1/funder/questions").json() if one["application"] == str(application)]
        assert len(found) == 1, robot.journeys.standing(application)
        return found[0]

    def pending(self) -> dict[str, Any]:
        """A question that may still be answered."""
        found = self.funder.get("/v1/funder/questions").json()
        return next((one for one in found if datetime.fromisoformat(one["deadline"]) > self.clock.now()), None) or self.asked()

    def rows(self, subject: str) -> int:
        with self.house.begin() as db:
            return len(list(events.of(db, UUID(subject))))

    def inbound(self) -> str:
        self.secret = self.secret or self.funder.post("/v1/webhooks/inbound-secret").json()["secret"]
        assert self.secret
        return self.secret

    def send(self, secret: str, told: Any, *, id: str = "", late: timedelta = timedelta(0)) -> Any:
        """The answer as a signed message."""
        raw = told if isinstance(told, str) else json.dumps(told)
        at, id = self.clock.now() - late, id or f"msg_{new_id().hex}"
        signature = Webhook(secret).sign(id, at, raw)
        headers = {"webhook-id": id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
        return self.funder.ask("POST", "/v1/funder/answers", content=raw.encode(), headers=headers)


@pytest.fixture(scope="module")
def market(new_house: Callable[[], House]) -> Any:
    house = new_house()
    assert isinstance(house.clock, FixedClock)
    with house.begin() as db, TestClient(create_app(house=house, work=False), raise_server_exceptions=False) as client:
        BureauSimulator(db).load(bureau_records(FOLK, lambda number: blind(vault=house.vault, field=Field.ID_NUMBER, value=number)))
        scene = partners.register(db=db, clock=house.clock, kind=Kind.SCENE, code="shop", name="Shop", name_zh="商店")
        pair = []
        for code in ("asked-bank", "other-bank"):
            bank = partners.register(db=db, clock=house.clock, kind=Kind.FUNDER, code=code, name=code, name_zh="银行")
            key = partners.issue_key(db=db, clock=house.clock, partner=bank.id, scopes=SCOPES[Kind.FUNDER])
            assert key.secret
            pair.append(Caller(bank, key.secret, client))
        funding.publish_funder(db=db, clock=house.clock, funder_id=pair[0].partner.id, data=TERMS)
    return Market(house, house.clock, scene, *pair, iter(FOLK))


def path(question: dict[str, Any]) -> str:
    return f"/v1/funder/questions/{question['id']}/answer"


def test_a_question_is_its_funders_alone(market: Market) -> None:
    question = market.asked()
    before = market.rows(question["application"])
    assert market.other.get("/v1/funder/questions").json() == []
    is_problem(market.other.post(path(question), json={"accept": True}), 404, "funding.no_such_question")
    is_problem(market.funder.post(f"/v1/funder/questions/{new_id()}/answer", json={"accept": True}), 404, "funding.no_such_question")
    assert market.other.get("/v1/funder/offers").json() == []
    assert market.rows(question["application"]) == before


def test_an_answer_is_given_once_and_may_be_repeated(market: Market) -> None:
    question = market.asked()
    first = market.funder.post(path(question), json={"accept": True, "annual_rate": "0.07"})
    assert first.json()["reply"] == "yes"
    before = market.rows(question["application"])
    assert market.funder.post(path(question), json={"accept": True, "annual_rate": "0.07"}).json() == first.json()
    is_problem(market.funder.post(path(question), json={"accept": False}), 409, "funding.answered_already")
    assert market.rows(question["application"]) == before
    held = [one for one in market.funder.get("/v1/funder/offers").json() if one["application"] == question["application"]]
    assert [one["annual_rate"][:4] for one in held] == ["0.07"]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"accept": True, "annual_rate": "0.35"}, "funding.rate_above_bid"),
        ({"accept": True, "annual_rate": "-0.01"}, "request.shape"),
        ({"accept": True, "annual_rate": "0.0٣"}, "request.shape"),
        ({"accept": True, "annual_rate": 0.05}, "request.shape"),
        ({"accept": True, "annual_rate": "NaN"}, "request.shape"),
        ({"accept": "yes"}, "request.shape"),
        ({"accept": 1}, "request.shape"),
        ({"accept": None}, "request.shape"),
        ({}, "request.shape"),
        ({"accept": True, "rate": "0.05"}, "request.shape"),
    ],
)
def test_an_answer_that_is_none_changes_nothing(market: Market, told: dict[str, Any], code: str) -> None:
    question = market.pending()
    before = market.rows(question["application"])
    is_problem(market.funder.post(path(question), json=told), 422, code)
    assert market.rows(question["application"]) == before


def test_an_answer_after_the_deadline_is_too_late(market: Market) -> None:
    question = market.asked()
    market.clock.advance(timedelta(seconds=21))
    before = market.rows(question["application"])
    is_problem(market.funder.post(path(question), json={"accept": True}), 409, "funding.answered_too_late")
    is_problem(market.send(market.inbound(), {"data": {"question": question["id"], "accept": True}}), 409, "funding.answered_too_late")
    assert market.rows(question["application"]) == before


def test_a_signed_answer_is_taken_once(market: Market) -> None:
    question, secret = market.asked(), market.inbound()
    told = {"data": {"question": question["id"], "accept": True}}
    assert market.send(secret, told, id="msg_once").json()["reply"] == "yes"
    before = market.rows(question["application"])
    is_problem(market.send(secret, told, id="msg_once"), 409, "partners.webhook_replayed")
    assert market.rows(question["application"]) == before


def test_forged_old_and_unsigned_answers_are_refused(market: Market) -> None:
    question, secret = market.asked(), market.inbound()
    told = {"data": {"question": question["id"], "accept": True}}
    before = market.rows(question["application"])
    is_problem(market.send("whsec_" + "A" * 44, told), 401, "partners.webhook_signature_bad")
    is_problem(market.send(secret, told, late=timedelta(minutes=6)), 401, "partners.webhook_too_old")
    is_problem(market.send(secret, told, late=-timedelta(minutes=6)), 401, "partners.webhook_too_new")
    is_problem(market.funder.ask("POST", "/v1/funder/answers", json=told), 401, "partners.webhook_headers_missing")
    is_problem(market.other.ask("POST", "/v1/funder/answers", json=told), 401, "partners.webhook_secret_missing")
    assert market.rows(question["application"]) == before


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("{", "partners.webhook_not_json"),
        ("[]", "partners.webhook_not_json"),
        ("[" * 50_000, "partners.webhook_not_json"),
        ({}, "journey.answer_unreadable"),
        ({"data": []}, "journey.answer_unreadable"),
        ({"data": {"accept": True}}, "journey.answer_unreadable"),
        ({"data": {"accept": "yes", "question": "QUESTION"}}, "journey.answer_unreadable"),
        ({"data": {"accept": True, "question": "\u0000"}}, "journey.answer_unreadable"),
        ({"data": {"accept": True, "question": "QUESTION", "annual_rate": "much"}}, "journey.answer_unreadable"),
        ({"data": {"accept": True, "question": "QUESTION", "annual_rate": "NaN"}}, "journey.answer_unreadable"),
        ({"data": {"accept": True, "question": "QUESTION", "annual_rate": "sNaN"}}, "journey.answer_unreadable"),
        ({"data": {"accept": True, "question": "QUESTION", "annual_rate": "Infinity"}}, "journey.answer_unreadable"),
    ],
)
def test_a_signed_message_that_is_no_answer_changes_nothing(market: Market, told: Any, code: str) -> None:
    question = market.pending()
    raw = (told if isinstance(told, str) else json.dumps(told)).replace("QUESTION", question["id"])
    before = market.rows(question["application"])
    is_problem(market.send(market.inbound(), raw), 422, code)
    assert market.rows(question["application"]) == before


def test_a_loan_is_its_funders_alone(lent: Lent, funder: Caller) -> None:
    mine = lent.funder.get("/v1/funder/loans").json()["items"]
    assert str(lent.loan.id) in {one["id"] for one in mine}
    assert lent.funder.get(f"/v1/funder/loans/{lent.loan.id}").json()["application"] == str(lent.loan.application_id)
    assert funder.get("/v1/funder/loans").json() == {"items": [], "next": None}
    for tail in ("", "/borrower"):
        is_problem(funder.get(f"/v1/funder/loans/{lent.loan.id}{tail}"), 404, "journey.loan_not_yours")
        is_problem(funder.get(f"/v1/funder/loans/{new_id()}{tail}"), 404, "journey.loan_not_yours")


def test_capacity_shows_what_is_taken(lent: Lent) -> None:
    lines = lent.funder.get("/v1/funder/capacity").json()
    budget = next(one for one in lines if one["dimension"] == "budget")
    assert float(budget["capacity"]["amount"]) > float(budget["used"]["amount"]) > 0


def test_borrower_data_rest_on_consent_to_this_funder_and_end_with_it(house: House, lend: Callable[..., Lent], funder: Caller) -> None:
    """The consent's text says that a loan's own contract may still be serviced; the data themselves are shared no longer."""
    one = lend()
    application, path = one.loan.application_id, f"/v1/funder/loans/{one.loan.id}/borrower"
    given = one.funder.get(path)
    assert given.json()["fields"]["name"] == one.person["name"]
    seen = rights.accesses(house, application)[0]
    assert (seen.who.en, seen.allowed) == ("The funder", True)
    assert {said.en for said in seen.fields}
    is_problem(funder.get(path), 404, "journey.loan_not_yours")
    sharing = next(receipt for receipt in rights.receipts(house, application) if receipt.recipient is not None)
    rights.withdraw_consent(house, application, sharing.receipt_id)
    is_problem(one.funder.get(path), 403, "vault.access_denied")
    refused = rights.accesses(house, application)[0]
    assert (refused.who.en, refused.allowed) == ("The funder", False)


def test_a_scope_for_offers_does_not_open_loans(lent: Lent, caller: Register) -> None:
    narrow = caller(Kind.FUNDER, partner=lent.funder.partner, scopes=["offers:read"])
    assert narrow.get("/v1/funder/offers").status_code == 200
    for tail in ("", "/borrower"):
        is_problem(narrow.get(f"/v1/funder/loans/{lent.loan.id}{tail}"), 403, "partners.scope_missing")


def test_a_guarantor_sees_the_loans_it_stands_for_page_by_page(
    house: House, backed: Lent, lend: Callable[..., Lent], caller: Register
) -> None:
    guarantor = backed.guarantor
    assert guarantor is not None
    more = (one for one in (lend(band="C") for _ in range(8)) if one.loan.guarantor_id == guarantor.partner.id)
    ours = [str(one.loan.id) for one in (backed, next(more))]
    found, before = [], None
    while len(found) < 50:
        page = guarantor.get("/v1/guarantor/loans", params={"limit": 1} | ({"before": before} if before else {})).json()
        found += [one["id"] for one in page["items"]]
        if (before := page["next"]) is None:
            break
    assert set(ours) <= set(found)
    assert len(set(found)) == len(found)
    with house.begin() as db:
        assert {servicing.loan(db=db, loan_id=UUID(one)).guarantor_id for one in found} == {guarantor.partner.id}
    assert caller(Kind.GUARANTOR).get("/v1/guarantor/loans").json() == {"items": [], "next": None}
    assert any(float(one["used"]["amount"]) > 0 for one in guarantor.get("/v1/guarantor/capacity").json())
