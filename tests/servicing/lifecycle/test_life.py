"""What happens to a loan, told in small examples that can be done by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from xinqiao.kit import Money
from xinqiao.servicing.lifecycle import Agreement, Books, Parts, Status, refuse, replay
from xinqiao.servicing.lifecycle import events as e
from xinqiao.servicing.lifecycle.close import accruals
from xinqiao.servicing.lifecycle.errors import LifeRefused
from xinqiao.servicing.lifecycle.what_if import next_dues, payoff, saving
from xinqiao.servicing.product.model import (
    Accrual,
    DayCount,
    Every,
    Grace,
    Kind,
    Late,
    Method,
    Product,
    Recalculation,
    Rounded,
    Tranches,
    Waterfall,
)

JAN = date(2027, 1, 15)


def free(**given: Any) -> Product:
    """No interest: 12.00 in instalments."""
    return Product(**{"code": "free", "instalments": 3, "progressive": False} | given)


def dear(**given: Any) -> Product:
    """12 % a year, by the day, following payments."""
    rules = {
        "code": "dear",
        "instalments": 3,
        "annual_rate": Decimal("0.12"),
        "accrual": Accrual.DAILY,
        "day_count": DayCount("actual", "360"),
    }
    return Product(**rules | {"recalculation": Recalculation(), "progressive": False} | given)


class Life:
    """A loan of 1,200.00 paid out on 15 January 2027, and what is recorded after."""

    def __init__(self, product: Product, amount: int = 120_000, start: date = JAN) -> None:
        self.agreement = Agreement(product=product, principal=Money(amount, product.currency), applied_on=start)
        self.events: list[e.Event] = [e.Disbursed(id="1", on=start, order=1, amount=amount)]

    def then(self, of: type[e.Event], on: date, /, **facts: Any) -> str:
        number = len(self.events) + 1
        event = of(id=str(number), on=on, order=number, recorded_on=max(on, self.events[-1].recorded), **facts)
        refuse(self.agreement, self.events, event)
        self.events.append(event)
        return event.id

    def pay(self, on: date, amount: int, **facts: Any) -> str:
        return self.then(e.Paid, on, amount=amount, **facts)

    def books(self, on: date | None = None) -> Books:
        return replay(self.agreement, self.events, on=on or max(event.recorded for event in self.events))


def dues(books: Books) -> list[tuple[date, int]]:
    return [(i.due, i.amounts.total) for i in books.instalments]


def test_due_dates_keep_the_day_of_the_month_through_february() -> None:
    life = Life(free(instalments=3), start=date(2028, 1, 31))
    assert [i.due for i in life.books().instalments] == [date(2028, 2, 29), date(2028, 3, 31), date(2028, 4, 30)]


@pytest.mark.parametrize(("currency", "parts"), [("JPY", [33, 33, 34]), ("KWD", [33_333, 33_333, 33_334]), ("CNY", [3_333, 3_333, 3_334])])
def test_the_last_instalment_takes_what_rounding_leaves_in_any_currency(currency: str, parts: list[int]) -> None:
    life = Life(free(currency=currency), amount=sum(parts))
    assert [i.amounts.principal for i in life.books().instalments] == parts


def test_a_flat_instalment_comes_to_the_multiple_with_its_interest() -> None:
    rules = {"method": Method.FLAT, "annual_rate": Decimal("0.15"), "rounding": Rounded(instalment_multiple=Decimal(1))}
    life = Life(free(instalments=4, **rules), amount=500_000)
    assert [(i.amounts.principal, i.amounts.interest) for i in life.books().instalments][:2] == [(124_950, 6_250), (124_950, 6_250)]


def test_flat_interest_put_off_is_shared_among_the_instalments_that_pay_interest() -> None:
    life = Life(free(instalments=6, method=Method.FLAT, annual_rate=Decimal("0.12"), grace=Grace(interest_payment=2)))
    assert [i.amounts.interest for i in life.books().instalments] == [0, 0, 1_800, 1_800, 1_800, 1_800]


def test_the_level_payment_by_the_day_does_not_hang_on_the_first_month() -> None:
    levels = {Life(dear(), start=start).books().instalments[0].amounts.total for start in (date(2027, 2, 1), date(2027, 3, 1))}
    assert levels == {40_803}


def test_money_paid_ahead_meets_the_next_instalment_and_the_rest_is_credit() -> None:
    life = Life(free())
    life.pay(date(2027, 2, 1), 130_000)
    books = life.books()
    assert (books.status, books.overpaid, books.in_advance) == (Status.OVERPAID, 10_000, 120_000)
    life.then(e.CreditRefunded, date(2027, 2, 2), amount=10_000)
    assert (life.books().status, life.books().overpaid) == (Status.CLOSED, 0)


def test_a_payment_recorded_late_reorders_history() -> None:
    life = Life(free())
    first = life.pay(date(2027, 3, 20), 40_000)
    life.pay(date(2027, 2, 10), 40_000)
    entries = {entry.event: entry for entry in life.books().entries}
    assert [share.number for share in entries[first].shares] == [2]
    assert [(i.in_advance, i.late) for i in life.books().instalments] == [(40_000, 0), (0, 40_000), (0, 0)]


def test_a_reversed_payment_is_shown_as_it_was_and_counts_for_nothing() -> None:
    life = Life(free())
    bounced = life.pay(date(2027, 2, 15), 40_000)
    life.then(e.Reversed, date(2027, 2, 17), of=bounced)
    shown = next(entry for entry in life.books().entries if entry.event == bounced)
    assert (shown.reversed, shown.parts.principal, life.books().paid.total) == (True, 40_000, 0)


def test_a_charge_back_makes_the_next_instalment_larger() -> None:
    life = Life(free())
    paid = life.pay(date(2027, 2, 15), 40_000)
    life.then(e.ChargedBack, date(2027, 2, 20), of=paid, amount=15_000)
    assert [i.amounts.principal for i in life.books().instalments] == [40_000, 55_000, 40_000]


def test_a_charge_waived_is_met_and_a_charge_after_the_last_due_date_gets_its_own_line() -> None:
    life = Life(free())
    facts = {"code": "late", "amount": Decimal(500), "due": date(2027, 5, 1), "penalty": True}
    life.then(e.ChargeAdded, date(2027, 5, 1), charge="c", **facts)
    assert dues(life.books())[-1] == (date(2027, 5, 1), 500)
    life.then(e.ChargeWaived, date(2027, 5, 3), charge="c")
    last = life.books().instalments[-1]
    assert (last.waived.penalty, last.paid_on) == (500, date(2027, 5, 3))


def test_a_waiver_gives_up_what_is_unpaid_and_shows_what_of_it_was_income() -> None:
    life = Life(free())
    life.then(e.ChargeAdded, JAN, charge="late", code="late", amount=Decimal(2_000), due=date(2027, 1, 20), penalty=True)
    life.events.append(e.Accrued(id="a", on=date(2027, 1, 20), order=3, parts=Parts(penalty=2_000)))
    life.then(e.ChargeWaived, date(2027, 1, 20), charge="late", amount=1_500)
    assert [(entry.amount, entry.parts.penalty) for entry in life.books().entries if entry.charge] == [(1_500, 1_500)]
    assert life.books().charges[0].outstanding == 500


def test_money_paid_in_excess_meets_a_charge_that_comes_later() -> None:
    life = Life(free(progressive=True, tranches=Tranches(2)))
    life.pay(JAN, 123_000)
    life.then(e.ChargeAdded, date(2027, 2, 1), charge="c", code="c", amount=Decimal(2_000), due=date(2027, 2, 1))
    books = life.books()
    assert (books.overpaid, books.outstanding.total, books.charges[0].paid) == (1_000, 0, 2_000)
    assert [(entry.parts.fee, entry.overpaid) for entry in books.entries if entry.parts] == [(2_000, 1_000)]


def test_what_charges_take_first_of_early_money_is_bounded_by_all_that_are_due() -> None:
    order = (Kind.PENALTY, Kind.FEE, Kind.INTEREST, Kind.PRINCIPAL)
    early = Waterfall(late=order, early=(Kind.PRINCIPAL, Kind.PENALTY, Kind.FEE, Kind.INTEREST), early_charges_first=True)
    life = Life(free(waterfalls={"default": early}))
    for name, due, amount in (("old", date(2027, 2, 1), 1_000), ("new", date(2027, 3, 1), 3_000)):
        life.then(e.ChargeAdded, JAN, charge=name, code=name, amount=Decimal(amount), due=due)
    life.pay(date(2027, 2, 20), 45_000)
    assert [i.paid for i in life.books().instalments] == [Parts(fee=1_000, principal=40_000), Parts(fee=1_000, principal=3_000), Parts()]


def test_re_ageing_spreads_the_principal_over_new_instalments() -> None:
    life = Life(free())
    life.pay(date(2027, 2, 15), 40_000)
    life.then(e.ReAged, date(2027, 5, 1), first_due=date(2027, 6, 1), every=Every(), instalments=4)
    assert dues(life.books())[-4:] == [(date(2027, month, 1), 20_000) for month in (6, 7, 8, 9)]
    assert [i.amounts.principal for i in life.books().instalments[:3]] == [40_000, 0, 0]


def test_re_amortising_spreads_what_is_past_due_over_what_is_to_come() -> None:
    life = Life(free())
    life.then(e.ReAmortised, date(2027, 2, 20))
    assert [i.amounts.principal for i in life.books().instalments] == [0, 60_000, 60_000]


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"move_to": date(2027, 3, 25)}, [(date(2027, 2, 15), 40_000), (date(2027, 3, 25), 40_000), (date(2027, 4, 25), 40_000)]),
        ({"extra_instalments": 2}, [(date(2027, 2, 15), 40_000), *[(date(2027, month, 15), 20_000) for month in (3, 4, 5, 6)]]),
        ({"grace_principal": 1}, [(date(2027, month, 15), 0 if month == 3 else 40_000) for month in (2, 3, 4, 5)]),
    ],
)
def test_new_terms_hold_from_the_instalment_on(terms: dict[str, Any], expected: list[tuple[date, int]]) -> None:
    life = Life(free())
    life.then(e.Rescheduled, date(2027, 2, 20), from_due=date(2027, 3, 15), **terms)
    assert dues(life.books()) == expected


def test_a_skipped_payment_puts_the_rest_off_by_a_period() -> None:
    life = Life(free())
    life.then(e.Skipped, date(2027, 3, 1), due=date(2027, 3, 15))
    assert [due for due, _ in dues(life.books())] == [date(2027, 2, 15), date(2027, 4, 15), date(2027, 5, 15)]


def test_a_new_rate_counts_from_the_next_period() -> None:
    life = Life(dear(recalculation=None))
    before = [i.amounts.interest for i in life.books().instalments]
    life.then(e.RateChanged, date(2027, 2, 20), annual_rate=Decimal("0.24"))
    after = [i.amounts.interest for i in life.books().instalments]
    assert after[:2] == before[:2]
    assert after[2] > before[2]


def test_principal_past_due_bears_interest_until_it_is_paid() -> None:
    """1,200.00 from 15 January; 31 days to 15 February: 12.40. Ten days late, the level's principal bears interest ten days longer."""
    on_time, late = Life(dear()), Life(dear())
    level = on_time.books().instalments[0].amounts.total
    on_time.pay(date(2027, 2, 15), level)
    late.pay(date(2027, 2, 25), level)
    assert on_time.books().instalments[0].amounts.interest == 1_240
    more = late.books().instalments[1].amounts.interest - on_time.books().instalments[1].amounts.interest
    assert abs(more - round((level - 1_240) * 0.12 * 10 / 360)) <= 1


