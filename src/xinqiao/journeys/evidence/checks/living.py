"""Does the loan's life add up? Its events, reckoned again from the signed terms, must give what the pack says is owed, paid and posted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from xinqiao.kit import Refused, plain
from xinqiao.servicing import Loan, lifecycle, loans
from xinqiao.servicing.ledger import Account, Kind

from ..books import instalments
from .agreeing import OFFER, money, terms_of
from .opened import Malformed, Opened, Problem, differing, same

SCHEDULE, LOAN, LEDGER = "schedule.json", "loan.json", "ledger.json"
AS_PLANNED = ("approved", "disbursed", "paid")
"""Events that leave a contract's schedule as it was signed."""
PARTIES = (Kind.FUNDER, Kind.GUARANTOR, Kind.PLATFORM, Kind.SCENE, Kind.CLAWBACK)
MOST_EVENTS = 5_000


def replanned(pack: Opened) -> bool:
    """Whether something happened that makes the instalments others than those that were signed."""
    if not pack.has(LOAN):
        return False
    return any(row.get("kind") not in AS_PLANNED for row in _life(pack))


def _life(pack: Opened) -> Sequence[Mapping[str, Any]]:
    made = pack.object(LOAN)
    rows = pack.rows(LOAN, "life") if "life" in made else ()
    if len(rows) > MOST_EVENTS:
        raise Malformed(LOAN, f"it tells of {len(rows)} events")
    return rows


def life(pack: Opened) -> None:
    """The events are those that the log tells; from the signed terms they lead to the schedule and the balance in the pack."""
    made, told = pack.object(LOAN), _life(pack)
    if "life" not in made:
        pack.found.unsure("life", "the pack was made before a loan's events were part of it", "此证据包早于贷款事件的收录")
        return
    loan, events = _retold(made)
    problems = [*_as_signed(pack, made, loan), *_as_logged(pack, told), *_as_reckoned(pack, made, loan, events)]
    says = f"{len(told)} events, reckoned again from the signed terms, lead to the schedule and the balance shown"
    pack.found.settle("life", problems, says, f"由签署的条款和 {len(told)} 个事件重新计算，得出相同的还款计划与余额")


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


def _as_logged(pack: Opened, told: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """Every event but the first two is in the log with the same content, and none is left out."""
    logged = {one["key"]: one for one in pack.told("servicing.happened")}
    payments = [(one["amount"], one["allocation"]) for one in pack.told("servicing.repaid")]
    rest = [row for row in told if row["id"] not in logged and row["kind"] not in ("approved", "disbursed")]
    for row in told:
        one = logged.get(row["id"])
        if one is not None:
            meant = {"what": row["kind"], "on": row["on"], "by": row["by"], "why": row["why"], **row["data"]}
            yield from differing(LOAN, one, meant, tuple(meant), f"event {row['id']!s:.40}", "其事件")
    if set(logged) - {row["id"] for row in told} or len(rest) != len(payments):
        yield LOAN, "the loan's events are not those that the log tells", "贷款事件与日志不符"


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


def balances(pack: Opened, accounts: Mapping[str, Account], transfers: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """What the postings sum to, by kind of account, is what such a life sums to; what parties must give back counts with what they have.

    Money from the borrower's wallet comes into clearing before the loan takes it from there.
    """
    nets: Counter[Kind] = Counter()
    for row in transfers:
        debit, credit, minor = accounts.get(row["debit"]), accounts.get(row["credit"]), row["minor"]
        if debit is None or credit is None or not isinstance(minor, int) or isinstance(minor, bool) or minor <= 0:
            yield LEDGER, f"transfer {row['id']!s:.40} moves nothing between known accounts", f"转账 {row['id']!s:.40} 无效"
            continue
        nets[debit.kind] += minor
        nets[credit.kind] -= minor
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
