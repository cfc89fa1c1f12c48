"""What stages, events, outcomes and rooms are called at the console. English here; the Chinese is in locales/…/console.po."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xinqiao.intake import Stage
from xinqiao.staff import Permission

from ..i18n import Words


def N_(text: str) -> str:  # noqa: N802 - the usual mark of a word that is translated where it is shown
    return text


@dataclass(frozen=True, slots=True)
class Room:
    name: str
    address: str
    word: str
    icon: str
    permission: Permission
    also: Permission | None = None
    """Another that opens the room."""


ROOMS: tuple[tuple[str, tuple[Room, ...]], ...] = (
    (
        "",
        (
            Room("applications", "/console", N_("Applications"), "list", Permission.APPLICATIONS_READ),
            Room("reviews", "/console/reviews", N_("Reviews"), "hand", Permission.APPLICATIONS_REVIEW),
            Room("checks", "/console/checks", N_("Face checks"), "face", Permission.APPLICATIONS_REVIEW, Permission.RIGHTS_ANSWER),
            Room("requests", "/console/requests", N_("Loan requests"), "pen", Permission.APPLICATIONS_REVIEW, Permission.RIGHTS_ANSWER),
        ),
    ),
    (
        N_("Money"),
        (
            Room("book", "/console/book", N_("Book"), "chart", Permission.BOOK_READ),
            Room("funders", "/console/funders", N_("Funders"), "bank", Permission.BOOK_READ),
            Room("ledger", "/console/ledger", N_("Ledger"), "coin", Permission.BOOK_READ),
        ),
    ),
    (
        N_("Data security"),
        (
            Room("accesses", "/console/accesses", N_("Access log"), "eye", Permission.AUDIT_READ),
            Room("consents", "/console/consents", N_("Consents given"), "shield", Permission.CONSENTS_READ),
        ),
    ),
    (
        N_("Administration"),
        (
            Room("partners", "/console/partners", N_("Partners"), "link", Permission.PARTNERS_MANAGE),
            Room("users", "/console/users", N_("Users"), "people", Permission.USERS_MANAGE),
        ),
    ),
)

ROLES = {"admin": N_("Administrator"), "risk": N_("Risk"), "compliance": N_("Compliance"), "viewer": N_("Viewer")}

PERMISSIONS: dict[str, str] = {
    "applications.read": N_("see applications, names masked"),
    "applications.review": N_("decide what a person must look at"),
    "personal.unmasked": N_("see personal values in clear, with a reason"),
    "book.read": N_("see the book and the ledger"),
    "policy.manage": N_("change the policy and funders' terms"),
    "partners.manage": N_("manage partners and their keys"),
    "users.manage": N_("manage console users"),
    "consents.read": N_("see consents"),
    "audit.read": N_("read the access log"),
    "rights.answer": N_("answer requests about one's data"),
}
"""What each permission lets one do, as the staff room codes them."""

STAGES: dict[Stage, tuple[str, str]] = {
    Stage.RECEIVED: (N_("Received"), ""),
    Stage.IDENTIFYING: (N_("Identity check"), "live"),
    Stage.SCREENING: (N_("Fraud screening"), "live"),
    Stage.DECIDING: (N_("Deciding"), "live"),
    Stage.FUNDING: (N_("Seeking a funder"), "live"),
    Stage.REVIEW: (N_("With a reviewer"), "warn"),
    Stage.OFFERED: (N_("Offered"), "live"),
    Stage.SIGNED: (N_("Signed"), "good"),
    Stage.DISBURSED: (N_("Paid out"), "good"),
    Stage.CLOSED: (N_("Repaid"), "good"),
    Stage.DECLINED: (N_("Declined"), "bad"),
    Stage.EXPIRED: (N_("Expired"), ""),
    Stage.WITHDRAWN: (N_("Withdrawn"), ""),
}
"""The stage's word and the tone of its badge, in the order in which they are counted."""

STEPS = {
    "consent": N_("waits for a consent"),
    "face": N_("waits for the face check"),
    "review": N_("waits for a reviewer"),
    "funder": N_("waits for the funder's answer"),
    "sign": N_("waits for the signature"),
    "done": N_("nothing more to do"),
    "screen": N_("being screened"),
    "decide": N_("being decided"),
    "decline": N_("being declined"),
    "fund": N_("seeking a funder"),
    "offer": N_("being offered"),
    "another": N_("looking for another funder"),
    "disburse": N_("being paid out"),
}

WHY = {
    "identity": N_("identity"),
    "fraud": N_("fraud"),
    "credit": N_("credit"),
    "funding": N_("no funder"),
    "review": N_("by a reviewer"),
}

