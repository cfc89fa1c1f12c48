"""Does the loan's life add up? Its events, reckoned again from the signed terms, must give what the pack says is owed, paid and posted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from xinqiao.kit import Money, Refused, plain
from xinqiao.kit.clock import SHANGHAI
from xinqiao.servicing import Loan, Terms, delinquency, lifecycle, loans
from xinqiao.servicing.contract import Prepayment
from xinqiao.servicing.ledger import Account, Kind
from xinqiao.servicing.lifecycle.what_if import payoff
from xinqiao.servicing.loans import splits, tally
from xinqiao.servicing.loans.owed import owed_of
from xinqiao.servicing.loans.states import owing_of

from ..books import instalments
from .agreeing import OFFER, money, terms_of
from .opened import Malformed, Opened, Problem, differing, same

SCHEDULE, LOAN, LEDGER = "schedule.json", "loan.json", "ledger.json"
OPENING = ("approved", "disbursed")
"""The two events that every loan begins with. The log tells of them as one, and of a repayment's money without its key."""
REPAYING = ("paid", "settled_early")
PARTIES = (Kind.FUNDER, Kind.GUARANTOR, Kind.PLATFORM, Kind.SCENE, Kind.CLAWBACK)
MOST_EVENTS = 5_000


def told(pack: Opened) -> bool:
    """Whether the pack tells the loan's events, from which `life` proves its instalments."""
    return pack.has(LOAN) and "life" in pack.object(LOAN)


def replanned(pack: Opened) -> bool:
    """Whether something happened that may make the instalments others than those that were signed.

    Where what is paid ahead lowers the principal, any payment may.
    """
    if not pack.has(LOAN):
        return False
    reduces = pack.object(LOAN)["terms"].get("prepayment") == Prepayment.REDUCE
    as_planned = OPENING if reduces else (*OPENING, "paid")
    return any(row.get("kind") not in as_planned for row in _life(pack))


def holder(pack: Opened) -> str | None:
    """Who holds the claim: whom it was passed to last, else who lent the money.

    A sale at par is undone by another sale and by nothing else, so that every one of them counts.
    """
    sold = [row for row in _life(pack) if row.get("kind") == "transferred"]
    event = pack.last("servicing.disbursed")
    return sold[-1]["data"]["to"] if sold else event["funder"] if event else None


def _life(pack: Opened) -> Sequence[Mapping[str, Any]]:
    made = pack.object(LOAN)
    rows = pack.rows(LOAN, "life") if "life" in made else ()
    if len(rows) > MOST_EVENTS:
        raise Malformed(LOAN, f"it tells of {len(rows)} events")
    return rows


def life(pack: Opened) -> None:
    """The events are those that the log tells; from the signed terms they lead to the schedule and the balance in the pack."""
    made, rows = pack.object(LOAN), _life(pack)
    if "life" not in made:
        pack.found.unsure("life", "the pack was made before a loan's events were part of it", "此证据包早于贷款事件的收录")
        return
    loan, events = _retold(made)
    problems = [*_as_signed(pack, made, loan), *_as_logged(pack, rows), *_as_lent(made, rows), *_as_reckoned(pack, made, loan, events)]
    says = f"{len(rows)} events, reckoned again from the signed terms, lead to the schedule and the balance shown"
    pack.found.settle("life", problems, says, f"由签署的条款和 {len(rows)} 个事件重新计算，得出相同的还款计划与余额")


def _retold(made: Mapping[str, Any]) -> tuple[Loan, list[lifecycle.Event]]:
    try:
        agreed, events = loans.retell(made)
        return _loan(made, agreed), events
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, Refused) as error:
        raise Malformed(LOAN, f"its life cannot be read: {error!r:.120}") from error


