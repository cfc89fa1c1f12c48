"""Instalments as planned: for a standing schedule with their amounts, for one that is built as things happen with their dates alone. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from ..product.model import Amortisation, Convention, Method, Remainder
from ..schedule.dates import shift
from .events import RateChanged, Rescheduled, Skipped
from .generated import generated
from .interest import level_instalment, period_interest, term_interest
from .line import Line, renumber
from .model import LineKind, Tranche
from .parts import Parts
from .rounding import to_multiple, whole
from .terms import Terms, due_dates, instalment_fees


@dataclass(frozen=True, slots=True)
class Slot:
    """A regular instalment's place."""

    start: date
    due: date
    principal_free: bool = False
    interest_deferred: bool = False
    replan: bool = False
    """Amounts are spread anew from here on."""
    rate: Fraction | None = None
    """A new rate from here on."""


def slots(terms: Terms) -> list[Slot]:
    """Where regular instalments fall, after every change of terms."""
    start, places = terms.started if not terms.product.due_from_application else terms.anchor, []
    for due in due_dates(terms, terms.agreement.count):
        places.append(Slot(start, due))
        start = due
    for change in terms.changes:
        if isinstance(change, Rescheduled):
            places = _rescheduled(places, change, terms)
        elif isinstance(change, Skipped):
            places = _moved(places, change.due, shift(change.due, terms.product.every), terms)
        elif isinstance(change, RateChanged):
            places = _repriced(places, change)
    while places[-1].due < terms.tranches[-1].on:
        places = _extended(places, 1, terms)
    return places


def _repriced(places: list[Slot], change: RateChanged) -> list[Slot]:
    """A new rate holds from the first period that starts on its day or later."""
    at = next((i for i, slot in enumerate(places) if slot.start >= change.on), None)
    if at is not None:
        places[at] = replace(places[at], rate=Fraction(change.annual_rate), replan=True)
    return places


def _rescheduled(places: list[Slot], change: Rescheduled, terms: Terms) -> list[Slot]:
    at = next((i for i, slot in enumerate(places) if slot.due >= change.from_due), None)
    if at is None:
        return places
    extra = change.extra_instalments + change.grace_principal
    longer = _extended(places, extra, terms)
    head, tail = longer[:at], longer[at:]
    rate = None if change.annual_rate is None else Fraction(change.annual_rate)
    tail = [
        Slot(
            slot.start,
            slot.due,
            slot.principal_free or number < change.grace_principal,
            slot.interest_deferred or number < change.grace_interest,
            slot.replan or (number == 0 and bool(change.extra_instalments or rate is not None)),
            rate if number == 0 and rate is not None else slot.rate,
        )
        for number, slot in enumerate(tail)
    ]
    places = head + tail
    return _moved(places, places[at].due, change.move_to, terms) if change.move_to else places


def _extended(places: list[Slot], extra: int, terms: Terms) -> list[Slot]:
    places = list(places)
    for _ in range(extra):
        places.append(Slot(places[-1].due, shift(places[-1].due, terms.product.every)))
    return places


def _moved(places: list[Slot], due: date, to: date, terms: Terms) -> list[Slot]:
    """The instalment due on `due` and those after it, counted from its new day."""
    moved, start, number = [], None, 0
    for slot in places:
        if slot.due >= due:
            day = shift(to, terms.product.every, number)
            start, number = start or slot.start, number + 1
            slot = Slot(start, day, slot.principal_free, slot.interest_deferred, slot.replan, slot.rate)
            start = day
        moved.append(slot)
    return moved


def dated(terms: Terms) -> list[Line]:
    """Lines without amounts, down payments among them; they fill up as tranches go out."""
    regular = [Line(0, slot.start, slot.due) for slot in slots(terms)]
    lines = [*regular, *(_down_payment_line(tranche) for tranche in terms.tranches if terms.product.down_payment)]
    lines.sort(key=lambda line: (line.due, line.down_payment if line.due > terms.started else not line.down_payment))
    renumber(lines)
    return lines


def standing(terms: Terms) -> list[Line]:
    """Lines of a schedule that stands until it is made anew."""
    return with_down_payments(terms, list(_amounts(terms)) if plain(terms) else generated(terms))


def plain(terms: Terms) -> bool:
    """Level totals or level principal and nothing else: drawn here, tranche by tranche and change by change; other shapes by the generator."""
    product = terms.product
    shaped = product.amortisation not in (Amortisation.EQUAL_INSTALMENTS, Amortisation.EQUAL_PRINCIPAL)
    odd = product.first_due_after is not None or (product.due_from_application and terms.rate)
    dated_apart = product.business_days.convention is not Convention.NONE or terms.agreement.first_due is not None or odd
    return not (shaped or instalment_fees(product) or dated_apart or product.repricing or _refined(terms))


def _refined(terms: Terms) -> bool:
    """Rounding or grace that only the generator knows."""
    product = terms.product
    with_interest = product.rounding.even_out or product.grace.interest_free > 0
    return product.rounding.remainder is not Remainder.LAST or (with_interest and terms.rate > 0)


