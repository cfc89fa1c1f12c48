"""What holds for every product and every order of events: no minor unit appears or vanishes, and only the events decide."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from xinqiao.servicing.lifecycle import Books, replay
from xinqiao.servicing.lifecycle import events as e
from xinqiao.servicing.lifecycle.what_if import payoff

from .lives import Life, lent, life

SEEDS = st.integers(0, 10**6)
LIVES = SEEDS.map(life)
few = settings(deadline=None, max_examples=60)


def end(events: list[e.Event]) -> date:
    return max(event.recorded for event in events)


def money_in(books: Books) -> int:
    kinds = set(e.PaymentKind) | {"early_settlement", "compensation"}
    return sum(entry.amount for entry in books.entries if entry.kind.value in kinds and not entry.reversed)


def money_out(books: Books) -> int:
    return sum(
        entry.amount for entry in books.entries if entry.kind.value in ("chargeback", "credit_refund", "cash_refund") and not entry.reversed
    )


@few
@given(LIVES)
def test_principal_due_is_principal_lent_and_what_is_owed_again(story: Life) -> None:
    agreement, events = story
    books = replay(agreement, events, on=end(events))
    assert books.due.principal == books.disbursed + sum(i.credited.principal for i in books.instalments)
    assert books.paid.principal + books.written_off.principal + books.outstanding.principal == books.due.principal


@few
@given(LIVES)
def test_no_minor_unit_appears_or_vanishes(story: Life) -> None:
    """What is owed less what was paid in excess is: all dues, less what was forgiven, plus money out, less money in."""
    agreement, events = story
    books = replay(agreement, events, on=end(events))
    dues = books.due.total - sum(i.credited.total for i in books.instalments)
    assert books.outstanding.total - books.overpaid == dues - books.waived.total + money_out(books) - money_in(books)
    assert books.overpaid >= 0
    assert all(amount >= 0 for i in books.instalments for amount in i.outstanding.amounts)
    assert all(entry.parts.total + entry.overpaid == entry.amount for entry in books.entries if entry.kind.value in set(e.PaymentKind))


@few
@given(LIVES, st.randoms(use_true_random=False))
def test_the_order_of_recording_does_not_matter_between_days(story: Life, random: Random) -> None:
    agreement, events = story
    days = sorted({event.on for event in events})
    random.shuffle(days)
    numbered = sorted((event for event in events if not isinstance(event, e.Reversed)), key=lambda ev: (days.index(ev.on), ev.order))
    shuffled = [replace(event, order=n) for n, event in enumerate(numbered)]
    plain = [event for event in events if not isinstance(event, e.Reversed)]
    on = end(events)
    mine, theirs = replay(agreement, plain, on=on), replay(agreement, shuffled, on=on)
    assert mine.instalments == theirs.instalments
    assert {entry.event: entry for entry in mine.entries} == {entry.event: entry for entry in theirs.entries}


@few
@given(LIVES, st.data())
def test_a_reversal_undoes_exactly(story: Life, data: st.DataObject) -> None:
    agreement, events = story
    on, order = end(events), max(event.order for event in events) + 1
    day = data.draw(st.dates(events[0].on, on))
    payment = e.Paid(id="again", on=day, order=order, amount=data.draw(st.integers(1, 100_000)), recorded_on=on)
    undone = e.Reversed(id="back", on=on, order=order + 1, of="again")
    before, after = replay(agreement, events, on=on), replay(agreement, [*events, payment, undone], on=on)
    assert (before.instalments, before.overpaid, before.status) == (after.instalments, after.overpaid, after.status)
    assert [entry for entry in after.entries if entry.event != "again"] == list(before.entries)
    assert next(entry for entry in after.entries if entry.event == "again").reversed


@few
@given(LIVES, st.integers(1, 40))
def test_closing_every_day_gives_the_books_of_closing_once(story: Life, days: int) -> None:
    agreement, events = story
    last, order = end(events), max(event.order for event in events)
    closes = [e.DayClosed(id=f"close{n}", on=last + timedelta(n), order=order + n, recalculated=True) for n in range(1, days + 1)]
    on = last + timedelta(days)
    assert replay(agreement, [*events, *closes], on=on).instalments == replay(agreement, [*events, closes[-1]], on=on).instalments


@few
@given(LIVES)
def test_books_of_a_day_need_only_what_was_recorded_by_then(story: Life) -> None:
    agreement, events = story
    for day in sorted({event.recorded for event in events}):
        by_then = [event for event in events if event.recorded <= day]
        if any(isinstance(event, e.Disbursed) for event in by_then):
            assert replay(agreement, events, on=day) == replay(agreement, by_then, on=day)


@few
@given(SEEDS.map(lent), st.integers(0, 400))
def test_the_payoff_closes_the_loan(loan: Life, days: int) -> None:
    agreement, events = loan
    on = end(events) + timedelta(days)
    sum_ = payoff(agreement, events, on=on).total
    books = replay(agreement, [*events, e.SettledEarly(id="s", on=on, order=99, amount=sum_)], on=on)
    assert (books.status, books.outstanding.total, books.overpaid) == ("closed", 0, 0)
    assert books.paid.principal == books.disbursed