def test_paying_ahead_saves_interest_and_settling_saves_all_of_it_to_come() -> None:
    life = Life(dear())
    some = saving(life.agreement, life.events, on=date(2027, 2, 15), amount=80_000)
    whole = saving(life.agreement, life.events, on=date(2027, 2, 15))
    assert 0 < some.interest < whole.interest
    assert whole.after.status is Status.CLOSED
    assert payoff(life.agreement, life.events, on=date(2027, 2, 15)) == Parts(interest=1_240, principal=120_000)


def test_penalty_interest_stops_at_its_cap_and_starts_after_the_grace() -> None:
    late = Late(annual_rate=Decimal("0.36"), grace_days=5, cap_fraction=Decimal("0.001"))
    life = Life(free(late=late))
    assert [life.books(day).outstanding.penalty for day in (date(2027, 2, 20), date(2027, 2, 21))] == [0, 120]
    assert life.books(date(2027, 3, 1)).outstanding.penalty == 120
    uncapped = Life(free(late=Late(annual_rate=Decimal("0.36"), grace_days=5)))
    assert uncapped.books(date(2027, 2, 21)).outstanding.penalty == 40_000 * 6 * 36 // 36_000


def test_a_guarantors_compensation_meets_the_instalment_and_is_owed_to_the_guarantor() -> None:
    life = Life(free())
    life.then(e.Compensated, date(2027, 3, 1), guarantor="g", amount=40_000)
    books = life.books()
    assert (books.subrogated, books.instalments[0].paid_on, books.delinquency.days) == (Parts(principal=40_000), date(2027, 3, 1), 0)
    life.pay(date(2027, 3, 10), 50_000)
    assert (life.books().subrogated.total, life.books().instalments[1].paid.principal) == (0, 10_000)


