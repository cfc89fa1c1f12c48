"""Accounts at the end of each month, good and bad, and the string of their last 24 months."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from xinqiao.kit import FixedClock, Settings
from xinqiao.servicing import book, delinquency, loans, reporting
from xinqiao.servicing.delinquency import Flag
from xinqiao.servicing.delinquency.grades import NO_FLAG
from xinqiao.servicing.errors import MonthNotOver
from xinqiao.servicing.loans import Loan
from xinqiao.servicing.reporting.accounts import last_24, last_day, status
from xinqiao.vault import Vault

from .lending import lent
from .telling import agree, borrower, pay, told, withdraw


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault.open(settings)


@pytest.fixture
def person(db: Connection, vault: Vault, clock: FixedClock) -> UUID:
    made = borrower(db, vault, clock)
    agree(db, vault, clock, made)
    return made


@pytest.fixture
def loan(db: Connection, clock: FixedClock, person: UUID) -> Loan:
    """Paid out on 2 March 2026; due on the second of each month."""
    return lent(db, clock, person_id=person)


def until(clock: FixedClock, day: date) -> None:
    clock.advance(timedelta(days=(day - clock.today()).days))


def month(db: Connection, clock: FixedClock, period: str, *loans: Loan) -> dict[str, int]:
    done = reporting.report_month(db=db, clock=clock, period=period, loan_ids=[one.id for one in loans])
    return {name: count for name, count in done.items() if count}


def newest(db: Connection, loan: Loan) -> dict:
    return reporting.told_of(db=db, loan_id=loan.id)[-1]["month"]


@pytest.mark.parametrize(
    ("days", "due", "settled", "flags", "code"),
    [
        (0, False, False, NO_FLAG, "*"),
        (0, True, False, NO_FLAG, "N"),
        (1, True, False, NO_FLAG, "1"),
        (30, True, False, NO_FLAG, "1"),
        (31, False, False, NO_FLAG, "2"),
        (180, True, False, NO_FLAG, "6"),
        (181, True, False, NO_FLAG, "7"),
        (900, True, False, Flag.CHARGED_OFF, "B"),
        (900, True, False, Flag.COMPENSATED, "D"),
        (0, True, True, Flag.COMPENSATED, "C"),
    ],
)
def test_a_months_code(days: int, due: bool, settled: bool, flags: Flag, code: str) -> None:
    assert status(days_past_due=days, was_due=due, settled=settled, flags=flags) == code


def test_the_string_says_not_open_unknown_and_what_was_told() -> None:
    codes = {"2026-03": "*", "2026-04": "N", "2026-06": "1"}
    assert last_24(codes, period="2026-06", opened=date(2026, 3, 31)) == "/" * 20 + "*N#1"


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 60))
def test_the_string_has_24_places_whatever_the_month(opened: date, later: int) -> None:
    day = date(opened.year + (opened.month - 1 + later) // 12, (opened.month - 1 + later) % 12 + 1, 1)
    told_months = last_24({}, period=f"{day:%Y-%m}", opened=opened)
    assert len(told_months) == 24
    assert told_months.count("#") == min(24, later + 1)


@pytest.mark.parametrize(("period", "day"), [("2024-02", date(2024, 2, 29)), ("2026-12", date(2026, 12, 31))])
def test_the_last_day_of_a_month(period: str, day: date) -> None:
    assert last_day(period) == day


def test_a_good_account_is_told_month_by_month(db: Connection, clock: FixedClock, loan: Loan) -> None:
    until(clock, date(2026, 3, 31))
    assert month(db, clock, "2026-03", loan) == {"made": 1}
    until(clock, date(2026, 4, 2))
    pay(db, clock, loan)
    until(clock, date(2026, 4, 30))
    assert month(db, clock, "2026-04", loan) == {"made": 1}
    assert newest(db, loan) == {
        "period": "2026-04",
        "status": "N",
        "last_24": "/" * 22 + "*N",
        "balance": "9211.51",
        "overdue": "0.00",
        "days_past_due": 0,
        "category": "normal",
    }


def test_a_month_is_told_once(db: Connection, clock: FixedClock, loan: Loan) -> None:
    until(clock, date(2026, 3, 31))
    assert month(db, clock, "2026-03", loan) == {"made": 1}
    assert month(db, clock, "2026-03", loan) == {"repeated": 1}


def test_without_consent_no_account_is_told(db: Connection, vault: Vault, clock: FixedClock, loan: Loan) -> None:
    never_asked = lent(db, clock, person_id=borrower(db, vault, clock))
    withdraw(db, clock, loan.person_id)
    until(clock, date(2026, 3, 31))
    assert month(db, clock, "2026-03", loan, never_asked) == {"no_consent": 2}
    assert reporting.told_of(db=db, loan_id=loan.id) == []


def test_arrears_wait_for_their_notice_and_its_grace(db: Connection, clock: FixedClock, loan: Loan) -> None:
    until(clock, date(2026, 4, 30))
    assert month(db, clock, "2026-04", loan) == {"waiting": 1}
    told(db, clock, loan)
    assert month(db, clock, "2026-04", loan) == {"waiting": 1}
    until(clock, date(2026, 5, 8))
    delinquency.age(db=db, clock=clock, book=[], on=clock.today())
    assert month(db, clock, "2026-04", loan) == {"made": 1}
    assert (newest(db, loan)["status"], newest(db, loan)["days_past_due"]) == ("1", 28)


def test_payment_within_the_grace_leaves_nothing_bad_to_tell(db: Connection, clock: FixedClock, loan: Loan) -> None:
    until(clock, date(2026, 4, 28))
    told(db, clock, loan)
    until(clock, date(2026, 5, 1))
    pay(db, clock, loan)
    assert month(db, clock, "2026-04", loan) == {"made": 1}
    told_month = newest(db, loan)
    assert (told_month["status"], told_month["overdue"], told_month["days_past_due"]) == ("N", "0.00", 0)
    assert told_month["balance"] == "10000.00", "what was owed at the month's end, whatever was repaid since"


def test_arrears_paid_before_any_notice_are_not_told(db: Connection, clock: FixedClock, loan: Loan) -> None:
    until(clock, date(2026, 5, 1))
    pay(db, clock, loan)
    assert month(db, clock, "2026-04", loan) == {"made": 1}
    assert newest(db, loan)["status"] == "N"


def test_a_month_told_late_says_what_was_then_not_what_came_of_it(db: Connection, clock: FixedClock, loan: Loan) -> None:
    until(clock, date(2026, 4, 20))
    told(db, clock, loan)
    for day in (date(2026, 4, 30), date(2026, 7, 10)):
        until(clock, day)
        book.age_all(db=db, clock=clock)
    assert delinquency.grades(db=db, loans=[loan.id]) == {loan.id: delinquency.Grade.SUBSTANDARD}
    assert month(db, clock, "2026-04", loan) == {"made": 1}
    assert (newest(db, loan)["status"], newest(db, loan)["category"]) == ("1", "special_mention")


def test_a_loan_that_is_written_off_is_bad_debt_and_not_repaid(db: Connection, clock: FixedClock, loan: Loan) -> None:
    until(clock, date(2026, 4, 20))
    told(db, clock, loan)
    until(clock, date(2026, 6, 20))
    loans.write_off(db=db, clock=clock, loan_id=loan.id, key="w", author=loans.Author("operator-1", "gone"))
    until(clock, date(2026, 6, 30))
    assert month(db, clock, "2026-06", loan) == {"made": 1}
    assert (newest(db, loan)["status"], newest(db, loan)["category"]) == ("B", "loss")
    delinquency.take_snapshot(db=db, clock=clock)
    kept = delinquency.roll_rates(db=db, start=clock.today(), end=clock.today())
    assert kept.loans.sum() == 0


def test_a_settled_account_is_told_so_and_then_no_more(db: Connection, clock: FixedClock, loan: Loan) -> None:
    from xinqiao.kit import CNY

    until(clock, date(2026, 3, 4))
    pay(db, clock, loan, CNY(1_000_000).minor)
    until(clock, date(2026, 4, 30))
    assert month(db, clock, "2026-03", loan) == {"made": 1}
    assert (newest(db, loan)["status"], newest(db, loan)["balance"]) == ("C", "0.00")
    assert month(db, clock, "2026-04", loan) == {"not_open": 1}


def test_a_loan_of_next_month_is_not_told(db: Connection, clock: FixedClock, person: UUID) -> None:
    until(clock, date(2026, 4, 3))
    late = lent(db, clock, person_id=person)
    assert month(db, clock, "2026-03", late) == {"not_open": 1}


def test_a_month_that_runs_is_refused(db: Connection, clock: FixedClock, loan: Loan) -> None:
    with pytest.raises(MonthNotOver, match="2026-03-31"):
        month(db, clock, "2026-03", loan)


def test_a_bad_month_is_deleted_five_years_after_the_arrears_were_over(db: Connection, clock: FixedClock, loan: Loan) -> None:
    until(clock, date(2026, 4, 20))
    told(db, clock, loan)
    until(clock, date(2026, 4, 30))
    month(db, clock, "2026-04", loan)
    bad = reporting.told_of(db=db, loan_id=loan.id)[-1]
    assert bad["month"]["status"] == "1"
    until(clock, date(2026, 5, 3))
    pay(db, clock, loan)
    until(clock, date(2026, 5, 31))
    month(db, clock, "2026-05", loan)
    assert newest(db, loan)["last_24"].endswith("/#1N")
    until(clock, date(2031, 5, 30))
    assert reporting.expire(db=db, clock=clock) == []
    until(clock, date(2031, 5, 31))
    assert reporting.expire(db=db, clock=clock) == [UUID(bad["id"])]
    assert reporting.expire(db=db, clock=clock) == []
