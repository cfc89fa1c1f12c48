"""Principal reasons: where an applicant's points fell short of the usual applicant's, grouped by what they mean.

For each feature the shortfall is `usual - points` (the method of average points, Regulation B, official interpretation of
1002.9(b)(2); unverified). Features that share a reason code add up, so that four reasons are four different things.
"""

from __future__ import annotations

from collections.abc import Mapping

from .model import Reason
from .scorecard import CreditModel

THIN_FILE = Reason(
    "credit.thin_file",
    "可参考的信用记录不足，将由人工审核。",
    "There is too little credit history to score, so a person will look at the application.",
    "补充收入证明、纳税或经营流水等材料有助于审核。",
    "Proof of income, tax records or business statements will help.",
)
LIMIT_TOO_SMALL = Reason(
    "credit.limit_too_small",
    "按收入和现有额度核算的可贷金额低于最低放款额。",
    "What income and existing limits allow is below the smallest loan.",
    "收入提高或结清部分债务后可以再申请。",
    "Apply again when income has risen or part of the debt is paid.",
)
LIMIT_BELOW_REQUEST = Reason(
    "credit.limit_below_request",
    "可贷额度低于申请金额，按可贷额度批准。",
    "The limit is below the amount asked for; the limit is what is offered.",
    "也可以选择更低的金额。",
    "You may also choose a lower amount.",
)
LARGE_FOR_BAND = Reason(
    "credit.large_for_band",
    "在当前评分下申请金额较大，需要人工审核。",
    "The amount is large for this score, so a person will look at the application.",
    "申请较小的金额可以更快得到结果。",
    "A smaller amount is decided sooner.",
)
KIND_NOT_SERVED = Reason(
    "credit.kind_not_served",
    "该类贷款未在政策中开放，将由人工审核。",
    "The policy has no limit for this kind of loan, so a person will look at the application.",
)


def principal(model: CreditModel, points: Mapping[str, int], most: int) -> tuple[Reason, ...]:
    """The `most` greatest shortfalls, greatest first; equal ones in the order of the scorecard."""
    lost: dict[str, int] = {}
    words = {}
    for one in model.binned:
        shortfall = one.usual - points[one.feature.name]
        if shortfall > 0:
            code = one.feature.reason
            lost[code] = lost.get(code, 0) + shortfall
            words.setdefault(code, one.feature.words)
    ranked = sorted(lost, key=lambda code: -lost[code])[:most]
    return tuple(Reason(code, words[code].zh, words[code].en, words[code].help_zh, words[code].help_en, lost[code]) for code in ranked)