def test_what_is_written_off_is_no_longer_owed_and_a_recovery_settles_nothing() -> None:
    life = Life(free())
    life.pay(date(2027, 2, 15), 40_000)
    life.then(e.WrittenOff, date(2027, 8, 1))
    life.pay(date(2027, 9, 1), 5_000, kind=e.PaymentKind.RECOVERY)
    books = life.books()
    assert (books.status, books.outstanding.total, books.written_off.principal, books.paid.principal) == (
        Status.WRITTEN_OFF,
        0,
        80_000,
        40_000,
    )


def test_forgiven_penalty_interest_is_waived_and_the_rest_stays() -> None:
    life = Life(free(late=Late(annual_rate=Decimal("0.36"))))
    life.then(e.Forgiven, date(2027, 2, 25), kind=Kind.PENALTY, amount=300)
    first = life.books().instalments[0]
    assert (first.waived.penalty, first.outstanding.penalty) == (300, 100)


def test_the_claim_passes_to_another_funder() -> None:
    life = Life(free())
    life.then(e.Transferred, date(2027, 2, 1), to="second")
    assert (life.books(date(2027, 1, 31)).funder, life.books().funder) == (None, "second")


def test_undoing_the_last_tranche_takes_along_what_followed_it() -> None:
    life = Life(free(tranches=Tranches(2)), amount=60_000)
    life.pay(date(2027, 1, 20), 10_000)
    life.agreement = Agreement(product=life.agreement.product, principal=Money(120_000, "CNY"), applied_on=JAN)
    life.then(e.Disbursed, date(2027, 1, 25), amount=60_000)
    life.pay(date(2027, 1, 26), 5_000)
    life.then(e.DisbursalUndone, date(2027, 1, 27), last_only=True)
    assert (life.books().disbursed, life.books().paid.total) == (60_000, 10_000)


