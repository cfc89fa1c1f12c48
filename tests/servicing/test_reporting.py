"""A negative report needs the person's own consent, a notice, and a grace period that ended without payment."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from xinqiao.kit import CNY, Database, FixedClock, Settings, events
from xinqiao.servicing import reporting, view
from xinqiao.servicing.errors import LanguageUnknown
from xinqiao.servicing.loans import Loan
from xinqiao.vault import Purpose, Vault

from .lending import lent
from .telling import agree, borrower, late_loan, pay, told, withdraw


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault.open(settings)


@pytest.fixture
def person(db: Connection, vault: Vault, clock: FixedClock) -> UUID:
    return borrower(db, vault, clock)


@pytest.fixture
def receipt(db: Connection, vault: Vault, clock: FixedClock, person: UUID) -> str:
    return agree(db, vault, clock, person)


@pytest.fixture
def late(db: Connection, clock: FixedClock, person: UUID, receipt: str) -> Loan:
    return late_loan(db, clock, person)


def reported(db: Connection, clock: FixedClock, loan: Loan, receipt: str | None) -> reporting.Record:
    return reporting.report(db=db, clock=clock, loan_id=loan.id, consent=receipt)


def test_arrears_are_reported_after_consent_notice_and_grace(db: Connection, clock: FixedClock, late: Loan, receipt: str) -> None:
    notice = told(db, clock, late)
    assert notice.grace_until == clock.today() + timedelta(days=7)
    clock.advance(timedelta(days=8))
    record = reported(db, clock, late, receipt)
    assert (record.kind, record.days_past_due, record.bucket, record.consent) == ("negative", 13, "M1", receipt)
    assert record.notice_id == notice.id
    assert reporting.records(db=db, loan_id=late.id) == [record]


@pytest.mark.parametrize("consent", [None, ""])
def test_never_without_the_consent_receipt(db: Connection, clock: FixedClock, late: Loan, consent: str | None) -> None:
    told(db, clock, late)
    clock.advance(timedelta(days=30))
    with pytest.raises(reporting.NoConsent):
        reported(db, clock, late, consent)
    assert reporting.records(db=db, loan_id=late.id) == []


def test_never_by_a_receipt_that_is_over_another_s_for_another_purpose_or_invented(
    db: Connection, vault: Vault, clock: FixedClock, late: Loan, person: UUID, receipt: str
) -> None:
    told(db, clock, late)
    other = agree(db, vault, clock, borrower(db, vault, clock))
    marketing = agree(db, vault, clock, person, Purpose.MARKETING)
    clock.advance(timedelta(days=8))
    for wrong in (other, marketing, str(UUID(int=5)), "yes"):
        with pytest.raises(reporting.NoConsent):
            reported(db, clock, late, wrong)
    withdraw(db, clock, person)
    with pytest.raises(reporting.NoConsent):
        reported(db, clock, late, receipt)
    assert reporting.records(db=db, loan_id=late.id) == []


def test_never_without_a_notice(db: Connection, clock: FixedClock, late: Loan, receipt: str) -> None:
    clock.advance(timedelta(days=30))
    with pytest.raises(reporting.NoNotice, match="2026-04-02"):
        reported(db, clock, late, receipt)


@pytest.mark.parametrize("days", [0, 7])
def test_never_before_the_grace_period_has_ended(db: Connection, clock: FixedClock, late: Loan, receipt: str, days: int) -> None:
    told(db, clock, late)
    clock.advance(timedelta(days=days))
    with pytest.raises(reporting.InGrace, match="2026-04-14"):
        reported(db, clock, late, receipt)


def test_payment_in_the_grace_period_stops_the_report(db: Connection, clock: FixedClock, late: Loan, receipt: str) -> None:
    told(db, clock, late)
    clock.advance(timedelta(days=7))
    pay(db, clock, late)
    clock.advance(timedelta(days=10))
    with pytest.raises(reporting.NotInArrears):
        reported(db, clock, late, receipt)


def test_a_part_payment_does_not_stop_it(db: Connection, clock: FixedClock, late: Loan, receipt: str) -> None:
    told(db, clock, late)
    pay(db, clock, late, 50_000)
    clock.advance(timedelta(days=8))
    assert reported(db, clock, late, receipt).overdue < CNY(50_000)


def test_paying_the_sum_the_notice_named_stops_it_though_penalty_grew_meanwhile(
    db: Connection, clock: FixedClock, late: Loan, receipt: str
) -> None:
    """What is left is a few days' penalty: it needs a notice of its own, and then can be reported."""
    notice = told(db, clock, late)
    clock.advance(timedelta(days=6))
    pay(db, clock, late, notice.overdue.minor)
    assert view(db=db, clock=clock, loan_id=late.id).days_past_due == 11
    clock.advance(timedelta(days=5))
    with pytest.raises(reporting.PaidInGrace, match=str(notice.overdue)):
        reported(db, clock, late, receipt)
    second = told(db, clock, late)
    assert (second.number, second.overdue) == (2, view(db=db, clock=clock, loan_id=late.id).owed.overdue)
    clock.advance(timedelta(days=8))
    assert reported(db, clock, late, receipt).notice_id == second.id


