"""Every number of an instalment and of a transaction, with the sum it is the result of, its rule in words and the contract's clause. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction

from xinqiao.kit import Money

from ..product.model import Accrual, Method, Waterfall
from ..schedule.account import Explained
from .events import Event
from .fold import fold, replay
from .interest import period_rate
from .late import daily_rate
from .model import Agreement, Books, Charge, Entry, EntryKind, Instalment, Share
from .parts import KINDS
from .recalculated import Drawing
from .waterfall import rule_for
from .work import Work

RULES: dict[str, tuple[str, str]] = {
    "interest": ("Balance × annual rate × part of a year, stretch by stretch.", "利息 = 计息余额 × 年利率 × 计息年数，分段计算。"),
    "interest.flat": ("Principal lent × annual rate × part of a year.", "利息 = 放款本金 × 年利率 × 计息年数。"),
    "principal": ("What the instalment repays of the principal.", "本期应还本金。"),
    "credited": ("Owed again: a payment bounced, or money was paid back.", "因还款撤回或退款而重新应还。"),
    "penalty": ("Overdue amount × days late × daily penalty rate, rounded once.", "罚息 = 逾期金额 × 逾期天数 × 日罚息率，一次取整。"),
    "charge": ("A charge that falls due with this instalment.", "本期到期的费用。"),
    "fee": ("A fee of the product.", "产品约定的费用。"),
    "premium": ("The guarantor's premium.", "担保费。"),
    "paid": ("Settled by a payment, in the order of the waterfall.", "由还款按冲还顺序结清。"),
    "waived": ("Given up by the lender.", "已减免。"),
    "written_off": ("Written off.", "已核销。"),
    "outstanding": ("Due less what was paid, waived and written off.", "未还 = 应还 − 已还 − 减免 − 核销。"),
    "split": ("Part of the money that settled this instalment.", "用于结清该期的金额。"),
    "overpaid": ("Settled nothing, or met from money paid in excess.", "未冲抵任何欠款，或由多付款项支付。"),
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days on one balance: `interest` in minor units."""

    start: date
    end: date
    balance: int
    rate: Fraction
    """Interest of the whole stretch on one unit."""
    interest: int


@dataclass(frozen=True, slots=True)
class _Teller:
    """Writes sums in the loan's currency and the reader's language."""

    books: Books
    language: str

    def money(self, minor: int) -> Money:
        return Money(minor, self.books.agreement.principal.currency)

    def say(self, what: str, minor: int, worked: str, rule: str, clause: str = "") -> Explained:
        english, chinese = RULES[rule]
        clauses = self.books.agreement.product.clauses
        words = chinese if self.language.startswith("zh") else english
        return Explained(what, self.money(minor), worked, words, clauses.get(clause or rule.split(".")[0], ""))


def explain_instalment(agreement: Agreement, events: Sequence[Event], *, on: date, number: int, language: str = "en") -> list[Explained]:
    """What instalment `number` consists of on `on`, and what became of it. Raises StopIteration when there is none of that number."""
    known = [event for event in events if event.recorded <= on]
    work, books = fold(agreement, known, on), replay(agreement, known, on=on)
    instalment = next(i for i in books.instalments if i.number == number)
    teller = _Teller(books, language)
    dues = [
        *_interest(work, teller, instalment),
        *_principal(teller, instalment),
        *_charges(teller, instalment),
        *_penalty(work, teller, instalment),
    ]
    return [
        one for one in [*dues, *_settled(teller, instalment), _left(teller, instalment)] if one.amount.minor or one.what == "outstanding"
    ]


def explain_entry(books: Books, event: str, language: str = "en") -> list[Explained]:
    """How the money of one transaction was split. Raises StopIteration when there is no such transaction."""
    entry = next(entry for entry in books.entries if entry.event == event)
    teller = _Teller(books, language)
    rows = [_share(teller, entry, share, name) for share in entry.shares for name in share.parts.by_name if share.parts.by_name[name]]
    if entry.overpaid:
        rows.append(teller.say("overpaid", entry.overpaid, f"{teller.money(entry.overpaid)}", "overpaid", "waterfall"))
    return rows


def order_of(work: Work, entry: Entry) -> Waterfall:
    """The order in which an entry's money settled what was owed."""
    return rule_for(work, entry.kind.value)


def stretches(work: Work, instalment: Instalment) -> list[Stretch]:
    """The runs of days that an instalment's interest is counted over."""
    if work.progress is not None and instalment.due in {period.due for period in work.progress.model.periods}:
        period = work.progress.model.period(instalment.due)
        return [Stretch(s.start, s.end, s.balance, Fraction(s.factor), s.interest) for s in period.stretches if s.end > s.start]
    if work.follows_payments:
        drawn = Drawing(work.terms, work.events, work.on)
        drawn.draw()
        return [Stretch(*run) for run in drawn.runs.get((instalment.start, instalment.due), [])]
    return [_whole(work, instalment)]


