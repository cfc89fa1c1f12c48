"""What each number of a plan follows from, in words; `Basis` names them by these ids."""

FORMULAS: dict[str, tuple[str, str]] = {
    "interest.declining": (
        "Interest is what is owed x the annual rate x the part of a year, summed over the period's stretches and rounded once.",
        "利息 = 剩余本金 × 年利率 × 计息年数，分段求和后一次取整。",
    ),
    "interest.flat": (
        "Interest is the principal lent x the annual rate x the part of a year, whatever was repaid, rounded once; the last instalment makes the total right.",
        "利息 = 放款本金 × 年利率 × 计息年数，不随还款减少；末期使合计准确。",
    ),
    "interest.free": ("The period bears no interest.", "本期免息。"),
    "interest.deferred": (
        "Interest accrues but is not yet due; it is due with the first instalment after the grace.",
        "利息照计但暂不收取，于宽限期后首期一并收取。",
    ),
    "interest.gathered": (
        "The period's own interest and all that was deferred before it.",
        "本期利息加上此前递延的全部利息。",
    ),
    "principal.level": ("Principal is the level instalment less the period's interest.", "本金 = 每期等额 − 本期利息。"),
    "principal.equal": ("What is owed is divided equally over the instalments that remain.", "剩余本金在剩余期数内均分。"),
    "principal.share": ("Principal is the part that the product gives this instalment.", "本金按产品规定的比例偿还。"),
    "principal.none": ("No principal is due yet.", "本期不还本金。"),
    "principal.rest": ("The last instalment repays all that is left.", "末期还清全部剩余本金。"),
    "fee.flat": ("A fixed sum.", "固定金额。"),
    "fee.rate": ("A fraction of its base, for a part of a year where the fee is of a year.", "基数 × 费率；年费率按期折算。"),
    "fee.bounded": (
        "What came out lies beyond the fee's least or most, which is charged instead.",
        "计算结果超出最低或最高收费，按其收取。",
    ),
    "principal.down_payment": ("A fixed fraction of the payout is due on its day.", "放款当日按固定比例首付。"),
}


def explain(formula: str, language: str = "en") -> str:
    english, chinese = FORMULAS[formula]
    return chinese if language.startswith("zh") else english
