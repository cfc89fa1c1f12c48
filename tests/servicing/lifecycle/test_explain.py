"""Each number of a loan can be done over from what the explanation says."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.servicing.lending import TERMS
from xinqiao.servicing.lifecycle import replay
from xinqiao.servicing.lifecycle.contracts import agreement_of
from xinqiao.servicing.lifecycle.events import Disbursed, Paid
from xinqiao.servicing.lifecycle.explain import explain_entry, explain_instalment, stretches
from xinqiao.servicing.lifecycle.fold import fold

from .lives import life

LENT = Disbursed(id="d", on=TERMS.start, order=1, amount=TERMS.principal.minor)
PAID = Paid(id="p", on=date(2026, 4, 12), order=2, amount=13_394)


def test_a_late_instalment_is_told_in_full() -> None:
    """Ten days late at 18 % a year: 788.49 x 10 x 18 % / 360 = 3.94; 133.94 was paid and settled penalty, premium, interest, 5.00 principal."""
    told = {one.what: one for one in explain_instalment(agreement_of(TERMS), [LENT, PAID], on=PAID.on, number=1)}
    assert {what: one.amount.minor for what, one in told.items()} == {
        "interest": 10_000,
        "principal": 78_849,
        "premium": 2_500,
        "penalty": 394,
        "paid 2026-04-12": 13_394,
        "outstanding": 78_349,
    }
    assert told["interest"].worked == "10000.00 × 0.01 = 100.00"
    assert told["penalty"].worked == "7884.9 × 0.0005 = 3.94"
    assert told["outstanding"].worked == "917.43 − 133.94 = 783.49"
    assert told["penalty"].clause == agreement_of(TERMS).product.clauses.get("penalty", "")


def test_a_payment_is_told_part_by_part() -> None:
    books = replay(agreement_of(TERMS), [LENT, PAID], on=PAID.on)
    told = {one.what: one.amount.minor for one in explain_entry(books, "p", "zh-CN")}
    assert told == {"penalty 1": 394, "premium 1": 2_500, "interest 1": 10_000, "principal 1": 500}


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6).map(life))
def test_dues_of_every_instalment_add_up_to_what_is_told(story) -> None:
    agreement, events = story
    on = max(event.recorded for event in events)
    books = replay(agreement, events, on=on)
    for instalment in books.instalments:
        told = explain_instalment(agreement, events, on=on, number=instalment.number)
        dues = sum(one.amount.minor for one in told if not one.what.startswith(("paid", "outstanding", "waived", "written_off")))
        assert dues == instalment.amounts.total
        assert told[-1].amount.minor == instalment.outstanding.total


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6).map(life))
def test_interest_that_follows_payments_is_the_sum_of_its_stretches(story) -> None:
    agreement, events = story
    on = max(event.recorded for event in events)
    work = fold(agreement, events, on)
    for instalment in replay(agreement, events, on=on).instalments:
        for run in stretches(work, instalment) if work.follows_payments and work.progress is None else []:
            assert abs(run.interest - run.balance * run.rate) <= Fraction(1, 2)
            assert run.rate <= Fraction(Decimal(agreement.rate)) * Fraction((run.end - run.start).days + 3, 360)