def _whole(work: Work, instalment: Instalment) -> Stretch:
    flat = work.product.method is Method.FLAT
    lent = sum(t.amount - work.terms.down_payment(t.amount) for t in work.terms.tranches if t.on < instalment.due)
    before = sum(line.amounts.principal - line.credited.principal for line in work.lines if line.regular and line.due < instalment.due)
    rate = period_rate(work.terms, work.terms.rate, instalment.start, instalment.due)
    return Stretch(instalment.start, instalment.due, lent if flat else lent - before, rate, instalment.amounts.interest)


def _interest(work: Work, teller: _Teller, i: Instalment) -> list[Explained]:
    own = i.amounts.interest - i.credited.interest
    if not own:
        return []
    worked = " + ".join(f"{teller.money(s.balance)} × {_share_of(work, s)}" for s in stretches(work, i))
    rule = "interest.flat" if work.product.method is Method.FLAT else "interest"
    return [teller.say("interest", own, f"{worked} = {teller.money(own)}", rule)]


def _share_of(work: Work, stretch: Stretch) -> str:
    year = work.product.day_count.year
    if work.product.accrual is Accrual.DAILY and year != "actual" and work.progress is None:
        return f"{work.agreement.rate:f} × {(stretch.end - stretch.start).days}/{year}"
    return _decimal(stretch.rate)


def _decimal(value: Fraction) -> str:
    with localcontext(prec=12):
        return f"{(Decimal(value.numerator) / Decimal(value.denominator)).normalize():f}"


def _principal(teller: _Teller, i: Instalment) -> list[Explained]:
    planned = i.amounts.principal - i.credited.principal
    interest = i.amounts.interest - i.credited.interest
    worked = f"{teller.money(planned + interest)} − {teller.money(interest)}" if interest else ""
    said = f"{worked} = {teller.money(planned)}" if worked else f"{teller.money(planned)}"
    again = teller.say("credited", i.credited.total, f"{teller.money(i.credited.total)}", "credited", "waterfall")
    return [teller.say("principal", planned, said, "principal", "schedule"), again]


def _charges(teller: _Teller, i: Instalment) -> list[Explained]:
    rows, added = [], 0
    for charge in teller.books.charges:
        for share in charge.shares:
            if share.number == i.number:
                rows.append(_charge(teller, charge, share))
                added += share.parts.fee
    own = {"fee": i.amounts.fee - i.credited.fee - added, "premium": i.amounts.premium - i.credited.premium}
    return rows + [teller.say(kind, amount, f"{teller.money(amount)}", kind) for kind, amount in own.items()]


def _charge(teller: _Teller, charge: Charge, share: Share) -> Explained:
    amount = share.parts.total
    rate = f"{charge.rate:f}" if charge.base != "flat" else f"{teller.money(amount)}"
    return teller.say(charge.code, amount, f"{rate} ({charge.base}) = {teller.money(amount)}", "charge", "fee")


def _penalty(work: Work, teller: _Teller, i: Instalment) -> list[Explained]:
    worked = f"{_decimal(Fraction(i.late_unit_days, 100))} × {_decimal(daily_rate(work))} = {teller.money(i.penalty_interest)}"
    return [teller.say("penalty", i.penalty_interest, worked, "penalty")]


def _settled(teller: _Teller, i: Instalment) -> list[Explained]:
    rows = []
    for entry in teller.books.entries:
        amount = sum(share.parts.total for share in entry.shares if share.number == i.number)
        if amount and not entry.reversed and entry.kind is not EntryKind.WRITE_OFF:
            sign = -amount if entry.kind is EntryKind.CASH_REFUND else amount
            rows.append(teller.say(f"paid {entry.on}", sign, f"{teller.money(amount)} / {teller.money(entry.amount)}", "paid", "waterfall"))
    given = [
        teller.say(kind, getattr(i, kind).total, f"{teller.money(getattr(i, kind).total)}", kind, "waterfall")
        for kind in ("waived", "written_off")
    ]
    return rows + given


def _left(teller: _Teller, i: Instalment) -> Explained:
    terms = [i.amounts.total, i.paid.total, i.waived.total, i.written_off.total]
    worked = " − ".join(f"{teller.money(amount)}" for amount in terms[:1] + [t for t in terms[1:] if t])
    return teller.say("outstanding", i.outstanding.total, f"{worked} = {teller.money(i.outstanding.total)}", "outstanding", "schedule")


def _share(teller: _Teller, entry: Entry, share: Share, name: str) -> Explained:
    amount = share.parts.by_name[name]
    return teller.say(f"{name} {share.number}", amount, f"{teller.money(amount)} / {teller.money(entry.amount)}", "split", "waterfall")


__all__ = ["KINDS", "Explained", "Stretch", "explain_entry", "explain_instalment", "order_of", "stretches"]
