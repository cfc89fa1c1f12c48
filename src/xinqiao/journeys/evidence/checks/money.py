"""Do the numbers add up? The annual cost from the schedule, the schedule to the loan, the loan to its ledger, the price to a bid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from xinqiao.kit import Money, canonical
from xinqiao.kit.money import total
from xinqiao.servicing import apr, schedule
from xinqiao.servicing.ledger import Account, Kind

from ..books import PARTS
from ..pack import decimal
from . import living
from .agreeing import OFFER, money, terms_of
from .opened import Malformed, Opened, Problem, differing, same

SCHEDULE, LOAN, LEDGER, BIDS = "schedule.json", "loan.json", "ledger.json", "bids.json"
MOST_INSTALMENTS = 400


def cost(pack: Opened) -> None:
    """The schedule repays exactly what is lent, and its annual cost, computed anew, is the one disclosed.

    A loan whose events are told is asked for the schedule that was offered: which instalments those events led to is what `life` asks.
    """
    offer, rows = pack.object(OFFER), pack.rows(SCHEDULE, "instalments")
    if not 1 <= len(rows) <= MOST_INSTALMENTS:
        raise Malformed(SCHEDULE, f"it has {len(rows)} instalments")
    principal = money(offer["terms"]["principal"])
    file, promised = (OFFER, offer["schedule"]) if living.told(pack) else (SCHEDULE, rows)
    problems = [*_amounts(file, promised, principal), *_as_offered(promised, offer)]
    if problems:
        pack.found.settle("annual cost", problems, "", "")
        return
    rate = apr.monthly(principal, [_sum(row) for row in promised])
    computed = {"annual_cost_percent": str(rate.percent), "effective_percent": str(rate.effective_percent)}
    problems = [
        (
            file,
            f"the schedule costs {computed[name]} % a year, but {offer['disclosed'][name]} % was disclosed",
            "由还款计划算得的年化成本与披露不符",
        )
        for name in computed
        if not same(computed[name], offer["disclosed"][name])
    ]
    problems += differing(
        OFFER,
        offer["disclosed"]["rates"],
        {"nominal": str(rate.nominal), "effective": str(rate.effective)},
        ("nominal", "effective"),
        "its schedule",
        "其还款计划",
    )
    paid = total((_sum(row) for row in promised), principal.currency)
    if (paid, paid - principal) != (money(offer["disclosed"]["to_repay"]), money(offer["disclosed"]["total_cost"])):
        problems.append((OFFER, "the totals disclosed are not the schedule's", "披露的合计与还款计划不符"))
    says = f"the annual cost of {rate.percent} %, recomputed from the schedule, is the one disclosed"
    pack.found.settle("annual cost", problems, says, f"由还款计划重新计算的年化成本 {rate.percent}% 与披露一致")


def _sum(row: Mapping[str, Any]) -> Money:
    return total(money(row[name]) for name in PARTS)


def _amounts(file: str, rows: Sequence[Mapping[str, Any]], principal: Money) -> Iterator[Problem]:
    balance = principal
    for number, row in enumerate(rows, 1):
        balance -= money(row["principal"])
        if row["number"] != number or money(row["balance"]) != balance or money(row["total"]) != _sum(row):
            yield file, f"instalment {number} does not add up", f"第 {number} 期金额不平"
    if not balance.is_zero:
        yield (
            file,
            f"the schedule repays {principal - balance}, but {principal} was lent",
            f"还款计划本金合计 {principal - balance}，借款本金 {principal}",
        )


def _as_offered(rows: Sequence[Mapping[str, Any]], offer: Mapping[str, Any]) -> Iterator[Problem]:
    """The amounts are those of the offer, and the offer's are those that its terms make; due dates move with the payout."""
    names = ("number", *PARTS, "balance")
    promised = [{name: row[name] for name in names} for row in offer["schedule"]]
    if not same([{name: row[name] for name in names} for row in rows], promised):
        yield SCHEDULE, "the schedule's amounts are not those that were offered", "还款计划金额与报价不符"
    made = terms_of(offer["terms"]).schedule()
    if [(one.number, one.due.isoformat(), one.total) for one in made.instalments] != [
        (row["number"], row["due"], _sum(row)) for row in offer["schedule"]
    ]:
        yield OFFER, "the offer's schedule does not follow from its terms", "报价中的还款计划与条款不符"