def with_down_payments(terms: Terms, lines: list[Line]) -> list[Line]:
    lines += [_down_payment_line(tranche, terms.down_payment(tranche.amount)) for tranche in terms.tranches if terms.product.down_payment]
    lines.sort(key=lambda line: (line.due, not line.down_payment))
    renumber(lines)
    return lines


def _down_payment_line(tranche: Tranche, amount: int = 0) -> Line:
    return Line(0, tranche.on, tranche.on, LineKind.DOWN_PAYMENT, Parts(principal=amount))


def _amounts(terms: Terms) -> Iterator[Line]:
    plan = _Plan(terms)
    places = plan.places
    for index, slot in enumerate(places):
        last = index == len(places) - 1
        principal, interest = plan.period(slot, remaining=sum(not s.principal_free for s in places[index:]), last=last, index=index)
        yield Line(0, slot.start, slot.due, LineKind.REGULAR, Parts(interest=interest, principal=principal))


class _Plan:
    """Walks the instalments of a standing schedule."""

    def __init__(self, terms: Terms) -> None:
        self.terms, self.product = terms, terms.product
        self.rate = terms.rate
        self.places = slots(terms)
        self.first = self.places[0]
        self.lent = self.repaid = 0
        self.counted: set[str] = set()
        self.deferred = 0
        self.still_to_earn = 0
        """Flat interest of the instalments to come."""
        self.level: int | None = None
        self.paying = terms.agreement.count - self.product.grace.principal
        self.lent_before = 0
        """What had been repaid when amounts were last spread anew."""

    @property
    def owed(self) -> int:
        return self.lent - self.repaid

    def period(self, slot: Slot, *, remaining: int, last: bool, index: int) -> tuple[int, int]:
        drew = self._draw(slot, index)
        if slot.rate is not None:
            self.rate = slot.rate
        free = slot.principal_free or index < self.product.grace.principal
        interest = self._interest(slot, index, last)
        if drew or slot.replan or self.level is None:
            self._replan(slot, remaining - max(0, self.product.grace.principal - index))
        due = self._due_interest(index, interest, last)
        principal = 0 if free else self.owed if last else self._principal(due if self.product.method is Method.FLAT else interest)
        self.repaid += principal
        return principal, due

    def _draw(self, slot: Slot, index: int) -> bool:
        """Tranches that go out by the slot's due date count from it on; True when there was one after the first instalment."""
        news = [t for t in self.terms.tranches if t.event not in self.counted and (t.on <= slot.due or t is self.terms.tranches[0])]
        self.counted |= {t.event for t in news}
        self.lent += sum(t.amount - self.terms.down_payment(t.amount) for t in news)
        return bool(news)

    def _interest(self, slot: Slot, index: int, last: bool) -> int:
        if index < self.product.grace.interest_free or not self.rate:
            return 0
        if self.product.method is Method.FLAT:
            total = term_interest(self.terms, sum(t.amount for t in self.terms.tranches), self.rate)
            share = whole(Fraction(total, self.terms.agreement.count))
            self.still_to_earn = total - share * (index + 1)
            return total - share * (self.terms.agreement.count - 1) if last else share
        return whole(period_interest(self.terms, self.owed, self.rate, slot.start, slot.due))

    def _due_interest(self, index: int, interest: int, last: bool) -> int:
        """Interest whose payment is put off falls due with the first instalment after; level flat instalments share it among them all."""
        self.deferred += interest
        if self._put_off(index) and not last:
            return 0
        due = self.deferred
        if (
            due > interest
            and not last
            and self.product.method is Method.FLAT
            and self.product.amortisation is Amortisation.EQUAL_INSTALMENTS
        ):
            sharing = sum(not self._put_off(later) for later in range(index, len(self.places)))
            due = whole(Fraction(self.deferred + self.still_to_earn, sharing))
        self.deferred -= due
        return due

    def _put_off(self, index: int) -> bool:
        return self.places[index].interest_deferred or index < self.product.grace.interest_payment

    def _replan(self, slot: Slot, remaining: int) -> None:
        """The level payment, or the level principal, from this instalment on."""
        if not self._level_principal:
            self.level = level_instalment(self.terms, self.owed, self.rate, remaining, self.first.start, self.first.due)
            return
        if slot.replan:
            self.paying, self.lent_before = remaining, self.repaid
        even = Fraction(self.lent - self.lent_before, self.paying)
        self.level = whole(even) if self.product.method is Method.DECLINING and self.rate else to_multiple(even, self.product)

    @property
    def _level_principal(self) -> bool:
        """Whether each instalment repays alike, whatever its interest."""
        return self.product.method is Method.FLAT or not self.rate or self.product.amortisation is Amortisation.EQUAL_PRINCIPAL

    def _principal(self, interest: int) -> int:
        wanted = self.level if self._level_principal else self.level - interest
        if self.product.method is Method.FLAT and self.product.rounding.instalment_multiple is not None:
            wanted += to_multiple(interest, self.product) - interest  # the whole instalment is a multiple, not its principal alone
        return min(max(wanted, 0), self.owed)
