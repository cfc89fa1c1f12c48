"""Features of a credit-card account's last six months, declared for the columns of the UCI Taiwan set.

Columns: LIMIT_BAL (limit, NT$), PAY_0, PAY_2 … PAY_6 (repayment status of the newest … sixth-newest month: -2 nothing owed,
-1 paid in full, 0 revolving, n = n months late), BILL_AMT1 … 6 (statement, NT$, newest first), PAY_AMT1 … 6 (paid in the
month, NT$, newest first), and SEX, EDUCATION, MARRIAGE, AGE, which no model sees. The ratios carry no currency; LIMIT_BAL
and the amounts do, so a model trained on NT$ is fed NT$ (`demo.book` says how it converts what it shows in CNY).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .features import Direction, Feature, FeatureSet, Ops, Words, identity

STATUS = ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")
BILLS = tuple(f"BILL_AMT{month}" for month in range(1, 7))
PAID = tuple(f"PAY_AMT{month}" for month in range(1, 7))
COLUMNS = ("LIMIT_BAL", *STATUS, *BILLS, *PAID)
PROTECTED = ("SEX", "EDUCATION", "MARRIAGE", "AGE")

GROUPS = {
    "SEX": {"1": "male", "2": "female"},
    "EDUCATION": {
        "1": "graduate school",
        "2": "university",
        "3": "high school",
        "4": "other",
        "0": "unknown 0",
        "5": "unknown 5",
        "6": "unknown 6",
    },
    "MARRIAGE": {"1": "married", "2": "single", "3": "other", "0": "unknown"},
}
"""What the protected codes mean, for the fairness report; 0, 5 and 6 of EDUCATION are undocumented in the set."""

WORDS = {
    "credit.recent_delay": Words(
        "最近一期信用卡账单有逾期。",
        "Your newest card statement was paid late.",
        "先还清逾期部分，之后按时还款；连续数月按时还款后再申请会更有利。",
        "Pay off what is overdue and then pay on time; an application after some months on time stands better.",
    ),
    "credit.late_often": Words(
        "过去六个月内有多次或较长时间的逾期。",
        "In the last six months payments were late several times, or for long.",
        "按时还款；可以设置自动还款，避免忘记。",
        "Pay on time; an automatic payment keeps a date from being forgotten.",
    ),
    "credit.high_use": Words(
        "已使用的信用额度占总额度的比例较高。",
        "A large part of your credit limit is in use.",
        "先归还一部分欠款，让已用额度占比降下来。",
        "Pay back part of what is owed so that less of the limit is in use.",
    ),
    "credit.debt_growing": Words(
        "过去六个月欠款占额度的比例在上升。",
        "What you owe, against your limit, has grown over the last six months.",
        "先控制新增消费，让欠款逐月减少。",
        "Hold back new spending so that the debt shrinks month by month.",
    ),
    "credit.small_repayments": Words(
        "每期还款占账单的比例较低。",
        "You repay a small part of each statement.",
        "每期多还一些，最好高于最低还款额。",
        "Repay more of each statement, above the minimum where you can.",
    ),
    "credit.months_unpaid": Words(
        "过去六个月中有的月份没有任何还款。",
        "In some of the last six months nothing was paid.",
        "每个月都至少还一笔。",
        "Make at least one payment in every month.",
    ),
    "credit.low_limit": Words(
        "现有信用额度较低，可参考的用信记录较少。",
        "Your existing credit limit is low, which gives little record to go by.",
        "继续按时使用并归还现有信用，记录会逐渐积累。",
        "Go on using and repaying the credit you have; the record builds up with time.",
    ),
}


def _feature(name: str, columns: tuple[str, ...], function: Callable[..., Any], unit: str, direction: Direction, reason: str) -> Feature:
    return Feature(name, columns, function, unit, direction, reason, WORDS[reason])


def _overdue(ops: Ops, status: Any) -> Any:
    """Months late; not being late counts 0, however it came about."""
    return ops.at_least(status, 0.0)


def _worst(ops: Ops, *statuses: Any) -> Any:
    worst = _overdue(ops, statuses[0])
    for status in statuses[1:]:
        worst = ops.larger(worst, _overdue(ops, status))
    return worst


def _sum(ops: Ops, *values: Any) -> Any:
    """The sum of the known values; 0 when none is known."""
    total = ops.either(values[0], 0.0)
    for value in values[1:]:
        total = total + ops.either(value, 0.0)
    return total


def _months_above(threshold: float) -> Callable[..., Any]:
    def months(ops: Ops, *statuses: Any) -> Any:
        return _sum(ops, *[ops.above(status, threshold) for status in statuses])

    return months


def _months_overdue_total(ops: Ops, *statuses: Any) -> Any:
    return _sum(ops, *[_overdue(ops, status) for status in statuses])


def _share(ops: Ops, part: Any, whole: Any) -> Any:
    return ops.ratio(part, whole)


def _mean_use(ops: Ops, limit: Any, *bills: Any) -> Any:
    months = _sum(ops, *[ops.known(bill) for bill in bills])
    return ops.ratio(ops.ratio(_sum(ops, *bills), months), limit)


def _highest_use(ops: Ops, limit: Any, *bills: Any) -> Any:
    highest = bills[0]
    for bill in bills[1:]:
        highest = ops.larger(highest, bill)
    return ops.ratio(highest, limit)


def _use_change(ops: Ops, limit: Any, newest: Any, oldest: Any) -> Any:
    return ops.ratio(newest - oldest, limit)


def _repaid(ops: Ops, *amounts: Any) -> Any:
    """Paid in five months over the five statements they answered: the first half of `amounts` over the second."""
    half = len(amounts) // 2
    return ops.ratio(_sum(ops, *amounts[:half]), _sum(ops, *amounts[half:]))


def _paid_to_limit(ops: Ops, limit: Any, *paid: Any) -> Any:
    return ops.ratio(_sum(ops, *paid), limit)


def _months_without_payment(ops: Ops, *paid: Any) -> Any:
    return _sum(ops, *[ops.known(amount) - ops.above(amount, 0.0) for amount in paid])


def _smallest(ops: Ops, *amounts: Any) -> Any:
    least = amounts[0]
    for amount in amounts[1:]:
        least = ops.smaller(least, amount)
    return least


def _monthly() -> list[Feature]:
    """The months one by one: status, use, repayment and payment."""
    made = []
    for month, (status, bill, paid) in enumerate(zip(STATUS, BILLS, PAID, strict=True), start=1):
        late = "credit.recent_delay" if month == 1 else "credit.late_often"
        made += [
            _feature(f"status_{month}", (status,), identity, "months late; below 1: not late", "either", late),
            _feature(f"use_{month}", (bill, "LIMIT_BAL"), _share, "ratio", "either", "credit.high_use"),
            _feature(f"paid_{month}", (paid,), identity, "NT$", "riskier_down", "credit.small_repayments"),
            _feature(f"paid_to_limit_{month}", ("LIMIT_BAL", paid), _paid_to_limit, "ratio", "riskier_down", "credit.small_repayments"),
        ]
    answered = zip(PAID[:5], BILLS[1:], strict=True)
    made += [
        _feature(f"repaid_{month}", pair, _share, "ratio of the statement before", "riskier_down", "credit.small_repayments")
        for month, pair in enumerate(answered, start=1)
    ]
    return made


def _over_time() -> list[Feature]:
    """Several months taken together."""
    up: Direction = "riskier_up"
    down: Direction = "riskier_down"
    return [
        _feature("limit", ("LIMIT_BAL",), identity, "NT$", down, "credit.low_limit"),
        _feature("overdue_latest", STATUS[:1], _overdue, "months", up, "credit.recent_delay"),
        _feature("worst_overdue_3m", STATUS[:3], _worst, "months", up, "credit.late_often"),
        _feature("worst_overdue_6m", STATUS, _worst, "months", up, "credit.late_often"),
        _feature("months_late_6m", STATUS, _months_above(0.0), "months", up, "credit.late_often"),
        _feature("months_two_late_6m", STATUS, _months_above(1.0), "months", up, "credit.late_often"),
        _feature("overdue_total_6m", STATUS, _months_overdue_total, "months", up, "credit.late_often"),
        _feature("use_mean_6m", ("LIMIT_BAL", *BILLS), _mean_use, "ratio", up, "credit.high_use"),
        _feature("use_highest_6m", ("LIMIT_BAL", *BILLS), _highest_use, "ratio", up, "credit.high_use"),
        _feature("use_change_6m", ("LIMIT_BAL", BILLS[0], BILLS[5]), _use_change, "ratio", up, "credit.debt_growing"),
        _feature("repaid_6m", (*PAID[:5], *BILLS[1:]), _repaid, "ratio", down, "credit.small_repayments"),
        _feature("paid_to_limit_6m", ("LIMIT_BAL", *PAID), _paid_to_limit, "ratio", down, "credit.small_repayments"),
        _feature("smallest_payment_6m", PAID, _smallest, "NT$", down, "credit.small_repayments"),
        _feature("months_unpaid_6m", PAID, _months_without_payment, "months", up, "credit.months_unpaid"),
        _feature("billed_6m", BILLS, _sum, "NT$", "either", "credit.high_use"),
        _feature("paid_6m", PAID, _sum, "NT$", down, "credit.small_repayments"),
    ]


def _protected() -> list[Feature]:
    words = Words("此项不参与评分。", "This plays no part in the score.", "", "")
    return [Feature(column, (column,), identity, "code", "either", "credit.protected", words, usable=False) for column in PROTECTED]


CARD_HISTORY = FeatureSet("card-history-1", (*_over_time(), *_monthly(), *_protected()))
