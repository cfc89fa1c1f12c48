"""Asking, deciding and carrying out. The words of who decides stay with the request and with every event that it leads to.

What gives up, sends away or takes back money, says that it came, or ends arrears needs two people: one proposes it, another confirms it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection

from xinqiao import partners, servicing
from xinqiao.kit import Money, new_id
from xinqiao.kit.locks import hold
from xinqiao.servicing import Author, Loan, delinquency, loans
from xinqiao.servicing.errors import KeyReused
from xinqiao.servicing.loans import Recorded
from xinqiao.servicing.product.model import Every, Unit
from xinqiao.vault import Actor

from .. import lending
from ..errors import (
    FunderUnavailable,
    NoteMissing,
    OperationIncomplete,
    RequestDecided,
    RequestStands,
    RequestUnknown,
    SecondPersonNeeded,
)
from ..house import House, note
from . import store
from .model import NEEDS_TWO, OPERATIONS, RELIEFS, Input, Reason, Request, Wish

SHORTEST_NOTE = 10
EASES = frozenset({"skip", "re_amortise"})
"""New terms because the borrower cannot pay, of which the events themselves do not tell: the loan is watched from then on
(five-category rules, unverified)."""


def ask_relief(house: House, loan: Loan, *, reason: str, wish: str) -> Request:
    """A borrower asks for relief; one request at a time. Raises OperationIncomplete, RequestStands."""
    if reason not in set(Reason) or wish not in set(Wish):
        raise OperationIncomplete("reason", field="reason" if reason not in set(Reason) else "wish")
    with house.begin() as db:
        if any(one.kind == "relief" and one.state == "open" for one in store.of_loan(db, loan.id)):
            raise RequestStands
        return _add(house, db, loan, "relief", wish, {}, "person", reason)


def withdraw(house: House, loan: Loan, request: UUID) -> None:
    """The borrower takes their request back. Raises RequestUnknown, RequestDecided."""
    with house.begin() as db:
        one = _open(db, request)
        if one.loan_id != loan.id or one.asked_by != "person":
            raise RequestUnknown(request)
        _decide(house, db, one, "withdrawn", "person", "", {})


def waiting(db: Connection, *, limit: int = 100) -> list[Request]:
    """What waits for a person, the longest waiting first."""
    return store.waiting(db, limit=limit)


def of_loan(db: Connection, loan: UUID) -> list[Request]:
    """All requests about a loan, newest first."""
    return store.of_loan(db, loan)


def find(db: Connection, request: UUID) -> Request:
    """Raises RequestUnknown."""
    found = store.get(db, request)
    if found is None:
        raise RequestUnknown(request)
    return found


def operate(house: House, loan_id: UUID, *, what: str, given: Mapping[str, str], by: Actor, why: str, key: str) -> bool:
    """Carry an operation out, or propose it where a second person has to confirm it; whether it was carried out.

    A repeat of `key` is carried out, or proposed, once. Raises NoteMissing, OperationIncomplete, FunderUnavailable, KeyReused and what the
    loan refuses.
    """
    _require_note(why)
    with house.begin() as db:
        loan = servicing.loan(db=db, loan_id=loan_id)
        data = _read(loan, what, given)
        if what in NEEDS_TWO:
            _propose(house, db, loan, what, data, by, why.strip(), key)
            return False
        _carry_out(house, db, loan, what, data, Author(by.id, why.strip()), key)
    return True


def grant(house: House, request: UUID, *, by: Actor, why: str, what: str = "", given: Mapping[str, str] | None = None) -> Request:
    """Say yes: confirm what a colleague proposed, or give a borrower the relief that `what` and `given` name.

    Raises NoteMissing, RequestUnknown, RequestDecided, SecondPersonNeeded, OperationIncomplete, FunderUnavailable and what the loan
    refuses.
    """
    _require_note(why)
    with house.begin() as db:
        one = _open(db, request)
        loan = servicing.loan(db=db, loan_id=one.loan_id)
        if one.kind == "operation":
            if one.asked_by == by.id:
                raise SecondPersonNeeded
            what, data = one.what, dict(one.data)
        else:
            if what not in RELIEFS:
                raise OperationIncomplete("plan", field="plan")
            data = _read(loan, what, given or {})
        _carry_out(house, db, loan, what, data, Author(by.id, why.strip()), f"request/{one.id}")
        return _decide(house, db, one, "done", by.id, why.strip(), {"operation": what, **data})


def decline(house: House, request: UUID, *, by: Actor, why: str) -> Request:
    """Say no. Who proposed an operation may take it back this way. Raises NoteMissing, RequestUnknown, RequestDecided."""
    _require_note(why)
    with house.begin() as db:
        return _decide(house, db, _open(db, request), "declined", by.id, why.strip(), {})


def _propose(house: House, db: Connection, loan: Loan, what: str, data: Mapping[str, Any], by: Actor, why: str, key: str) -> Request:
    """One proposal a key: who sends the form twice does not propose twice, nor anew what was answered meanwhile."""
    _require_possible(db, what, data)
    made = uuid5(loan.id, key)
    hold(db, f"loan-request:{made}")
    known = store.get(db, made)
    if known is None:
        return _add(house, db, loan, "operation", what, data, by.id, why, made)
    if (known.what, dict(known.data), known.asked_by) != (what, dict(data), by.id):
        raise KeyReused(key, "operation", field="key")
    return known


def _require_possible(db: Connection, what: str, data: Mapping[str, Any]) -> None:
    """A claim passes to a funder that is here and active. Raises FunderUnavailable."""
    if what != "transfer":
        return
    found = next((one for one in partners.list_partners(db=db, kind=partners.Kind.FUNDER) if str(one.id) == data["funder"]), None)
    if found is None or not found.is_active:
        raise FunderUnavailable(data["funder"], field="funder")


def _add(
    house: House, db: Connection, loan: Loan, kind: str, what: str, data: Mapping[str, Any], by: str, why: str, id: UUID | None = None
) -> Request:
    made = Request(id or new_id(), loan.person_id, loan.id, kind, what, data, by, house.clock.now(), why)
    store.add(db, made)
    note(db, house.clock, "loan.asked", loan.id, loan.person_id, request=made.id, of=kind, what=what, data=data, by=by, why=why)
    return made


def _decide(house: House, db: Connection, one: Request, state: str, by: str, answer: str, outcome: Mapping[str, Any]) -> Request:
    store.decide(db, one, state=state, by=by, at=house.clock.now(), answer=answer, outcome=outcome)
    told = {"request": one.id, "of": one.kind, "what": one.what, "state": state, "by": by, "why": answer}
    note(db, house.clock, "loan.answered", one.loan_id, one.person_id, **told)
    return find(db, one.id)


def _open(db: Connection, request: UUID) -> Request:
    one = store.get(db, request, lock=True)
    if one is None:
        raise RequestUnknown(request)
    if one.state != "open":
        raise RequestDecided(one.state)
    return one


def _require_note(why: str) -> None:
    if len(why.strip()) < SHORTEST_NOTE:
        raise NoteMissing(field="why")


def _read(loan: Loan, what: str, given: Mapping[str, str]) -> dict[str, str]:
    """What was filled in, as strings that mean what they should. Raises OperationIncomplete, NotAnAmount."""
    if what not in OPERATIONS:
        raise OperationIncomplete("operation", field="operation")
    found = {}
    for one in OPERATIONS[what].inputs:
        value = given.get(one, "").strip()
        if not value and one in OPERATIONS[what].optional:
            continue
        try:
            found[one.value] = _READ[one](value, loan) if one in _READ else _some(value)
        except (ValueError, KeyError):
            raise OperationIncomplete(one.value, field=one.value) from None
    return found


def _some(value: str) -> str:
    if not value:
        raise ValueError(value)
    return value[:120]


def _amount(value: str, loan: Loan) -> str:
    amount = Money.parse(value.replace(",", "").lstrip("¥￥"), loan.principal.currency)
    if not amount.is_positive:
        raise ValueError(value)
    return str(amount)


_READ: Mapping[Input, Callable[[str, Loan], str]] = {
    Input.AMOUNT: _amount,
    Input.DAY: lambda value, loan: date.fromisoformat(value).isoformat(),
    Input.DUE: lambda value, loan: date.fromisoformat(value).isoformat(),
    Input.COUNT: lambda value, loan: str(int(value)) if 0 < int(value) <= 120 else str(int("?")),
    Input.FUNDER: lambda value, loan: str(UUID(value)),
}


def _carry_out(house: House, db: Connection, loan: Loan, what: str, data: Mapping[str, str], author: Author, key: str) -> None:
    _require_possible(db, what, data)
    common: dict[str, Any] = {"db": db, "clock": house.clock, "loan_id": loan.id, "key": key, "author": author}
    done = _VERBS[what](common, _Told(data, loan.principal.currency))
    if what in EASES and not done.repeated and done.kind not in delinquency.OF_EVENTS:
        flag, late = delinquency.Flag.RESTRUCTURED, done.books.delinquency.days
        delinquency.mark(db=db, clock=house.clock, loan_id=loan.id, person_id=loan.person_id, flag=flag, days_past_due=late)
    lending.after(house, db, loan.id)


class _Told:
    """What an operation was told, as the types that verbs take."""

    def __init__(self, data: Mapping[str, str], currency: str) -> None:
        self.data, self.currency = data, currency

    @property
    def money(self) -> Money:
        return Money.parse(self.data["amount"], self.currency)

    def day(self, name: str) -> date:
        return date.fromisoformat(self.data[name])

    @property
    def count(self) -> int:
        return int(self.data["count"])


def _transfer(common: dict[str, Any], told: _Told) -> Recorded:
    loan = common.pop("loan_id")
    return loans.transfer(**common, loan_ids=[loan], to=UUID(told.data["funder"]))[0]


_VERBS: Mapping[str, Callable[[dict[str, Any], _Told], Recorded]] = {
    "receive": lambda c, t: loans.receive(**c, amount=t.money, on=t.day("day")),
    "charge": lambda c, t: loans.charge(**c, code=t.data["code"], amount=t.money, due=t.day("due")),
    "skip": lambda c, t: loans.skip(**c, due=t.day("due")),
    "extend": lambda c, t: loans.reschedule(**c, from_due=t.day("due"), extra_instalments=t.count),
    "move": lambda c, t: loans.reschedule(**c, from_due=t.day("due"), move_to=t.day("day")),
    "re_amortise": lambda c, t: loans.re_amortise(**c),
    "re_age": lambda c, t: loans.re_age(**c, first_due=t.day("day"), every=Every(1, Unit.MONTHS), instalments=t.count),
    "waive": lambda c, t: loans.waive(**c, charge_key=t.data["charge"], amount=t.money if "amount" in t.data else None),
    "waive_interest": lambda c, t: loans.waive_interest(**c, amount=t.money),
    "charge_back": lambda c, t: loans.charge_back(**c, of=t.data["payment"], amount=t.money),
    "refund_credit": lambda c, t: loans.refund_credit(**c, amount=t.money),
    "compensate": lambda c, t: loans.compensate(**c, amount=t.money),
    "reverse": lambda c, t: loans.reverse(**c, of=t.data["event"]),
    "write_off": lambda c, t: loans.write_off(**c),
    "recover": lambda c, t: loans.recover(**c, amount=t.money),
    "transfer": _transfer,
}