def _loan(made: Mapping[str, Any], agreed: lifecycle.Agreement) -> Loan:
    return Loan(
        id=UUID(made["id"]),
        person_id=UUID(made["person_id"]),
        offer_id=UUID(made["offer_id"]),
        application_id=UUID(made["application_id"]),
        funder_id=UUID(made["funder_id"]),
        guarantor_id=UUID(made["guarantor_id"]) if made["guarantor_id"] else None,
        terms=terms_of(made["terms"]),
        disbursed_on=date.fromisoformat(made["disbursed_on"]),
        disbursed_at=datetime.fromisoformat(made["disbursed_at"]),
        outstanding=money(made["outstanding"]),
        agreement=agreed,
        splits=loans.read_splits(made["splits"]),
    )


def _as_signed(pack: Opened, made: Mapping[str, Any], loan: Loan) -> Iterator[Problem]:
    """The agreement that the life is reckoned by is the one that the signed terms make."""
    terms = terms_of(pack.object(OFFER)["terms"])
    meant = loans.agreement_of(terms, date.fromisoformat(made["disbursed_on"]))
    product = replace(loan.agreed.product, clauses=meant.product.clauses)
    if replace(loan.agreed, product=product) != meant:
        yield LOAN, "the loan is reckoned by other terms than those signed", "贷款计算所依据的条款与签署的条款不符"
    guarantor = (pack.object(OFFER)["guarantor"] or {}).get("id")
    holds = holder(pack)
    if made["guarantor_id"] != guarantor or holds is None or loan.splits != _shares(terms, holds, guarantor):
        yield LOAN, "what is paid is shared otherwise than the signed terms have it", "还款的分配与签署的条款不符"


def _shares(terms: Terms, funder: str, guarantor: str | None) -> splits.Splits:
    """A buyer has what the seller had, and a contract has one funder: after a sale it is as if the buyer had lent."""
    return splits.of_terms(terms, UUID(funder), UUID(guarantor) if guarantor else None)


