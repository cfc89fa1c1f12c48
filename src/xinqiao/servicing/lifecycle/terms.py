"""What a loan's schedule is made of at a moment: its tranches and its terms, with every change of terms so far. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ..product.model import Amortisation, Convention, FeeTime, Grace, Product
from ..schedule.dates import shift
from .events import Accrued, Approved, DisbursalUndone, Disbursed, Event, RateChanged, Rescheduled, Reversed, Skipped
from .model import Agreement, Tranche
from .rounding import exact, to_multiple


@dataclass(frozen=True, slots=True)
class Terms:
    agreement: Agreement
    tranches: tuple[Tranche, ...]
    changes: tuple[Rescheduled | Skipped | RateChanged, ...] = ()

    @property
    def product(self) -> Product:
        return self.agreement.product

    @property
    def rate(self) -> Fraction:
        return exact(self.agreement.rate)

    @property
    def disbursed(self) -> bool:
        return any(tranche.disbursed for tranche in self.tranches)

    @property
    def started(self) -> date:
        """The day of the first tranche."""
        return self.tranches[0].on

    @property
    def anchor(self) -> date:
        """The day from which due dates are counted."""
        return self.agreement.applied_on if self.product.due_from_application else self.started

    @property
    def grows(self) -> bool:
        """Whether instalments fill up as things happen (tranches, payments, charges in their order); else the schedule is drawn whole."""
        product, agreed = self.product, self.agreement
        level = product.amortisation is Amortisation.EQUAL_INSTALMENTS and product.grace == Grace() and product.repricing is None
        plain = product.business_days.convention is Convention.NONE and agreed.first_due is None
        changes = product.tranches.most > 1 or product.recalculation is not None
        return product.progressive and level and plain and changes and not instalment_fees(product)

    def down_payment(self, amount: int) -> int:
        """What falls due of a tranche on its own day."""
        rule = self.product.down_payment
        return to_multiple(amount * exact(rule.fraction), self.product) if rule else 0


def instalment_fees(product: Product) -> bool:
    """Whether the product itself charges with each instalment."""
    return any(fee.time is FeeTime.INSTALMENT and not fee.penalty for fee in product.fees)


def live(events: Sequence[Event]) -> list[Event]:
    """Events in force: without those reversed or undone, and without the reversals themselves, ordered by day, then as recorded."""
    standing: list[Event] = []
    for event in sorted(events, key=lambda e: e.order):
        if isinstance(event, Reversed):
            standing = [e for e in standing if e.id != event.of]
        elif isinstance(event, DisbursalUndone):
            standing = _undone(standing, event)
        else:
            standing.append(event)
    return sorted(standing, key=lambda e: (e.on, e.order))


def _undone(events: list[Event], event: DisbursalUndone) -> list[Event]:
    tranches = sorted((e for e in events if isinstance(e, Disbursed)), key=lambda e: (e.on, e.order))
    if not tranches:
        return events
    first = tranches[-1] if event.last_only else tranches[0]
    return [e for e in events if not _falls_with(e, first, whole=not event.last_only)]


def _falls_with(event: Event, tranche: Disbursed, *, whole: bool) -> bool:
    """Whether undoing `tranche` takes `event` along: every transaction with the first one, those on or after its day with a later one."""
    if event is tranche:
        return True
    if isinstance(event, Accrued):
        return whole
    if not moves_money(event):
        return False
    return whole or (event.on >= tranche.on and event.order > tranche.order)


def moves_money(event: Event) -> bool:
    from . import events as kinds

    terms = (kinds.Approved, kinds.ChargeAdded, kinds.Rescheduled, kinds.Skipped, kinds.RateChanged)
    return not isinstance(event, (*terms, kinds.Transferred, kinds.Accrued, kinds.DayClosed))


def terms_of(agreement: Agreement, standing: Sequence[Event]) -> Terms:
    """`standing` are events in force. A loan not yet paid out has one expected tranche, so that its schedule can be shown."""
    tranches = tuple(Tranche(e.id, e.on, e.amount) for e in standing if isinstance(e, Disbursed))
    changes = tuple(e for e in standing if isinstance(e, Rescheduled | Skipped | RateChanged))
    return Terms(agreement, tranches or (_expected(agreement, standing),), tuple(sorted(changes, key=lambda e: e.order)))


def _expected(agreement: Agreement, standing: Sequence[Event]) -> Tranche:
    approved = [e for e in standing if isinstance(e, Approved)]
    amount = approved[-1].amount if approved else agreement.principal.minor
    day = next((e.expected_on for e in reversed(approved) if e.expected_on), agreement.expected_on or agreement.applied_on)
    return Tranche("expected", day, amount, disbursed=False)


def due_dates(terms: Terms, count: int) -> list[date]:
    """The first `count` due dates, before any change of terms."""
    product, anchor = terms.product, terms.anchor
    first = shift(anchor, product.first_due_after or product.every)
    if product.first_due_after is None:
        return [shift(anchor, product.every, number) for number in range(1, count + 1)]
    return [shift(first, product.every, number) for number in range(count)]