OUTCOMES: dict[str, tuple[str, str]] = {
    "pass": (N_("Passed"), "good"),
    "approve": (N_("Approve"), "good"),
    "retry": (N_("Try again"), "warn"),
    "refer": (N_("Refer to a person"), "warn"),
    "fail": (N_("Failed"), "bad"),
    "decline": (N_("Decline"), "bad"),
    "not_run": (N_("Did not run"), "warn"),
}

EVENTS: dict[str, tuple[str, str, str]] = {
    "application.received": (N_("The application came in"), "scene", ""),
    "application.moved": (N_("Moved on to another stage"), "xinqiao", ""),
    "application.declined": (N_("Declined"), "xinqiao", "bad"),
    "application.expired": (N_("Expired"), "xinqiao", ""),
    "application.withdrawn": (N_("Withdrawn"), "person", ""),
    "application.closed": (N_("Closed"), "xinqiao", "good"),
    "application.reopened": (N_("The loan is open again"), "xinqiao", "warn"),
    "application.closed_again": (N_("The loan is closed again"), "xinqiao", "good"),
    "consent.shown": (N_("A consent text was shown"), "person", ""),
    "consent.answered": (N_("The consent was answered"), "person", "live"),
    "consent.agreed": (N_("Consent given"), "person", "good"),
    "consent.declined": (N_("Consent refused"), "person", "warn"),
    "consent.ended": (N_("Consent ended"), "person", "warn"),
    "face.challenge_issued": (N_("Colours were issued for a recording"), "xinqiao", ""),
    "identity.unreadable": (N_("The recording could not be read"), "xinqiao", "warn"),
    "identity.late": (N_("A recording came too late and decides nothing"), "xinqiao", "warn"),
    "face.refused": (N_("The face check was refused"), "person", "warn"),
    "identity.checked": (N_("Identity checked"), "xinqiao", "live"),
    "fraud.screened": (N_("Screened for fraud"), "xinqiao", "live"),
    "fraud.labelled": (N_("A fraud label was recorded"), "operator", "warn"),
    "bureau.queried": (N_("The credit bureau was asked"), "xinqiao", ""),
    "credit.decided": (N_("Credit decided"), "xinqiao", "live"),
    "credit.withheld": (N_("No automatic decision: not agreed to"), "xinqiao", "warn"),
    "review.opened": (N_("Handed to a reviewer"), "xinqiao", "warn"),
    "review.requested": (N_("A person was asked to look again"), "person", "warn"),
    "review.approved": (N_("Approved by a reviewer"), "operator", "good"),
    "review.declined": (N_("Declined by a reviewer"), "operator", "bad"),
    "funding.bids_taken": (N_("Funders bid"), "xinqiao", "live"),
    "funding.not_found": (N_("No funder takes it"), "xinqiao", "bad"),
    "funding.reserved": (N_("Capacity reserved"), "funder", "good"),
    "funding.asked": (N_("The funder was asked"), "funder", "live"),
    "funding.answered": (N_("The funder answered"), "funder", "live"),
    "funding.not_answered": (N_("The funder did not answer in time"), "funder", "warn"),
    "funding.confirmed": (N_("The reservation became a loan"), "funder", "good"),
    "funding.released": (N_("Capacity given back"), "funder", "warn"),
    "funding.expired": (N_("The reservation ran out"), "funder", "warn"),
    "funding.lapsed": (N_("The reservation ran out"), "funder", "warn"),
    "funding.restored": (N_("The repaid capacity is free again"), "funder", ""),
    "servicing.offer_made": (N_("Offer made"), "xinqiao", "live"),
    "servicing.offer_signed": (N_("Contract signed"), "person", "good"),
    "servicing.disbursed": (N_("Loan paid out"), "xinqiao", "good"),
    "servicing.repaid": (N_("Repayment taken"), "person", "good"),
    "servicing.aged": (N_("The loan's lateness changed"), "xinqiao", "warn"),
    "servicing.report_notified": (N_("Notice before a bureau report"), "xinqiao", "warn"),
    "servicing.bureau_recorded": (N_("Reported to the bureau"), "xinqiao", ""),
    "servicing.happened": (N_("Something happened to the loan"), "operator", "live"),
    "servicing.graded": (N_("The loan's category changed"), "xinqiao", "warn"),
    "servicing.marked": (N_("The loan was marked"), "operator", "warn"),
    "servicing.mark_lifted": (N_("A mark on the loan was lifted"), "operator", ""),
    "servicing.bureau_expired": (N_("A bureau record was taken back: its years are over"), "xinqiao", ""),
    "servicing.dispute_opened": (N_("Objection to a bureau record"), "person", "warn"),
    "servicing.dispute_answered": (N_("The objection was answered"), "operator", "good"),
    "loan.asked": (N_("A request about the loan"), "person", "live"),
    "loan.answered": (N_("The request was decided"), "operator", ""),
    "collect.reminded": (N_("Reminded of a payment"), "xinqiao", ""),
    "rights.requested": (N_("A request about one's data"), "person", ""),
    "person.forgotten": (N_("The person's data were erased"), "person", "warn"),
}
"""What happened in words, who did it, and the tone of its mark. A kind that is not here is shown by its code."""