def test_paying_that_sum_a_day_late_does_not(db: Connection, clock: FixedClock, late: Loan, receipt: str) -> None:
    notice = told(db, clock, late)
    clock.advance(timedelta(days=8))
    pay(db, clock, late, notice.overdue.minor)
    assert reported(db, clock, late, receipt).notice_id == notice.id


def test_new_arrears_need_a_new_notice(db: Connection, clock: FixedClock, late: Loan, receipt: str) -> None:
    told(db, clock, late)
    pay(db, clock, late)
    clock.advance(timedelta(days=40))
    with pytest.raises(reporting.NoNotice, match="2026-05-02"):
        reported(db, clock, late, receipt)


def test_telling_and_reporting_twice_is_recorded_once(db: Connection, clock: FixedClock, late: Loan, receipt: str) -> None:
    first = told(db, clock, late)
    clock.advance(timedelta(days=1))
    assert told(db, clock, late) == first
    clock.advance(timedelta(days=9))
    assert reported(db, clock, late, receipt) == reported(db, clock, late, receipt)
    kinds = [event.kind for event in events.of(db, late.id)]
    assert kinds == ["servicing.report_notified", "servicing.bureau_recorded"]


def test_paid_arrears_are_cleared_with_the_bureau_once(db: Connection, clock: FixedClock, late: Loan, receipt: str) -> None:
    assert reporting.clear(db=db, clock=clock, loan_id=late.id) is None
    told(db, clock, late)
    clock.advance(timedelta(days=8))
    reported(db, clock, late, receipt)
    assert reporting.clear(db=db, clock=clock, loan_id=late.id) is None
    pay(db, clock, late)
    cleared = reporting.clear(db=db, clock=clock, loan_id=late.id)
    assert cleared is not None
    assert (cleared.kind, cleared.arrears_since) == ("cleared", date(2026, 4, 2))
    assert reporting.clear(db=db, clock=clock, loan_id=late.id) is None


def test_a_loan_that_is_not_late_gets_no_notice(db: Connection, clock: FixedClock) -> None:
    with pytest.raises(reporting.NotInArrears):
        told(db, clock, lent(db, clock))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_notice_says_how_much_by_when(db: Connection, clock: FixedClock, late: Loan, language: str) -> None:
    notice = reporting.notify(db=db, clock=clock, loan_id=late.id, language=language, channel="sms")
    assert "2026-04-14" in notice.text
    assert str(view(db=db, clock=clock, loan_id=late.id).owed.overdue) in notice.text


def test_a_notice_in_an_unknown_language_is_refused(db: Connection, clock: FixedClock, late: Loan) -> None:
    with pytest.raises(LanguageUnknown):
        reporting.notify(db=db, clock=clock, loan_id=late.id, language="fr", channel="sms")


@pytest.mark.parametrize(
    "table",
    [
        "bureau_notice",
        "bureau_record",
        "bureau_submission",
        "bureau_batch",
        "bureau_batch_line",
        "bureau_outcome",
        "bureau_dispute",
        "bureau_dispute_answer",
    ],
)
def test_notices_and_records_cannot_be_rewritten(database: Database, table: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), database.begin() as db:
        db.execute(text(f"DELETE FROM {table}"))
