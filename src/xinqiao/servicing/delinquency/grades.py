"""The five-category classification (五级分类): what a loan's arrears and events make of it, and by which clause. Pure.

The rules are data (`rules.GradeRules`, from memory and unverified). The worst of all that applies holds. A bad loan (substandard or worse) does
not rise above substandard until it has been without arrears for the cure period.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from ..rules import GRADES_2023, GradeRule, GradeRules


class Grade(IntEnum):
    NORMAL = 0
    SPECIAL_MENTION = 1
    SUBSTANDARD = 2
    DOUBTFUL = 3
    LOSS = 4

    @property
    def word(self) -> str:
        return self.name.lower()

    @property
    def is_bad(self) -> bool:
        """不良: substandard, doubtful, loss."""
        return self >= Grade.SUBSTANDARD

    @classmethod
    def of(cls, word: str) -> Grade:
        return cls[word.upper()]

    def says(self, language: str) -> str:
        return GRADE_WORDS[self][0 if language.startswith("zh") else 1]


GRADE_WORDS = {
    Grade.NORMAL: ("正常", "normal"),
    Grade.SPECIAL_MENTION: ("关注", "special mention"),
    Grade.SUBSTANDARD: ("次级", "substandard"),
    Grade.DOUBTFUL: ("可疑", "doubtful"),
    Grade.LOSS: ("损失", "loss"),
}


class Flag(IntFlag):
    """What happened to a loan beside its arrears."""

    RESTRUCTURED = 1
    RESTRUCTURED_AGAIN = 2
    """While it was still watched for the first time."""
    IMPAIRED = 4
    """Provisions were made for an expected loss on this loan."""
    COMPENSATED = 8
    """The guarantor paid for the borrower (代偿)."""
    BANKRUPT = 16
    CHARGED_OFF = 32
    TECHNICAL = 64
    """The arrears have an operational or technical reason, such as a bank's failed debit."""

    @property
    def word(self) -> str:
        return (self.name or "").lower()


NO_FLAG = Flag(0)
OF_EVENTS = {
    "charged_off": Flag.CHARGED_OFF,
    "written_off": Flag.CHARGED_OFF,
    "compensated": Flag.COMPENSATED,
    "rescheduled": Flag.RESTRUCTURED,
    "re_aged": Flag.RESTRUCTURED,
}
"""What the events of a loan's life, by their names, say of it: `mark` it so when one happens, `lift` it when that is undone."""

RULE_WORDS = {
    "none": ("没有逾期，也没有影响分类的事件", "no arrears, and nothing that bears on the category"),
    "overdue": ("逾期 {days} 天", "{days} days past due"),
    "overdue_over_90": ("逾期 {days} 天，超过 90 天", "{days} days past due, more than 90"),
    "overdue_over_270": ("逾期 {days} 天，超过 270 天", "{days} days past due, more than 270"),
    "overdue_over_360": ("逾期 {days} 天，超过 360 天", "{days} days past due, more than 360"),
    "restructured": ("重组后仍在观察期", "restructured, and still watched"),
    "restructured_again": ("观察期内再次重组", "restructured again while it was watched"),
    "impaired": ("已发生信用减值", "impaired"),
    "compensated": ("担保方已代偿", "the guarantor paid for the borrower"),
    "bankrupt": ("借款人破产", "the borrower is bankrupt"),
    "charged_off": ("已核销", "written off"),
    "technical": ("逾期 {days} 天，出于操作或技术原因", "{days} days past due for a technical reason"),
    "cure": (
        "已无逾期 {clean} 天，满 {cure} 天方可上调",
        "without arrears for {clean} days; a bad loan rises after {cure}",
    ),
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A category and why: the rule, its clause, and the version of the rules."""

    grade: Grade
    rule: str
    clause: str
    version: str
    days: int = 0
    clean: int = 0
    cure: int = 0

    def says(self, language: str) -> str:
        """The reason as a sentence's part; in zh-CN or English."""
        words = RULE_WORDS[self.rule][0 if language.startswith("zh") else 1]
        reason = words.format(days=self.days, clean=self.clean, cure=self.cure)
        return f"{self.grade.says(language)}: {reason}" + (f" ({self.clause})" if self.clause else "")


def classify(
    days: int,
    flags: Flag = NO_FLAG,
    *,
    was: Grade = Grade.NORMAL,
    clean_days: int = 0,
    period_days: int = 31,
    rules: GradeRules = GRADES_2023,
) -> Judgement:
    """The category of a loan `days` past due with these events.

    `was` is its category until now, `clean_days` how long it has been without arrears, `period_days` the longest of its repayment periods.
    """
    applies = [rule for rule in rules.rules if _applies(rule, days, flags, rules)]
    worst = max(applies, key=lambda rule: Grade.of(rule.grade), default=None)
    grade = Grade.of(worst.grade) if worst else Grade.NORMAL
    cure = cure_days(period_days, rules)
    if was.is_bad and not grade.is_bad and clean_days < cure:
        return Judgement(Grade.SUBSTANDARD, "cure", rules.cure_clause, rules.version, days, clean_days, cure)
    if worst is None:
        excused = days > 0
        return Judgement(grade, "technical" if excused else "none", rules.technical_clause if excused else "", rules.version, days)
    return Judgement(grade, worst.name, worst.clause, rules.version, days)


def cure_days(period_days: int, rules: GradeRules = GRADES_2023) -> int:
    """How long a bad loan must be without arrears before it rises: the longer of the days and the periods."""
    return max(rules.cure_days, rules.cure_periods * period_days)


def flags_of(words: Iterable[str]) -> Flag:
    found = NO_FLAG
    for word in words:
        found |= Flag[word.upper()]
    return found


def _applies(rule: GradeRule, days: int, flags: Flag, rules: GradeRules) -> bool:
    if rule.flag is not None:
        return bool(flags & Flag[rule.flag.upper()])
    excused = bool(flags & Flag.TECHNICAL) and days <= rules.technical_days
    return rule.from_days is not None and days >= rule.from_days and not excused
