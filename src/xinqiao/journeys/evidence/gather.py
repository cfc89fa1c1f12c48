"""Collect what the rooms know of one application into the pack's members. What there is not is said with its reason, never left blank or made up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import fraud, funding, partners, servicing
from xinqiao.credit import service as decisions
from xinqiao.funding import WORDS
from xinqiao.kit import NotFound, events, plain
from xinqiao.servicing import Loan, Offer

from ..case import Case
from ..house import House, event_row
from . import books
from .pack import json_bytes


@dataclass
class Sections:
    """Members of the pack so far, and why others are missing: name -> (English, Chinese)."""

    files: dict[str, bytes] = field(default_factory=dict)
    absent: dict[str, tuple[str, str]] = field(default_factory=dict)

    def put(self, name: str, value: Any) -> None:
        self.files[name] = json_bytes(value)

    def lack(self, names: str, english: str, chinese: str) -> None:
        for name in names.split():
            self.absent[name] = (english, chinese)


def of_rooms(house: House, db: Connection, case: Case, into: Sections) -> list[dict[str, Any]]:
    """Everything but consents, personal data and the log; returns the events as they stand in the pack."""
    application(db, case, into)
    identity(case, into)
    screening(db, case, into)
    bids(db, case, into)
    offer = offered(db, case, into)
    loan = lent(house, db, offer, into)
    told = [event_row(one) for one in _events(db, case, loan)]
    into.put("events.json", {"events": told})
    return plain(told)


def application(db: Connection, case: Case, into: Sections) -> None:
    """The application without the keyed hashes by which equal values are recognised: they would link one person's packs."""
    facts = {name: value for name, value in plain(case.application).items() if not name.endswith("_index")}
    into.put("application.json", {**facts, "scene": party(db, case.application.scene_id)})


def party(db: Connection, partner: UUID) -> dict[str, str]:
    """A partner's names; its id alone where it is no longer known."""
    try:
        found = partners.get(db=db, partner=partner)
    except NotFound:
        return {"id": str(partner)}
    return {"id": str(partner), "code": found.code, "name": found.name, "name_zh": found.name_zh}


def identity(case: Case, into: Sections) -> None:
    """Each face check as its event tells it: scores, signals, model versions; no picture, no template."""
    checks = [{"event": one.id, "at": one.at, **one.data} for one in case.events if one.kind == "identity.checked"]
    refusals = [{"event": one.id, "at": one.at} for one in case.events if one.kind == "face.refused"]
    if checks or refusals:
        into.put("identity.json", {"checks": checks, "refused": refusals})
    else:
        into.lack("identity.json", "no face check took place", "未进行人脸核验")


def screening(db: Connection, case: Case, into: Sections) -> None:
    """The record that fraud screening replays from, byte for byte."""
    try:
        into.files["fraud.json"] = fraud.find(db=db, application_id=case.id).record
    except fraud.NotScreened:
        into.lack("fraud.json", "the application was not screened for fraud", "该申请未经反欺诈筛查")


def decided(db: Connection, case: Case, records: Mapping[UUID, Mapping[str, Any]], into: Sections) -> None:
    """Every decision but for the person's inputs and what would give them away; `records` are the opened ones, by decision."""
    made = decisions.of_application(db=db, application_id=case.id)
    if not made:
        into.lack("decision.json", "no machine decided on the application", "该申请未经自动化决策")
        return
    into.put("decision.json", {"decisions": [public_part(_stored(one), records.get(one.id)) for one in made]})


def _stored(one: Any) -> dict[str, Any]:
    names = ("id", "at", "outcome", "band", "score", "pd", "limit", "amount", "annual_rate", "reasons")
    return {name: getattr(one, name) for name in (*names, "model_sha256", "policy_sha256", "record_sha256")}


def public_part(stored: dict[str, Any], record: Mapping[str, Any] | None) -> dict[str, Any]:
    """With each reason in words where its record could be opened. Points per feature stay out: they tell the person's attributes."""
    if record is None:
        return {**stored, "reasons": [{"code": code} for code in stored["reasons"]]}
    told = ("code", "zh", "en", "help_zh", "help_en")
    reasons = [{name: one[name] for name in told} for one in record["reasons"]]
    return {**stored, "reasons": reasons, "versions": record["versions"]}


def bids(db: Connection, case: Case, into: Sections) -> None:
    """The latest auction: what each funder bid with each guarantor, why others did not, and what became of the bids."""
    auction = funding.bids_of(db=db, application_id=case.id)
    if auction is None:
        into.lack("bids.json", "the application was not put to the funders", "该申请未提交资金方竞价")
        return
    named = {one for bid in auction.bids for one in bid.pair if one is not None}
    into.put(
        "bids.json",
        {
            "auction": auction.id,
            "at": auction.at,
            "ask": auction.ask,
            "bids": [{**plain(bid), "refusals": [_word(code) for code in bid.refusals]} for bid in auction.bids],
            "tried": [{"funder": funder, "guarantor": guarantor, **_word(why)} for (funder, guarantor), why in auction.tried.items()],
            "parties": [party(db, one) for one in sorted(named)],
            "reserved": case.progress.reserved,
        },
    )


def _word(code: str) -> dict[str, str]:
    zh, en = WORDS.get(code, (code, code))
    return {"code": code, "zh": zh, "en": en}


def offered(db: Connection, case: Case, into: Sections) -> Offer | None:
    """The offer that stands, or else the last one made; its contract in both languages; the signature on it."""
    made = servicing.offers_of(db=db, application_id=case.id)
    offer = next((one for one in made if str(one.id) == case.progress.offer), made[-1] if made else None)
    if offer is None:
        names = "offer.json contract.zh-CN.txt contract.en.txt signature.json schedule.json"
        into.lack(names, "no offer was made", "尚未作出报价")
        return None
    into.put("offer.json", books.offer(offer))
    for language, contract in offer.contracts.items():
        into.files[f"contract.{language}.txt"] = contract.text.encode()
    signature = servicing.signature_of(db=db, offer_id=offer.id)
    if signature is None:
        into.lack("signature.json", "the offer was not signed", "报价未签署")
    else:
        into.put("signature.json", signature)
    return offer


def lent(house: House, db: Connection, offer: Offer | None, into: Sections) -> Loan | None:
    loan = servicing.loan_of_offer(db=db, offer_id=offer.id) if offer else None
    if offer is not None and loan is None:
        into.put("schedule.json", {"of": "offer", "instalments": books.instalments(offer.schedule.instalments)})
    if loan is None:
        into.lack("loan.json ledger.json", "no money was lent", "尚未放款")
        return None
    seen = servicing.view(db=db, clock=house.clock, loan_id=loan.id)
    into.put("loan.json", books.loan(seen, servicing.repayments(db=db, loan_id=loan.id), servicing.history(db=db, loan_id=loan.id)))
    into.put("schedule.json", {"of": "loan", "instalments": books.states(seen)})
    into.put("ledger.json", books.ledger_of(db, loan))
    return loan


def _events(db: Connection, case: Case, loan: Loan | None) -> Iterator[events.Event]:
    """Of the application and of its loan, in the order of their ids."""
    found = [*case.events, *(events.of(db, loan.id) if loan else ())]
    yield from sorted(found, key=lambda one: str(one.id))