def _as_logged(pack: Opened, rows: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """Every event but the first two is in the log with the same content, and none is left out."""
    logged = {one["key"]: one for one in pack.told("servicing.happened")}
    for row in rows:
        one = logged.get(row["id"])
        if one is not None:
            meant = {"what": row["kind"], "on": row["on"], "by": row["by"], "why": row["why"], **row["data"]}
            yield from differing(LOAN, one, meant, tuple(meant), f"event {row['id']!s:.40}", "其事件")
    rest = [row for row in rows[len(OPENING) :] if row["id"] not in logged]
    strange = any(row["kind"] not in REPAYING or row["recorded_on"] != row["on"] for row in rest)
    paid = Counter((row["data"]["amount"], row["on"]) for row in rest)
    if strange or set(logged) - {row["id"] for row in rows} or paid != Counter(_repaid(pack)):
        yield LOAN, "the loan's events are not those that the log tells", "贷款事件与日志不符"


def _repaid(pack: Opened) -> Iterator[tuple[int, str]]:
    """What the log tells of each repayment: minor units, and the business day on which it came."""
    for event in pack.events:
        if event["kind"] == "servicing.repaid":
            day = datetime.fromisoformat(event["at"]).astimezone(ZoneInfo(SHANGHAI)).date()
            yield money(event["data"]["amount"]).minor, day.isoformat()


def _as_lent(made: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """It begins with one approval and one payout, of all that was lent and on the day on which it was."""
    lent, day = money(made["principal"]).minor, made["disbursed_on"]
    first = [(row["kind"], row["data"]["amount"], row["on"], row["recorded_on"]) for row in rows[: len(OPENING)]]
    if first != [(kind, lent, day, day) for kind in OPENING] or [row["id"] for row in rows[: len(OPENING)]] != list(OPENING):
        yield LOAN, "the approval and the payout are not those of the loan that was made", "核准与放款事件与所发放的贷款不符"


def _as_reckoned(pack: Opened, made: Mapping[str, Any], loan: Loan, events: Sequence[lifecycle.Event]) -> Iterator[Problem]:
    try:
        books = lifecycle.replay(loan.agreed, events, on=date.fromisoformat(made["standing"]["on"]))
    except (ArithmeticError, ValueError, KeyError, IndexError, AttributeError, StopIteration, Refused) as error:
        raise Malformed(LOAN, f"its events lead nowhere: {error!r:.120}") from error
    states = loans.states_of(loan, books)
    rows = [
        {**row, "paid": state.paid.by_name, "settled": state.settled}
        for row, state in zip(instalments(state.instalment for state in states), states, strict=True)
    ]
    if not same(plain(rows), [dict(row) for row in pack.rows(SCHEDULE, "instalments")]):
        yield SCHEDULE, "the instalments are not those that the loan's events lead to", "还款计划与贷款事件推算的结果不符"
    if books.outstanding.principal != money(made["outstanding"]).minor or books.status.value != made["state"]:
        yield LOAN, "balance or state are not those that the loan's events lead to", "余额或状态与贷款事件推算的结果不符"
    yield from _standing(made, loan, events, books)


def _standing(made: Mapping[str, Any], loan: Loan, events: Sequence[lifecycle.Event], books: lifecycle.Books) -> Iterator[Problem]:
    """What is owed on the pack's day, how late it is, and what was paid up to the last event."""
    last = lifecycle.replay(loan.agreed, events, on=max(event.recorded for event in events))
    paid = tally.paid_in(tally.of_books(last))
    days = delinquency.days_past_due(owing_of(loan, loans.states_of(loan, books)).unpaid, on=books.on)
    reckoned = {
        "on": books.on,
        "paid": Money(paid, loan.principal.currency),
        "owed": owed_of(loan, books, payoff(loan.agreed, events, on=books.on)),
        "days_past_due": days,
        "bucket": delinquency.MONTHLY.of(days),
    }
    yield from differing(LOAN, made["standing"], plain(reckoned), tuple(reckoned), "its life", "其事件")
    if not same(made["paid"], paid):
        yield LOAN, f"{made['paid']!r:.40} is said to be paid, but by the loan's events {paid} is", "已还金额与贷款事件推算的结果不符"


def posted(accounts: Mapping[str, Account], transfers: Sequence[Mapping[str, Any]]) -> tuple[Counter[Kind], list[Problem]]:
    """Debits less credits by kind of account, and the transfers that move nothing."""
    nets: Counter[Kind] = Counter()
    problems: list[Problem] = []
    for row in transfers:
        debit, credit, minor = accounts.get(row["debit"]), accounts.get(row["credit"]), row["minor"]
        if debit is None or credit is None or not isinstance(minor, int) or isinstance(minor, bool) or minor <= 0:
            problems.append((LEDGER, f"transfer {row['id']!s:.40} moves nothing between known accounts", f"转账 {row['id']!s:.40} 无效"))
            continue
        nets[debit.kind] += minor
        nets[credit.kind] -= minor
    return nets, problems


def balances(pack: Opened, accounts: Mapping[str, Account], transfers: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """What the postings sum to, by kind of account, is what such a life sums to; what parties must give back counts with what they have.

    Money from the borrower's wallet comes into clearing before the loan takes it from there.
    """
    nets, problems = posted(accounts, transfers)
    yield from problems
    loan, events = _retold(pack.object(LOAN))
    should = loans.nets(loan, events)
    nets[Kind.CLEARING] += nets.pop(Kind.WALLET, 0)
    together = nets[Kind.CLAWBACK] or should[Kind.CLAWBACK]
    for kind in Kind:
        if nets[kind] != should[kind] and not (together and kind in PARTIES):
            says = f"the {kind} account stands at {nets[kind]}, but by the loan's events it should stand at {should[kind]} minor units"
            yield LEDGER, says, f"科目 {kind} 余额 {nets[kind]}，应为 {should[kind]}（最小货币单位）"
    if sum(nets[kind] for kind in PARTIES) != sum(should[kind] for kind in PARTIES):
        yield LEDGER, "what the parties got is not what the loan's events give them", "各方所得与贷款事件不符"