def loan(pack: Opened) -> None:
    """What was lent is what was offered and signed; due dates count from the payout; repayments are the events'."""
    made, offer, event = pack.object(LOAN), pack.object(OFFER), pack.last("servicing.disbursed")
    problems: list[Problem] = []
    if event is None:
        problems.append((LOAN, "no event tells of the payout", "没有放款事件"))
    else:
        facts = {
            "id": event["loan"],
            "offer_id": event["offer"],
            "funder_id": living.holder(pack) if living.told(pack) else event["funder"],
        } | {name: event[name] for name in ("principal", "disbursed_on")}
        problems += differing(LOAN, made, facts, tuple(facts), "its event", "其事件")
    problems += differing(LOAN, made, {"offer_id": offer["id"], "terms": offer["terms"]}, ("offer_id", "terms"), "the offer", "报价")
    start = date.fromisoformat(made["disbursed_on"])
    for row in () if living.replanned(pack) else pack.rows(SCHEDULE, "instalments"):
        if row["due"] != schedule.due_date(start, row["number"]).isoformat():
            problems.append(
                (
                    SCHEDULE,
                    f"instalment {row['number']} falls due on another day than a month's count gives",
                    f"第 {row['number']} 期到期日不符",
                )
            )
    told = [_repayment(event) for event in pack.told("servicing.repaid")]
    if sorted(told) != sorted(map(_repayment, made["repayments"])):
        problems.append((LOAN, "the repayments are not those that the events tell", "还款记录与事件不符"))
    says = f"{made['principal']['amount']} {made['principal']['currency']} was lent as offered; {len(told)} repayments are as their events tell"
    pack.found.settle("loan", problems, says, f"放款金额与报价一致，{len(told)} 笔还款与事件一致")


def _repayment(row: Mapping[str, Any]) -> bytes:
    """For comparing them as a whole: those of one instant have no order."""
    return canonical([money(row["amount"]), row["allocation"], row["closed"]])


def ledger(pack: Opened) -> None:
    """Double entry balances: what was lent less what was repaid is what is owed, and every cent collected was passed on."""
    book, made = pack.object(LEDGER), pack.object(LOAN)
    accounts = {row["id"]: Account(Kind(row["kind"]), UUID(row["owner"]), book["currency"]) for row in pack.rows(LEDGER, "accounts")}
    problems: list[Problem] = [
        (LEDGER, f"account {name} is not the {one.kind} account it is said to be", f"账户 {name} 与其科目不符")
        for name, one in accounts.items()
        if str(one.id) != name
    ]
    transfers = pack.rows(LEDGER, "transfers")
    if len({row["id"] for row in transfers}) != len(transfers):
        problems.append((LEDGER, "a transfer occurs twice", "转账重复"))
    problems += living.balances(pack, accounts, transfers) if "life" in made else _balances(made, accounts, transfers)
    says = f"{len(transfers)} transfers balance, to the cent, with the loan and its repayments"
    pack.found.settle("ledger", problems, says, f"{len(transfers)} 笔转账与贷款及还款分文不差")


