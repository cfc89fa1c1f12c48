"""The five-category classification: each rule at its edge, the cure period, the arrays equal to the scalars, and what is on record."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from xinqiao.kit import CNY, Database, FixedClock, events, new_id
from xinqiao.servicing import delinquency as d
from xinqiao.servicing.delinquency.grades import NO_FLAG, cure_days
from xinqiao.servicing.rules import GRADES_2023

F, G = d.Flag, d.Grade
DUE = date(2026, 1, 31)
PERSON = UUID(int=7)


@pytest.mark.parametrize(
    ("days", "flags", "grade", "rule"),
    [
        (0, NO_FLAG, G.NORMAL, "none"),
        (1, NO_FLAG, G.SPECIAL_MENTION, "overdue"),
        (7, F.TECHNICAL, G.NORMAL, "technical"),
        (8, F.TECHNICAL, G.SPECIAL_MENTION, "overdue"),
        (90, NO_FLAG, G.SPECIAL_MENTION, "overdue"),
        (91, NO_FLAG, G.SUBSTANDARD, "overdue_over_90"),
        (270, NO_FLAG, G.SUBSTANDARD, "overdue_over_90"),
        (271, NO_FLAG, G.DOUBTFUL, "overdue_over_270"),
        (360, NO_FLAG, G.DOUBTFUL, "overdue_over_270"),
        (361, NO_FLAG, G.LOSS, "overdue_over_360"),
        (0, F.RESTRUCTURED, G.SPECIAL_MENTION, "restructured"),
        (0, F.RESTRUCTURED | F.RESTRUCTURED_AGAIN, G.SUBSTANDARD, "restructured_again"),
        (0, F.IMPAIRED, G.SUBSTANDARD, "impaired"),
        (0, F.COMPENSATED, G.SUBSTANDARD, "compensated"),
        (0, F.BANKRUPT, G.LOSS, "bankrupt"),
        (0, F.CHARGED_OFF, G.LOSS, "charged_off"),
        (300, F.RESTRUCTURED, G.DOUBTFUL, "overdue_over_270"),
        (3, F.COMPENSATED | F.TECHNICAL, G.SUBSTANDARD, "compensated"),
    ],
)
def test_the_worst_rule_that_applies_decides_and_is_named(days: int, flags: d.Flag, grade: d.Grade, rule: str) -> None:
    judged = d.classify(days, flags)
    assert (judged.grade, judged.rule, judged.version) == (grade, rule, "cn-2023.1")
    assert bool(judged.clause) == (rule != "none")


@pytest.mark.parametrize(
    ("was", "days", "clean", "period", "grade"),
    [
        (G.SUBSTANDARD, 0, 0, 31, G.SUBSTANDARD),
        (G.SUBSTANDARD, 0, 179, 31, G.SUBSTANDARD),
        (G.SUBSTANDARD, 0, 180, 31, G.NORMAL),
        (G.LOSS, 0, 10, 31, G.SUBSTANDARD),
        (G.LOSS, 0, 200, 31, G.NORMAL),
        # two half-yearly periods are longer than the days
        (G.SUBSTANDARD, 0, 300, 182, G.SUBSTANDARD),
        (G.SUBSTANDARD, 0, 364, 182, G.NORMAL),
        # late again, though not badly: the cure starts anew
        (G.SUBSTANDARD, 20, 0, 31, G.SUBSTANDARD),
        (G.DOUBTFUL, 100, 0, 31, G.SUBSTANDARD),
        (G.SPECIAL_MENTION, 0, 0, 31, G.NORMAL),
    ],
)
def test_a_bad_loan_rises_only_after_its_cure(was: d.Grade, days: int, clean: int, period: int, grade: d.Grade) -> None:
    assert d.classify(days, was=was, clean_days=clean, period_days=period).grade is grade


def test_the_cure_says_how_long_it_takes() -> None:
    judged = d.classify(0, was=G.DOUBTFUL, clean_days=30)
    assert (judged.rule, judged.clause, judged.cure) == ("cure", "art. 15", cure_days(31))
    assert judged.says("en") == "substandard: without arrears for 30 days; a bad loan rises after 180 (art. 15)"
    assert judged.says("zh-CN").startswith("次级: 已无逾期 30 天")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_rule_has_words(language: str) -> None:
    for rule in GRADES_2023.rules:
        days = rule.from_days or 0
        flags = F[rule.flag.upper()] if rule.flag else NO_FLAG
        assert d.classify(days, flags).says(language)


def test_other_rules_are_other_data() -> None:
    strict = replace(GRADES_2023, version="strict.1", cure_days=360)
    assert d.classify(0, was=G.SUBSTANDARD, clean_days=200, rules=strict).grade is G.SUBSTANDARD
    assert d.classify(0, was=G.SUBSTANDARD, clean_days=200, rules=strict).version == "strict.1"


ROWS = st.lists(
    st.tuples(st.integers(0, 800), st.integers(0, 127), st.integers(0, 4), st.integers(0, 500), st.integers(1, 366)),
    min_size=1,
    max_size=60,
)


@given(ROWS)
def test_a_whole_book_is_judged_as_each_loan_alone(rows: list[tuple[int, int, int, int, int]]) -> None:
    days, flags, was, clean, period = (np.array(column) for column in zip(*rows, strict=True))
    found = d.class_codes(days, flags, was=was, clean_days=clean, period_days=period)
    alone = [d.classify(a, F(b), was=G(c), clean_days=e, period_days=f).grade for a, b, c, e, f in rows]
    assert found.tolist() == [int(grade) for grade in alone]
    assert d.class_codes(days, flags).tolist() == [int(d.classify(a, F(b)).grade) for a, b, *_ in rows]


@given(st.lists(st.integers(-5, 5000), min_size=1, max_size=80), st.sampled_from(sorted(d.SCHEMES)))
def test_a_whole_book_is_put_in_buckets_as_each_loan_alone(days: list[int], scheme: str) -> None:
    buckets = d.SCHEMES[scheme]
    codes = d.bucket_codes(np.array(days), buckets)
    assert [buckets.states[code] for code in codes] == [buckets.of(day) or "current" for day in days]


def test_the_finer_scheme_cuts_the_coarser_one_and_nothing_else() -> None:
    assert d.STAGES.within(d.MONTHLY)
    assert not d.MONTHLY.within(d.STAGES)
    assert {d.STAGES.of(day) for day in range(1, 31)} == {"1-7", "8-30"}
    assert all(d.STAGES.of(day) == d.MONTHLY.of(day) for day in range(31, 400))


def owing(loan: UUID, late: bool = True, period: int = 31) -> d.Owing:
    return d.Owing(loan, PERSON, (d.Instalment(1, DUE, CNY(1)),) if late else (), period)


def aged(db: Connection, clock: FixedClock, loan: UUID, days: int, late: bool = True) -> d.Judgement:
    d.age(db=db, clock=clock, book=[owing(loan, late)], on=DUE + timedelta(days))
    return d.explain(db=db, loan_id=loan)


def test_a_loan_goes_down_with_its_arrears_and_comes_up_after_its_cure(db: Connection, clock: FixedClock) -> None:
    loan = new_id()
    found = [aged(db, clock, loan, days).grade for days in (0, 1, 90, 91, 271, 361)]
    assert found == [G.NORMAL, G.SPECIAL_MENTION, G.SPECIAL_MENTION, G.SUBSTANDARD, G.DOUBTFUL, G.LOSS]
    assert [aged(db, clock, loan, days, late=False).grade for days in (400, 500, 579, 580)] == [
        G.SUBSTANDARD,
        G.SUBSTANDARD,
        G.SUBSTANDARD,
        G.NORMAL,
    ]
    moves = d.grade_history(db=db, loan_id=loan)
    assert [(move.was, move.judged.grade) for move in moves] == [
        (G.NORMAL, G.SPECIAL_MENTION),
        (G.SPECIAL_MENTION, G.SUBSTANDARD),
        (G.SUBSTANDARD, G.DOUBTFUL),
        (G.DOUBTFUL, G.LOSS),
        (G.LOSS, G.SUBSTANDARD),
        (G.SUBSTANDARD, G.NORMAL),
    ]
    assert {(move.judged.version, bool(move.judged.clause)) for move in moves[:5]} == {("cn-2023.1", True)}


def test_a_setback_during_the_cure_starts_it_again(db: Connection, clock: FixedClock) -> None:
    loan = new_id()
    aged(db, clock, loan, 100)
    aged(db, clock, loan, 110, late=False)
    d.age(db=db, clock=clock, book=[d.Owing(loan, PERSON, (d.Instalment(5, DUE + timedelta(200), CNY(1)),))], on=DUE + timedelta(203))
    aged(db, clock, loan, 210, late=False)
    assert aged(db, clock, loan, 110 + 180, late=False).grade is G.SUBSTANDARD
    assert aged(db, clock, loan, 210 + 180, late=False).grade is G.NORMAL


def test_every_change_of_category_is_told_once(db: Connection, clock: FixedClock) -> None:
    loan = new_id()
    for days in (1, 91, 181, 271, 271):
        aged(db, clock, loan, days)
    told = [(event.kind, event.data.get("grade") or event.data["to"]) for event in events.of(db, loan)]
    assert told == [
        ("servicing.aged", "special_mention"),
        ("servicing.aged", "substandard"),
        ("servicing.aged", "substandard"),
        ("servicing.graded", "doubtful"),
    ]


def marked(db: Connection, clock: FixedClock, loan: UUID, flag: d.Flag, days: int = 0) -> d.Judgement:
    return d.mark(db=db, clock=clock, loan_id=loan, person_id=PERSON, flag=flag, days_past_due=days)


def test_a_restructured_loan_is_watched_and_then_let_go(db: Connection, clock: FixedClock) -> None:
    loan = new_id()
    assert marked(db, clock, loan, F.RESTRUCTURED).grade is G.SPECIAL_MENTION
    clock.advance(timedelta(days=364))
    d.age(db=db, clock=clock, book=[owing(loan, late=False)])
    assert d.grades(db=db, loans=[loan]) == {loan: G.SPECIAL_MENTION}
    clock.advance(timedelta(days=1))
    d.age(db=db, clock=clock, book=[owing(loan, late=False)])
    assert d.grades(db=db, loans=[loan]) == {loan: G.NORMAL}


def test_restructuring_again_within_the_watch_makes_it_bad(db: Connection, clock: FixedClock) -> None:
    loan = new_id()
    marked(db, clock, loan, F.RESTRUCTURED)
    clock.advance(timedelta(days=200))
    again = marked(db, clock, loan, F.RESTRUCTURED)
    assert (again.grade, again.rule) == (G.SUBSTANDARD, "restructured_again")


@pytest.mark.parametrize(("flag", "grade"), [(F.COMPENSATED, G.SUBSTANDARD), (F.BANKRUPT, G.LOSS), (F.CHARGED_OFF, G.LOSS)])
def test_an_event_is_judged_at_once_recorded_once_and_can_be_lifted(
    db: Connection, clock: FixedClock, flag: d.Flag, grade: d.Grade
) -> None:
    loan = new_id()
    assert marked(db, clock, loan, flag).grade is grade
    assert marked(db, clock, loan, flag).grade is grade
    assert [event.kind for event in events.of(db, loan)] == ["servicing.marked", "servicing.graded"]
    lifted = d.lift(db=db, clock=clock, loan_id=loan, person_id=PERSON, flag=flag)
    assert (lifted.grade, lifted.rule) == (G.SUBSTANDARD, "cure")


@pytest.mark.parametrize("table", ["loan_grade_move", "loan_mark", "loan_snapshot", "loan_standing_move"])
def test_what_is_on_record_cannot_be_rewritten(database: Database, table: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), database.begin() as db:
        db.execute(text(f"UPDATE {table} SET tenant = tenant"))


def test_three_thousand_loans_are_judged_by_one_call(db: Connection, clock: FixedClock) -> None:
    book = [owing(new_id()) for _ in range(3000)]
    assert d.age(db=db, clock=clock, book=book, on=DUE + timedelta(100)) == 3000
    assert set(d.grades(db=db, loans=[loan.loan_id for loan in book]).values()) == {G.SUBSTANDARD}