def test_income_is_earned_by_the_day() -> None:
    life = Life(dear(recalculation=None))
    assert accruals(life.books(), on=date(2027, 1, 25)) == [(date(2027, 1, 25), Parts(interest=400))]
    life.then(e.Accrued, date(2027, 1, 25), parts=Parts(interest=400))
    assert accruals(life.books(), on=date(2027, 1, 26)) == [(date(2027, 1, 26), Parts(interest=40))]


def test_next_dues_start_with_the_oldest_unpaid() -> None:
    life = Life(free())
    life.pay(date(2027, 2, 15), 40_000)
    assert [i.number for i in next_dues(life.books(date(2027, 3, 20)))] == [2, 3]


@pytest.mark.parametrize(
    ("kind", "on", "facts", "reason"),
    [
        (e.ChargedBack, date(2027, 2, 20), {"of": "2", "amount": 40_001}, "charge_back_too_large"),
        (e.ChargedBack, date(2027, 2, 20), {"of": "1", "amount": 1}, "no_such_payment"),
        (e.CreditRefunded, date(2027, 2, 20), {"amount": 1}, "refund_too_large"),
        (e.CashRefunded, date(2027, 2, 20), {"amount": 40_001}, "refund_too_large"),
        (e.ReAged, date(2027, 2, 20), {"first_due": date(2027, 6, 1), "every": Every(), "instalments": 2}, "not_matured"),
        (e.ReAmortised, date(2027, 6, 20), {}, "matured"),
        (e.ChargedOff, date(2027, 2, 10), {}, "before_last_entry"),
        (e.Disbursed, date(2027, 2, 20), {"amount": 1}, "too_many_tranches"),
        (e.Reversed, date(2027, 2, 20), {"of": "9"}, "nothing_to_reverse"),
        (e.Paid, date(2027, 1, 14), {"amount": 1}, "before_disbursal"),
        (e.Paid, date(2027, 2, 20), {"amount": 0}, "no_amount"),
        (e.ChargeWaived, date(2027, 2, 20), {"charge": "none"}, "no_such_charge"),
        (e.Compensated, date(2027, 2, 20), {"guarantor": "g", "amount": 80_001}, "compensation_too_large"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(kind: type[e.Event], on: date, facts: dict[str, Any], reason: str) -> None:
    life = Life(free())
    life.pay(date(2027, 2, 15), 40_000)
    with pytest.raises(LifeRefused) as refused:
        life.then(kind, on, **facts)
    assert refused.value.reason == reason
    assert str(refused.value)
    assert refused.value.message("zh")


def test_a_charged_off_loan_takes_no_charge_and_no_second_charge_off() -> None:
    life = Life(free())
    life.then(e.ChargedOff, date(2027, 6, 1))
    assert life.books().charged_off_on == date(2027, 6, 1)
    for kind, facts in ((e.ChargedOff, {}), (e.ChargeAdded, {"charge": "c", "code": "x", "amount": Decimal(1)})):
        with pytest.raises(LifeRefused):
            life.then(kind, date(2027, 6, 2), **facts)
