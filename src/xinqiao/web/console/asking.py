"""Requests, operations and disputes in the words of who decides on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import servicing, staff
from xinqiao.journeys import board
from xinqiao.journeys.requests import OPERATIONS, RELIEFS, Input, Operation, Request
from xinqiao.kit import Money
from xinqiao.partners import Kind
from xinqiao.servicing import reporting
from xinqiao.servicing.lifecycle import Books, EntryKind
from xinqiao.servicing.lifecycle import events as e

from ..i18n import Words
from .desk import Desk
from .overview import named
from .words import N_, WHO

OPERATION_WORDS = {
    "receive": (
        N_("Book money that arrived"),
        N_("A payment that came in by another way, on the day on which it did; later payments are spread anew."),
    ),
    "charge": (N_("Add a fee"), N_("A fixed sum that the contract allows, due on a day.")),
    "skip": (N_("Payment holiday"), N_("One instalment and those after it fall due one period later.")),
    "extend": (N_("More instalments"), N_("From one due date on, over more and smaller payments.")),
    "move": (N_("Another due date"), N_("One instalment moves to another day, and those after it with it.")),
    "re_amortise": (N_("Spread arrears"), N_("Principal that is past due goes over the instalments to come.")),
    "re_age": (N_("New instalments"), N_("All principal owed, over new instalments from a first day on; the arrears end.")),
    "waive": (N_("Waive a fee"), N_("All of it, or an amount.")),
    "waive_interest": (N_("Waive interest"), N_("An amount of interest that is owed.")),
    "charge_back": (N_("A payment bounced"), N_("What it had settled is owed again.")),
    "refund_credit": (N_("Give back an overpayment"), N_("Money paid in excess goes back to the borrower.")),
    "compensate": (
        N_("The guarantor pays"),
        N_("In the borrower's stead, up to what is due; the claim passes to the guarantor to that extent."),
    ),
    "reverse": (N_("Take an event back"), N_("As if it had not been; postings are countered, never erased.")),
    "write_off": (N_("Write off"), N_("Give up what is owed. Money that comes later is a recovery.")),
    "recover": (N_("Money after a write-off"), N_("What came in of a loan that was written off.")),
    "transfer": (N_("Pass the claim to another funder"), N_("At par; nothing changes for the borrower.")),
}
INPUTS = {
    Input.AMOUNT: N_("Amount"),
    Input.DAY: N_("Day"),
    Input.DUE: N_("Due date"),
    Input.COUNT: N_("How many"),
    Input.CODE: N_("Fee's code"),
    Input.CHARGE: N_("Fee"),
    Input.EVENT: N_("Event"),
    Input.PAYMENT: N_("Payment"),
    Input.FUNDER: N_("Funder"),
}
REASONS = {
    "income": N_("earns less or lost the job"),
    "illness": N_("illness"),
    "business": N_("business goes badly"),
    "disaster": N_("disaster or accident"),
    "family": N_("family"),
    "other": N_("other"),
}
WISHES = {
    "pause": N_("skip a payment"),
    "longer": N_("more and smaller payments"),
    "later": N_("another day of the month"),
    "spread": N_("spread what is late"),
}
PLAN_OF = {"pause": "skip", "longer": "extend", "later": "move", "spread": "re_amortise"}
GROUNDS = {
    "not_mine": N_("not the person's loan"),
    "already_paid": N_("already paid"),
    "wrong_amount": N_("wrong amount"),
    "wrong_date": N_("wrong date"),
    "no_consent": N_("no consent"),
    "no_notice": N_("no notice before"),
    "other": N_("other"),
}
MONEY_IN = (EntryKind.REPAYMENT, EntryKind.WALLET, EntryKind.DOWN_PAYMENT, EntryKind.EARLY_SETTLEMENT)


class Teller:
    def __init__(self, desk: Desk, db: Connection, words: Words) -> None:
        self.desk, self.db, self.words = desk, db, words
        self.logins = {str(one.id): one.login for one in staff.list_users(db=db)}
        self.today = desk.house.clock.today(desk.house.settings.timezone)

    def who(self, by: str | None) -> str:
        """The login of a member of staff; the borrower and the platform by what they are."""
        known = {"person": WHO["person"], "system": WHO["xinqiao"]}.get(by or "")
        if known:
            return self.words.gettext(known)
        return self.logins.get((by or "").partition(":")[2] or by or "", (by or "—")[-8:])

    def request(self, one: Request) -> dict[str, Any]:
        gettext = self.words.gettext
        relief = one.kind == "relief"
        seen = servicing.view(db=self.db, clock=self.desk.house.clock, loan_id=one.loan_id)
        return {
            "id": one.id,
            "loan": one.loan_id,
            "relief": relief,
            "what": gettext(WISHES[one.what] if relief else OPERATION_WORDS[one.what][0]),
            "why": gettext(REASONS.get(one.why, one.why)) if relief else one.why,
            "data": self.data(one.data),
            "by": self.who(one.asked_by),
            "by_id": one.asked_by,
            "at": one.asked_at,
            "state": one.state,
            "answer": one.answer,
            "decided_by": self.who(one.decided_by) if one.decided_by else "",
            "days": seen.days_past_due,
            "outstanding": self.words.money(seen.loan.outstanding),
            "overdue": self.words.money(seen.owed.overdue),
            "plan": PLAN_OF.get(one.what, ""),
            "plans": [self.operation(OPERATIONS[name], seen.loan.id) for name in OPERATIONS if name in RELIEFS] if relief else [],
            "outcome": self.data({name: value for name, value in one.outcome.items() if name != "operation"}),
        }

    def data(self, data: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [(self.words.gettext(INPUTS[Input(name)]), str(value)) for name, value in data.items() if name in set(Input)]

    def dispute(self, one: reporting.Dispute) -> dict[str, Any]:
        left = (one.answer_by - self.today).days
        return {
            "id": one.id,
            "loan": one.loan_id,
            "record": one.record_id,
            "ground": self.words.gettext(GROUNDS.get(one.ground, one.ground)),
            "opened": one.opened_on,
            "answer_by": one.answer_by,
            "left": left,
            "tone": "bad" if left < 0 else "warn" if left <= 5 else "live",
            "by": self.words.gettext(N_("the person")) if one.raised_by == "person" else self.words.gettext(N_("staff")),
        }

    def operation(self, one: Operation, loan_id: UUID) -> dict[str, Any]:
        word, says = OPERATION_WORDS[one.name]
        return {
            "name": one.name,
            "word": self.words.gettext(word),
            "says": self.words.gettext(says),
            "two": one.two,
            "inputs": self.inputs(one),
        }

    def inputs(self, one: Operation) -> list[dict[str, Any]]:
        return [{"name": i.value, "word": self.words.gettext(INPUTS[i]), "required": i not in one.optional} for i in one.inputs]

    def choices(self, books: Books, life: Mapping[str, e.Event], funder: UUID) -> dict[str, list[tuple[str, str]]]:
        """What an operation may be told, where the loan itself gives the answers."""
        dues = [line for line in books.instalments if line.outstanding.total and line.due >= books.on]
        charges = [one for one in books.charges if one.outstanding > 0 and one.active]
        paid = [entry for entry in books.entries if entry.kind in MONEY_IN and not entry.reversed]
        undone = {event.of for event in life.values() if isinstance(event, e.Reversed)}
        events = [
            event for event in life.values() if not isinstance(event, (e.Reversed, e.Disbursed, e.Approved)) and event.id not in undone
        ]
        funders = [one for one in board.parties(self.db).values() if one.kind is Kind.FUNDER and one.id != funder]
        return {
            "due": [(line.due.isoformat(), f"{line.number}: {line.due.isoformat()}") for line in dues],
            "charge": [(one.id, f"{one.code} {one.id[-8:]}") for one in charges],
            "payment": [(entry.event, f"{entry.on.isoformat()} {self.minor(entry.amount, books)}") for entry in paid],
            "event": [(event.id, f"{event.order}: {type(event).__name__} {event.on.isoformat()}") for event in reversed(events)],
            "funder": [(str(one.id), named(self.words, one)) for one in funders],
        }

    def minor(self, minor: int, books: Books) -> str:
        return self.words.money(Money(minor, books.agreement.principal.currency))


def offered(books: Books, choices: Mapping[str, list[tuple[str, str]]], *, guaranteed: bool) -> list[Operation]:
    """The operations that make sense now: those whose choices are not empty, and that the loan's state allows."""
    ended = books.status.value in ("closed", "written_off")
    allowed = {"reverse", "charge_back", "recover"} if ended else set(OPERATIONS) - {"recover"}
    if not books.overpaid:
        allowed.discard("refund_credit")
    else:
        allowed.add("refund_credit")
    if books.status.value == "closed":
        allowed.discard("recover")
    if not books.delinquency.days:
        allowed -= {"re_amortise", "compensate"}
    if not guaranteed:
        allowed.discard("compensate")
    return [
        one
        for one in OPERATIONS.values()
        if one.name in allowed and all(choices.get(i.value, [("", "")]) for i in one.inputs if i.value in choices)
    ]
