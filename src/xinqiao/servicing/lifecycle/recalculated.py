"""A standing schedule whose interest follows what was really paid, and when. Pure.

The schedule is drawn instalment by instalment; payments are laid on it as it grows. Principal paid ahead of its time stops bearing
interest from the day it counts (the product's rest), principal past due bears it until it is paid, or until the day of drawing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from ..daycount import fraction
from ..product.model import Accrual, Advance, Amortisation, Kind, Method, Recalculation, Settlement, Unit
from ..schedule.dates import shift
from . import events as e
from .charges import opened, place
from .interest import level_instalment, per_period
from .late import age
from .line import Line, renumber
from .model import LineKind
from .parts import NOTHING, Parts
from .plan import Slot, slots
from .product_fees import instalment_fees_of
from .rounding import whole
from .settlement import cooling
from .terms import Terms
from .waterfall import rule_for, settle
from .work import Work

DAY = timedelta(1)


@dataclass(frozen=True, slots=True)
class Money:
    """A payment, or what is left of it once earlier instalments took their part."""

    on: date
    amount: int
    rule: str


def recalculated(terms: Terms, events: Sequence[e.Event], today: date) -> list[Line]:
    """Regular lines as drawn on `today`, from the events in force."""
    return Drawing(terms, events, today).draw()


def payments(events: Sequence[e.Event]) -> list[Money]:
    found = []
    for event in events:
        match event:
            case e.Paid() if event.kind is not e.PaymentKind.RECOVERY:
                found.append(Money(event.on, event.amount, event.kind.value))
            case e.SettledEarly():
                found.append(Money(event.on, event.amount, "early_settlement"))
            case e.Compensated():
                found.append(Money(event.on, event.amount, "compensation"))
            case e.ChargeAdjusted():
                found.append(Money(event.on, event.amount, "charge_adjustment"))
    return found


class Drawing:
    """One pass over the periods."""

    def __init__(self, terms: Terms, events: Sequence[e.Event], today: date) -> None:
        self.terms, self.product, self.today = terms, terms.product, today
        self.rule: Recalculation = terms.product.recalculation or Recalculation()
        self.rate = terms.rate
        self.waiting = payments(events)
        self.charges = [event for event in events if isinstance(event, e.ChargeAdded)]
        self.scratch = Work(terms.agreement, terms, today, [], events=tuple(events))
        self.moves: dict[date, int] = defaultdict(int)
        """By day, how the balance that bears interest changes."""
        self.outstanding = 0
        self.level = 0
        self.ahead = 0
        """Principal paid ahead that instalments to come are still to be relieved of."""
        self.late: dict[int, int] = {}
        """By line, principal past due that still bears interest."""
        self.runs: dict[tuple[date, date], list[tuple[date, date, int, Fraction, int]]] = {}
        """By period as last counted: from, to, balance, interest of one unit, interest."""
        self.late_interest: dict[int, int] = {}
        """By line, interest past due that bears interest itself."""
        self.deferred = 0
        self.fees: dict[int, Parts] = {}
        """By line, the product's own fees and premiums."""
        self.places = slots(terms)
        self.reckoned = self._counts_on(today)
        """Until when principal past due is known to bear interest."""

    def draw(self) -> list[Line]:
        for index, slot in enumerate(self.places):
            self._period(index, slot)
            if self.outstanding <= 0 and not self._tranches_after(slot.due):
                break
        self._after_maturity()
        renumber(self.scratch.lines)
        return [Line(0, line.start, line.due, LineKind.REGULAR, self._own(line)) for line in self.scratch.lines if line.regular]

    def _own(self, line: Line) -> Parts:
        """What the product itself puts on a line; charges that were added are laid on it later."""
        return Parts(interest=line.amounts.interest, principal=line.amounts.principal) + self.fees.get(id(line), NOTHING)

    # -- one period

    def _period(self, index: int, slot: Slot) -> None:
        self._draw_tranches(slot, index)
        opening = self.outstanding
        early = self._before_due(index, slot, opening)
        if early is None:
            return
        interest = self._interest(slot.start, slot.due)
        principal = self._principal(index, slot, interest)
        principal, early_used = self._relieved(index, principal, early, interest)
        self.outstanding -= principal - early_used
        if self.outstanding < 0:
            principal, self.outstanding = principal + self.outstanding, 0
        line = self._line(slot, principal, self._due_interest(index, slot, interest), instalment_fees_of(self.terms, index, slot, opening))
        self._change(self._counts_on(slot.due), -(principal - early_used))
        self._on_due(index, slot, line)
        self._note_late(slot, line)
        if slot.start < self.reckoned <= slot.due:
            self._change(self.reckoned, -sum(self.late.values()))
            self.late.clear()

    def _draw_tranches(self, slot: Slot, index: int) -> None:
        first = self.terms.tranches[0]
        since = date.min if index == 0 else slot.start
        news = [t for t in self.terms.tranches if since < t.on <= slot.due or (index == 0 and t is first)]
        for tranche in news:
            down = self.terms.down_payment(tranche.amount)
            if down:
                number = len(self.scratch.lines) + 1
                self.scratch.lines.append(Line(number, tranche.on, tranche.on, LineKind.DOWN_PAYMENT, Parts(principal=down)))
            amount = tranche.amount - down
            self.outstanding += amount
            self._change(tranche.on, amount)
        if news or slot.replan:
            self.rate = slot.rate if slot.rate is not None else self.rate
            self._replan(index)

    def _tranches_after(self, day: date) -> bool:
        return any(tranche.on > day for tranche in self.terms.tranches)

    def _replan(self, index: int) -> None:
        left = len(self.places) - index - max(0, self.product.grace.principal - index)
        if left <= 0:
            return
        if self._by_principal:
            self.level = whole(Fraction(self.outstanding, left))
        else:
            first = self.places[0]
            self.level = level_instalment(self.terms, self.outstanding, self.rate, left, first.start, first.due)

    @property
    def _by_principal(self) -> bool:
        return self.product.amortisation is Amortisation.EQUAL_PRINCIPAL or self.product.method is Method.FLAT or not self.rate

    def _before_due(self, index: int, slot: Slot, opening: int) -> int | None:
        """Lay payments made within the period on the instalments before it; return what they paid of this one ahead of time.

        None when they paid everything that is owed: the loan ends here.
        """
        early, kept = 0, 0
        for money in [m for m in self.waiting if self._counts_on(m.on) < slot.due]:
            left = self._lay(money)
            if not left:
                continue
            fees = self._earned(index, slot, money.on, opening)
            if self._closes(slot, money.on, left + kept, fees.total):
                self._close(slot, money, left, fees, early)
                return None
            due = self._keep(index, slot, left, kept, opening)
            left, kept = left - due, kept + due
            if due:
                self.waiting.append(Money(slot.due, due, money.rule))
            self._change(self._counts_on(money.on), -left)
            early += left
            self.outstanding -= left
            if self.outstanding < 0:
                self._change(self._counts_on(money.on), -self.outstanding)
                early += self.outstanding
                self.outstanding = 0
            if left:
                self.waiting.append(Money(slot.due, left, money.rule))
        return early

    def _keep(self, index: int, slot: Slot, left: int, kept: int, opening: int) -> int:
        """What of a payment ahead of its time is for the running instalment as it stands; it counts when that falls due."""
        if not self.rule.instalment_first:
            return 0
        interest = self._interest(slot.start, slot.due)
        asked = (
            self._principal(index, slot, interest) + interest + self.deferred + instalment_fees_of(self.terms, index, slot, opening).total
        )
        return min(left, max(0, asked - kept))

    def _lay(self, money: Money) -> int:
        """Pay the lines drawn so far; return what is left. What was late stops bearing interest."""
        self.waiting.remove(money)
        age(self.scratch, money.on)
        before = {id(line): line.paid for line in self.scratch.lines}
        _, left = (
            settle(self.scratch, money.amount, money.on, rule_for(self.scratch, money.rule)) if self.scratch.lines else ([], money.amount)
        )
        for line in self.scratch.lines:
            paid = line.paid - before[id(line)]
            if paid.principal and id(line) in self.late:
                self._change(self._counts_on(money.on), -paid.principal)
                self.late[id(line)] -= paid.principal
            if paid.interest and id(line) in self.late_interest:
                self._change(self._counts_on(money.on), -paid.interest)
                self._change(self.reckoned, paid.interest)
        return left

    def _closes(self, slot: Slot, on: date, left: int, fees: int) -> bool:
        return left >= self.outstanding + self._final_interest(slot, on) + fees and on < slot.due

    def _final_interest(self, slot: Slot, on: date) -> int:
        """Up to the day that the product's rule counts to; none within the cooling-off days."""
        if cooling(self.scratch, on):
            return 0
        until = self._settled_on(on, slot)
        whole_period = (slot.start, slot.due) if self.product.settlement is Settlement.EARNED else (slot.start, until)
        return self._interest(slot.start, until, whole_period) + self.deferred

    def _earned(self, index: int, slot: Slot, on: date, opening: int) -> Parts:
        """Of the current period's fees what is earned by the day, where the product settles so."""
        fees = instalment_fees_of(self.terms, index, slot, opening)
        if cooling(self.scratch, on):
            return NOTHING
        if self.product.settlement is not Settlement.EARNED:
            return fees
        part = Fraction((on - slot.start).days, (slot.due - slot.start).days)
        return Parts(*(whole(amount * part) for amount in fees.amounts))

    def _close(self, slot: Slot, money: Money, left: int, fees: Parts, early: int) -> None:
        """The last instalment: all principal, what was paid of it ahead too, and interest to the day that the product's rule counts to."""
        line = self._line(replace(slot, due=money.on), self.outstanding + early, self._final_interest(slot, money.on), fees)
        self.outstanding = 0
        ahead = [other for other in self.waiting if other.on == slot.due]
        for part in [*ahead, Money(money.on, left, money.rule)]:
            self.waiting = [*(other for other in self.waiting if other is not part), part]
            self._lay(part)
        self.deferred = 0
        line.settle_up(money.on)

    def _settled_on(self, on: date, slot: Slot) -> date:
        return min(self._counts_on(on), slot.due) if self.rule.early_settlement_until == "rest" else on

    def _principal(self, index: int, slot: Slot, interest: int) -> int:
        if slot.principal_free or index < self.product.grace.principal:
            return 0
        if index == len(self.places) - 1:
            return self.outstanding
        return max(0, self.level if self._by_principal else self.level - interest)

    def _relieved(self, index: int, principal: int, early: int, interest: int) -> tuple[int, int]:
        """The principal of a period given what was paid ahead; and how much of the latter it had been taken off already."""
        last = index == len(self.places) - 1
        if last:
            return principal + early, early
        relief = min(self.ahead, principal)
        principal, self.ahead = principal - relief, self.ahead - relief
        if self.rule.instalment_first:
            principal = min(principal, self.outstanding)
            if early:
                self._prepaid(index, early, after=self.outstanding - principal)
            return principal + early, early
        if early > principal:
            self._prepaid(index, early - principal, after=self.outstanding)
            principal = early
        return principal, early

    def _prepaid(self, index: int, excess: int, *, after: int) -> None:
        """More principal was paid than the instalment asks: what that does to those to come."""
        if self.rule.advance is Advance.NEXT_REPAYMENTS:
            self.ahead += excess
        elif self.rule.advance is Advance.REDUCE_INSTALMENT:
            kept, self.outstanding = self.outstanding, after
            self._replan(index + 1)
            self.outstanding = kept

    def _line(self, slot: Slot, principal: int, interest: int, fees: Parts = NOTHING) -> Line:
        amounts = Parts(interest=interest, principal=principal) + fees
        line = Line(len(self.scratch.lines) + 1, slot.start, slot.due, LineKind.REGULAR, amounts)
        self.fees[id(line)] = fees
        line.settle_up(None)
        self.scratch.lines.append(line)
        for charge in self.charges:
            within = charge.due is not None and slot.start < charge.due <= slot.due
            if charge.charge not in self.scratch.charges and (within or (charge.due == slot.start and slot == self.places[0])):
                place(self.scratch, opened(charge))
        return line

    def _on_due(self, index: int, slot: Slot, line: Line) -> None:
        """Payments that count on the due date; what they leave over is principal paid ahead with this instalment."""
        for money in [m for m in self.waiting if self._counts_on(m.on) <= slot.due]:
            left = min(self._lay(money), self.outstanding)
            if left:
                line.add(Kind.PRINCIPAL, left, slot.due)
                line.pay(Kind.PRINCIPAL, left, money.on)
                self.outstanding -= left
                self._change(self._counts_on(money.on), -left)
                self._prepaid(index, left, after=self.outstanding)

    def _note_late(self, slot: Slot, line: Line) -> None:
        owed = line.owed(Kind.PRINCIPAL)
        if owed and slot.due < self.reckoned and self.rule.late_bears_interest:
            self.late[id(line)] = owed
            self._change(slot.due, owed)
        interest = line.owed(Kind.INTEREST)
        joins = next(iter(self._compoundings(slot.due - DAY, self.reckoned)), None)
        if interest and joins is not None:
            self.late_interest[id(line)] = interest
            self._change(joins, interest)
            self._change(self.reckoned, -interest)

    # -- interest

    def _change(self, on: date, amount: int) -> None:
        self.moves[on] += amount

    def _counts_on(self, day: date) -> date:
        """The day from which a payment of `day` counts: itself, or the product's next rest day."""
        if self.rule.rest_same_as_period:
            return next((slot.due for slot in self.places if slot.due >= day), day)
        if self.rule.rest is None or (self.rule.rest.unit is Unit.DAYS and self.rule.rest.count == 1):
            return day
        at, number = self.terms.started, 0
        while at < day:
            number += 1
            at = shift(self.terms.started, self.rule.rest, number)
        return at

    def _interest(self, start: date, end: date, whole_period: tuple[date, date] | None = None) -> int:
        """Interest of a stretch, rounded wherever the balance changes; `whole_period` is the one that it is a part of."""
        if not self.rate or end <= start:
            return 0
        moves = dict(self.moves)
        if start < self.reckoned <= end and self.late:
            moves[self.reckoned] = moves.get(self.reckoned, 0) - sum(self.late.values())
        balance = sum(amount for day, amount in moves.items() if day <= start)
        total, at, joined = 0, start, 0
        compound = set(self._compoundings(start, end))
        runs = self.runs[start, end] = []
        for day in sorted({*(d for d in moves if start < d < end), *compound, end}):
            bearing = max(0, balance + joined)
            rate = self._rate(at, day, whole_period or (start, end))
            runs.append((at, day, bearing, rate, whole(bearing * rate)))
            total += runs[-1][-1]
            joined = total if day in compound else joined
            balance += moves.get(day, 0)
            at = day
        return total

    def _rate(self, start: date, end: date, whole_period: tuple[date, date]) -> Fraction:
        """Interest of a stretch on one unit."""
        if self.product.accrual is Accrual.PERIOD:
            part = Fraction((end - start).days, (whole_period[1] - whole_period[0]).days)
            return per_period(self.product.every, self.rate) * part
        return self.rate * fraction(start, end, self.product.day_count)

    def _compoundings(self, start: date, end: date) -> list[date]:
        """Days on which interest joins the balance that bears it."""
        every = self.rule.compound_every
        if every is None or Kind.INTEREST not in self.rule.compounding:
            return []
        first = self.terms.started.replace(day=1) if every.unit is Unit.MONTHS else self.terms.started
        days, number = [], 1
        while (day := shift(first, every, number)) < end:
            number += 1
            if day > start:
                days.append(day)
        return days

    def _due_interest(self, index: int, slot: Slot, interest: int) -> int:
        self.deferred += interest
        if (slot.interest_deferred or index < self.product.grace.interest_payment) and index < len(self.places) - 1:
            return 0
        due, self.deferred = self.deferred, 0
        return due

    def _after_maturity(self) -> None:
        """Interest on what is still owed past the last due date, until the day of drawing."""
        start = self.scratch.last_line().due
        while start < self.today and any(self.late.values()):
            due = min(shift(start, self.product.every), self.today)
            for money in [m for m in self.waiting if m.on <= due]:
                self._lay(money)
            interest = self._interest(start, due)
            if interest:
                self._line(Slot(start, due), 0, interest)
            start = due