WHO = {"xinqiao": N_("Xinqiao"), "person": N_("Applicant"), "operator": N_("Operator"), "funder": N_("Funder"), "scene": N_("Scene")}

ENDED = {
    "withdrawn": N_("withdrawn by the person"),
    "declined": N_("replaced by a later no"),
    "renewed text": N_("the text was renewed"),
    "run out": N_("ran out"),
    "forgotten": N_("the person was forgotten"),
}

DIMENSIONS = {
    "budget": N_("Budget"),
    "cover": N_("Cover"),
    "region": N_("Region"),
    "term": N_("Term"),
    "scene": N_("Scene"),
    "guarantor": N_("Guarantor"),
}

KINDS = {"scene": N_("Scene"), "funder": N_("Funder"), "guarantor": N_("Guarantor")}
PRODUCT_KINDS = {"personal": N_("Personal"), "micro_business": N_("Micro business")}

GROUPS = {
    "assets": N_("Assets"),
    "liabilities": N_("Liabilities"),
    "equity": N_("Equity"),
    "income": N_("Income"),
    "expenses": N_("Expenses"),
}
"""Classes of accounts; the accounts' own names stand in the ledger's chart."""

RELATIONS = {"reverses": N_("reverses"), "settles": N_("settles a hold")}

POSTINGS = {
    "funded": N_("Placed by the funder"),
    "disbursed": N_("Paid out"),
    "principal": N_("Principal"),
    "interest": N_("Interest"),
    "penalty": N_("Penalty interest"),
    "premium": N_("Guarantee fee"),
    "fee": N_("Fee"),
    "fee at payout": N_("Fee at the payout"),
    "premium at payout": N_("Guarantee fee at the payout"),
    "paid out": N_("Paid out to the party"),
    "paid in excess": N_("Paid in excess"),
    "written off": N_("Written off"),
    "given up": N_("Given up"),
    "recovered": N_("Recovered after the write-off"),
    "compensation paid in": N_("Paid by the guarantor"),
    "repaid to the guarantor": N_("Paid back to the guarantor"),
    "owed to the guarantor": N_("Owed to the guarantor"),
    "claim bought": N_("Claim bought"),
    "claim sold": N_("Claim sold"),
    "set off": N_("Set off"),
    "interest earned": N_("Interest earned"),
    "penalty interest earned": N_("Penalty interest earned"),
    "interest collected": N_("Interest collected"),
    "accrued interest passed on with the claim": N_("Accrued interest passed on with the claim"),
    "topped up": N_("Wallet topped up"),
    "paid out of wallet": N_("Paid out of the wallet"),
    "paid from wallet": N_("Paid from the wallet"),
    "received in wallet": N_("Received in the wallet"),
}
"""What the ledger calls its transfers."""

ONWARD = {
    " to funder": N_("%(what)s to the funder"),
    " to guarantor": N_("%(what)s to the guarantor"),
    " to platform": N_("%(what)s to the platform"),
    " to scene": N_("%(what)s to the scene"),
    " back from funder": N_("%(what)s back from the funder"),
    " back from guarantor": N_("%(what)s back from the guarantor"),
    " back from platform": N_("%(what)s back from the platform"),
    " back from scene": N_("%(what)s back from the scene"),
    " compensated": N_("%(what)s, by the guarantor"),
}
"""How it says what passes on, by the end of the name."""

PARTS = {
    "principal": N_("Principal"),
    "interest": N_("Interest"),
    "penalty": N_("Penalty interest"),
    "premium": N_("Guarantee fee"),
    "fee": N_("Fees"),
}
EXPLAINED = {
    "credited": N_("Owed again"),
    "waived": N_("Waived"),
    "written_off": N_("Written off"),
    "outstanding": N_("Unpaid"),
    "overpaid": N_("Paid in excess"),
}
"""What an explanation may be of, beside the parts of an amount."""