def _balances(made: Mapping[str, Any], accounts: Mapping[str, Account], transfers: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    nets, problems = living.posted(accounts, transfers)
    yield from problems
    for kind, should in _should(made).items():
        if nets[kind] != should:
            says = f"the {kind} account stands at {nets[kind]}, but by the loan and its repayments it should stand at {should} minor units"
            yield LEDGER, says, f"科目 {kind} 余额 {nets[kind]} 分，应为 {should} 分"
    earned = sum(one["allocation"]["premium"] + one["allocation"]["fee"] for one in made["repayments"])
    if nets[Kind.GUARANTOR] + nets[Kind.PLATFORM] != -earned:
        yield (
            LEDGER,
            f"guarantor and platform did not get the {earned} minor units of premium and fees",
            f"担保方与平台所得与收取的 {earned} 分费用不符",
        )


def _should(made: Mapping[str, Any]) -> dict[Kind, int]:
    """Net balances (debits less credits) by kind, from the loan's own figures."""
    lent, owed = money(made["principal"]).minor, money(made["outstanding"]).minor
    paid = Counter[str]()
    for one in made["repayments"]:
        if sum(one["allocation"].values()) != money(one["amount"]).minor:
            raise Malformed(LOAN, f"repayment {one['key']!s:.40} is not the sum of its parts")
        paid.update(one["allocation"])
    if lent - paid["principal"] != owed:
        raise Malformed(LOAN, "what is outstanding is not what was lent less what was repaid")
    return {
        Kind.PRINCIPAL: owed,
        Kind.CAPITAL: -owed,
        Kind.INTEREST: 0,
        Kind.PREMIUM: 0,
        Kind.FEES: 0,
        Kind.CLEARING: sum(paid.values()),
        Kind.FUNDER: -(paid["principal"] + paid["interest"] + paid["penalty"]),
    }


def bids(pack: Opened) -> None:
    """The auction is the one its event sums up, and what was offered is one of its bids."""
    auction = pack.object(BIDS)
    rows = pack.rows(BIDS, "bids")
    event = next((told for told in pack.told("funding.bids_taken") if told["auction"] == auction["auction"]), None)
    problems: list[Problem] = []
    if event is None:
        problems.append((BIDS, "no event tells of this auction", "没有事件记录该竞价"))
    else:
        eligible = [row for row in rows if row["eligible"]]
        best = (
            {"funder": eligible[0]["funder_id"], "guarantor": eligible[0]["guarantor_id"], "all_in": eligible[0]["all_in"]}
            if eligible
            else None
        )
        refused = dict(Counter(why["code"] for row in rows for why in row["refusals"]))
        problems += differing(
            BIDS, {"bids": len(eligible), "refused": refused, "best": best}, event, ("bids", "refused", "best"), "its event", "其事件"
        )
    if not same(auction["reserved"], _reserved(pack)):
        problems.append((BIDS, "what was reserved is not what the events tell", "预留额度与事件不符"))
    problems += _price(pack, auction["reserved"], rows)
    says = f"{len(rows)} bids and refusals are as the auction's event sums them up; the offer is at a price that was bid"
    pack.found.settle("bids", problems, says, f"{len(rows)} 条竞价与事件汇总一致，报价出自竞价")


def _reserved(pack: Opened) -> Mapping[str, Any] | None:
    """The reservation that stands after the last event."""
    held: Mapping[str, Any] | None = None
    for event in pack.events:
        if event["kind"] == "funding.reserved":
            held = event["data"]
        elif event["kind"] in ("funding.released", "funding.expired"):
            held = None
    return held


def _price(pack: Opened, held: Mapping[str, Any] | None, rows: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """A funder that answers for itself may come below its bid, never above."""
    if held is None:
        return
    bid = next((row for row in rows if (row["funder_id"], row["guarantor_id"]) == (held["funder"], held["guarantor"])), None)
    if bid is None or not bid["eligible"]:
        yield BIDS, "the funder and guarantor reserved made no bid", "所预留的资金方与担保方没有出价"
        return
    if not pack.has(OFFER) or pack.object(OFFER)["reservation_id"] != held["reservation"]:
        return
    terms = pack.object(OFFER)["terms"]
    if decimal(terms["annual_rate"]) > decimal(bid["annual_rate"]) or decimal(terms["premium"]["annual_rate"]) != decimal(bid["premium"]):
        yield OFFER, "the price offered is not the price that was bid", "报价与竞价不符"
