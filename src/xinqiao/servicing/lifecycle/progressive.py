"""Interest on instalments that are worked out anew as things happen: the interest model kept in step with a loan's lines. Pure within
`replay`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import pairwise

from xinqiao.kit import Money

from ..interest import InterestModel
from ..product.model import Kind, Unit
from .line import Line
from .model import LineKind
from .parts import Parts
from .terms import Terms


class Model(InterestModel):
    """The interest model, and what it owes again when money goes back."""

    __slots__ = ()

    def _settle_up(self) -> None:
        """As the model does; where the last instalment cannot take all that was saved, those before it take the rest, the latest first."""
        InterestModel._settle_up(self)
        for period in reversed(self.periods):
            if period.emi >= period.paid:
                continue
            period.emi = period.paid
            InterestModel._settle_up(self)

    def credit(self, due: date, on: date, parts: Parts) -> None:
        """Principal and interest owed again with the period due on `due`; the principal bears interest from `on`."""
        index = self._index(on)
        if index is not None:
            self._cut(index, on).disbursed += parts.principal
        else:
            self.period(due).stretches[0].disbursed += parts.principal
        self.period(due).emi += parts.principal + parts.interest
        self._set_factors(self.periods)
        self._settle_up()


@dataclass(slots=True)
class Progress:
    """The model with the lines that it fills."""

    model: Model
    follows_payments: bool
    """Interest is counted anew from what was paid and when; else the plan stands."""
    until_due: bool
    """An early settlement pays the interest of the whole current period."""
    always_until_due: bool
    lines: dict[date, Line] = field(default_factory=dict)
    counted_until: date | None = None
    settling: bool = False
    """The payment at hand settles the loan."""

    def attach(self, lines: list[Line]) -> None:
        periods = {period.due for period in self.model.periods}
        self.lines = {line.due: line for line in lines if line.kind in (LineKind.REGULAR, LineKind.RE_AGED) and line.due in periods}

    def holds(self, line: Line) -> bool:
        return self.lines.get(line.due) is line

    def fill(self, on: date) -> None:
        """Bring the lines' principal and interest in step with the model."""
        for period in self.model.periods:
            line = self.lines.get(period.due)
            if line is not None and (period.principal, period.interest) != (line.amounts.principal, line.amounts.interest):
                line.amounts += Parts(interest=period.interest - line.amounts.interest, principal=period.principal - line.amounts.principal)
                line.note_met(on)

    def disburse(self, on: date, amount: int) -> None:
        self.model.add_disbursement(on, Money(amount, self.model.currency))
        self.fill(on)

    def change_rate(self, on: date, rate: Fraction, told: date) -> None:
        from decimal import Decimal

        self.model.change_rate(on, Decimal(rate.numerator) / Decimal(rate.denominator))
        self.fill(told)

    def credit(self, line: Line, parts: Parts, on: date) -> None:
        self.model.credit(line.due, on, parts)
        line.credited += parts
        line.amounts += Parts(parts.penalty, parts.fee, parts.premium)
        self.fill(on)
        line.settle_up(on)

    def count_until(self, on: date) -> None:
        """Let principal past due bear interest until `on`, where it was not counted yet."""
        if not self.follows_payments:
            return
        since = self.counted_until or self.model.periods[0].start
        dues = [period.due for period in self.model.periods if since < period.due < on]
        for start, end in pairwise([since, *dues, on] if since < on else []):
            late = sum(max(0, p.principal - p.paid_principal) for p in self.model.periods if p.due <= start and not p.settled)
            if late:
                self._correct(start, late)
                self._correct(end, -late)
        self.counted_until = max(since, on)
        self.fill(on)

    def _correct(self, on: date, amount: int) -> None:
        self.model.add_balance_correction(on, Money(amount, self.model.currency))

    def begin(self, amount: int, on: date) -> None:
        """Before a payment: late interest through its day, and whether it settles the loan."""
        self.count_until(on)
        current = next((period for period in self.model.periods if period.start <= on < period.due), None)
        self.settling = current is not None and amount >= self.model.payoff(current.due).total.minor

    def pay(self, line: Line, kind: Kind, amount: int, on: date) -> int:
        """Pay principal or interest of a line; ahead of its time it owes interest only to the day that counts."""
        day = self._counting_day(line, on)
        if on < line.due:
            self._ask(line, kind, day)
        taken = line.pay(kind, amount, on)
        money = Money(taken, self.model.currency)
        if kind is Kind.PRINCIPAL:
            self.model.pay_principal(line.due, day, money)
        else:
            self.model.pay_interest(line.due, day, money)
        self.fill(on)
        return taken

    def unpay(self, line: Line, kind: Kind, amount: int, on: date) -> int:
        taken = line.unpay(kind, amount, on)
        money = Money(-taken, self.model.currency)
        if kind is Kind.PRINCIPAL:
            self.model.pay_principal(line.due, on, money)
        else:
            self.model.pay_interest(line.due, on, money)
        self.fill(on)
        return taken

    def _ask(self, line: Line, kind: Kind, day: date) -> None:
        due = self.model.due_amounts(line.due, day)
        owed = due.interest.minor if kind is Kind.INTEREST else self._principal_asked(line, due.principal.minor)
        line.amounts += Parts.of(kind, owed - line.amounts[kind])

    def _principal_asked(self, line: Line, planned: int) -> int:
        """What is planned, up to all that is left; the last line that still owes principal asks for that."""
        left = line.paid.principal + self.unpaid_principal
        others = any(other.owed(Kind.PRINCIPAL) for other in self.lines.values() if other is not line)
        return min(planned, left) if others else left

    @property
    def unpaid_principal(self) -> int:
        lent = sum(stretch.disbursed for period in self.model.periods for stretch in period.stretches)
        return lent - sum(period.paid_principal for period in self.model.periods)

    def _counting_day(self, line: Line, on: date) -> date:
        whole = self.until_due and (self.always_until_due or self.settling)
        return line.due if whole and line.start <= on < line.due else on


def progress(terms: Terms, lines: list[Line]) -> Progress | None:
    """The interest model of a loan whose instalments are worked out anew; None when it bears no interest."""
    product, rule = terms.product, terms.product.recalculation
    regular = [line for line in lines if line.kind is LineKind.REGULAR]
    if not terms.grows or not terms.rate or not regular:
        return None
    model = Model(
        [(line.start, line.due) for line in regular],
        terms.agreement.rate,
        product.day_count,
        product.every,
        product.currency,
        product.rounding,
    )
    until_due = rule is not None and rule.early_settlement_until == "rest"
    same = rule is not None and (rule.rest_same_as_period or (rule.rest is not None and rule.rest.unit is not Unit.DAYS))
    kept = Progress(model, rule is not None, until_due, same)
    kept.attach(lines)
    return kept