STATUSES: dict[str, tuple[str, str]] = {
    "submitted": (N_("Submitted"), ""),
    "approved": (N_("Approved"), "live"),
    "active": (N_("Active"), "live"),
    "overpaid": (N_("Overpaid"), "warn"),
    "closed": (N_("Repaid"), "good"),
    "written_off": (N_("Written off"), "bad"),
}
"""A loan's status and the tone of its badge."""

HAPPENED = {
    "Approved": N_("Approved"),
    "Disbursed": N_("Paid out"),
    "DisbursalUndone": N_("Payout undone"),
    "Paid": N_("Payment"),
    "SettledEarly": N_("Settled early"),
    "ChargeAdded": N_("Fee added"),
    "ChargeWaived": N_("Fee waived"),
    "ChargeAdjusted": N_("Fee credited back"),
    "InterestWaived": N_("Interest waived"),
    "Rescheduled": N_("New terms agreed"),
    "Skipped": N_("Payment holiday"),
    "ReAged": N_("New instalments agreed"),
    "ReAmortised": N_("Arrears spread anew"),
    "RateChanged": N_("Rate changed"),
    "ChargedBack": N_("A payment bounced"),
    "CreditRefunded": N_("Overpayment given back"),
    "CashRefunded": N_("Payment given back"),
    "ChargedOff": N_("Booked as a loss"),
    "WrittenOff": N_("Written off"),
    "Compensated": N_("Paid by the guarantor"),
    "Transferred": N_("Claim passed to another funder"),
    "Reversed": N_("An event was taken back"),
}
"""What happened to a loan, by the name of its event."""

ENTRIES = {
    "disbursement": N_("Paid out"),
    "fee_at_disbursement": N_("Fee kept back at the payout"),
    "repayment": N_("Payment"),
    "down_payment": N_("Down payment"),
    "wallet": N_("Paid from the wallet"),
    "early_settlement": N_("Settled early"),
    "recovery": N_("Paid after write-off"),
    "goodwill_credit": N_("Credit as goodwill"),
    "merchant_refund": N_("Refund by the shop"),
    "payout_refund": N_("Payout given back"),
    "charge_adjustment": N_("Fee credited back"),
    "compensation": N_("Paid by the guarantor"),
    "charge_waiver": N_("Fee waived"),
    "interest_waiver": N_("Interest waived"),
    "chargeback": N_("A payment bounced"),
    "credit_refund": N_("Overpayment given back"),
    "cash_refund": N_("Payment given back"),
    "charge_off": N_("Booked as a loss"),
    "write_off": N_("Written off"),
    "re_age": N_("New instalments agreed"),
    "re_amortise": N_("Arrears spread anew"),
}

COSTS = {"interest": N_("Interest"), "premium": N_("Guarantee fee"), "fees": N_("Fees"), "total": N_("Total")}
BUCKETS = {"current": N_("Current"), "closed": N_("Repaid"), "charged_off": N_("Written off")}
STATES = {
    "paid": (N_("Paid"), "good"),
    "overdue": (N_("Overdue"), "bad"),
    "due": (N_("Due today"), "warn"),
    "upcoming": (N_("Upcoming"), ""),
    "held": (N_("Held"), "live"),
    "confirmed": (N_("Confirmed"), "good"),
    "released": (N_("Given back"), ""),
    "lapsed": (N_("Ran out"), "warn"),
    "expired": (N_("Expired"), "warn"),
    "repaid": (N_("Repaid"), "good"),
    "pending": (N_("Waiting"), "live"),
    "delivered": (N_("Delivered"), "good"),
    "dead": (N_("Given up"), "bad"),
    "active": (N_("Active"), "good"),
    "suspended": (N_("Suspended"), "bad"),
}
"""States of instalments, reservations, messages and partners: word and tone."""

PROBLEMS = {
    "changed": N_("Changed"),
    "dropped": N_("Dropped"),
    "inserted": N_("Inserted"),
    "reordered": N_("Reordered"),
    "truncated": N_("Cut off"),
    "unlinked": N_("Unlinked"),
    "checkpoint": N_("Checkpoint"),
}


def tone_of(kind: str, data: Mapping[str, Any]) -> str:
    """The colour of an event's mark: its outcome's where it has one."""
    outcome = data.get("outcome")
    if isinstance(outcome, str) and outcome in OUTCOMES:
        return OUTCOMES[outcome][1]
    if kind == "consent.answered":
        return "good" if data.get("agreed") else "warn"
    return EVENTS.get(kind, ("", "", ""))[2]


def said(words: Words, pair: Any) -> str:
    """The words of a pair (`zh`, `en`) that a room keeps in both languages."""
    return words.both(pair.zh, pair.en)
