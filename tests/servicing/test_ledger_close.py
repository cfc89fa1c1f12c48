import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from xinqiao.kit import CNY, Database, FixedClock, Money, events
from xinqiao.servicing import ledger as l
from xinqiao.servicing.errors import BookedAhead, DayClosed, DayNotOver, EarlierDayOpen, NothingToClose
from xinqiao.servicing.ledger.store import closing

from .books import ALL, CLEARING, LENT, OWED, SUSPENSE, fresh, move, net, noon, opened, sound

DAY = timedelta(days=1)
FIRST = date(2026, 2, 26)


@pytest.fixture(autouse=True)
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closes keep balances of accounts of three new entries or more, so that a test needs no thousands."""
    monkeypatch.setattr(closing, "BUSY", 3)


@pytest.fixture
def tenant(database: Database) -> str:
    """Three days with postings, the second without: 26 and 28 February, 1 March. Today is 2 March."""
    made = fresh()
    for n, on in enumerate((FIRST, FIRST + 2 * DAY, FIRST + 3 * DAY)):
        with opened(database, made) as db:
            l.post(
                db=db, clock=noon(on), transfers=[move(f"in{n}", CLEARING, OWED, 100 * 10**n), move(f"lent{n}", LENT, CLEARING, 10 * 10**n)]
            )
    return made


def totals(one: l.Close) -> dict[str, int]:
    return {str(kind): debits - credits for (kind, _), (debits, credits) in one.totals.by.items()}


def test_days_close_in_order_each_bound_to_the_one_before(database: Database, tenant: str, clock: FixedClock) -> None:
    with database.begin(tenant=tenant) as db:
        made = l.close_through(db=db, clock=clock, on=FIRST + 3 * DAY)
    assert [one.on for one in made] == [FIRST + n * DAY for n in range(4)]
    assert [one.transfers for one in made] == [2, 0, 2, 2]
    assert [one.previous_sha256 for one in made] == [None, *(one.sha256 for one in made[:-1])]
    assert totals(made[1]) == totals(made[0]) == {"clearing": 90, "funder": -100, "principal": 10}
    assert totals(made[3])["funder"] == -11100
    assert sound(database, tenant).closes == 4


def test_a_day_waits_for_the_days_before_it(database: Database, tenant: str, clock: FixedClock) -> None:
    with pytest.raises(EarlierDayOpen, match="2026-02-26 is still open"), database.begin(tenant=tenant) as db:
        l.close_day(db=db, clock=clock, on=FIRST + DAY)


def test_a_day_that_is_not_over_stays_open(database: Database, tenant: str, clock: FixedClock) -> None:
    with pytest.raises(DayNotOver, match="from 2026-03-03 on"), database.begin(tenant=tenant) as db:
        l.close_day(db=db, clock=clock, on=clock.today())


@pytest.mark.parametrize("on", [FIRST - DAY, FIRST - 400 * DAY])
def test_there_is_nothing_to_close_before_the_first_posting(database: Database, tenant: str, clock: FixedClock, on: date) -> None:
    with pytest.raises(NothingToClose, match="begin with 2026-02-26"), database.begin(tenant=tenant) as db:
        l.close_day(db=db, clock=clock, on=on)


def test_books_without_a_posting_have_nothing_to_close(database: Database, clock: FixedClock) -> None:
    with pytest.raises(NothingToClose), opened(database, fresh()) as db:
        l.close_day(db=db, clock=clock, on=FIRST)


def test_closing_again_returns_the_close_that_stands(database: Database, tenant: str, clock: FixedClock) -> None:
    with database.begin(tenant=tenant) as db:
        first = l.close_day(db=db, clock=clock, on=FIRST)
    clock.advance(DAY)
    with database.begin(tenant=tenant) as db:
        assert l.close_day(db=db, clock=clock, on=FIRST) == first
        assert l.next_to_close(db=db) == FIRST + DAY


def test_nothing_is_booked_on_a_closed_day_but_a_repeat_is_still_a_repeat(database: Database, tenant: str, clock: FixedClock) -> None:
    with database.begin(tenant=tenant) as db:
        l.close_day(db=db, clock=clock, on=FIRST)
    again = [move("in0", CLEARING, OWED, 100)]
    with database.begin(tenant=tenant) as db:
        assert l.post(db=db, clock=clock, transfers=again, booked_on=FIRST) == 0
        with pytest.raises(DayClosed, match="Book it on 2026-02-27 or later"):
            l.post(db=db, clock=clock, transfers=[*again, move("late", CLEARING, OWED, 1)], booked_on=FIRST)
        assert l.post(db=db, clock=clock, transfers=[move("late", CLEARING, OWED, 1)], booked_on=FIRST + DAY) == 1
    sound(database, tenant)


def test_nothing_is_booked_ahead_of_time(database: Database, tenant: str, clock: FixedClock) -> None:
    with pytest.raises(BookedAhead, match="is after today"), database.begin(tenant=tenant) as db:
        l.post(db=db, clock=clock, transfers=[move("x", CLEARING, OWED, 1)], booked_on=clock.today() + DAY)


def test_the_database_itself_keeps_closed_days_closed(database: Database, tenant: str, clock: FixedClock) -> None:
    with database.begin(tenant=tenant) as db:
        l.close_day(db=db, clock=clock, on=FIRST)
    insert = text("""INSERT INTO ledger_transfer (at, booked_on, entry, line, person_id, id, what, subject, debit, credit, minor, currency)
        SELECT at, :on, entry, line + 9, person_id, gen_random_uuid(), what, subject, debit, credit, minor, currency FROM ledger_transfer LIMIT 1""")
    with pytest.raises(IntegrityError, match="the day is closed"), database.begin(tenant=tenant) as db:
        db.execute(insert, {"on": FIRST})
    for statement in (
        "UPDATE ledger_close SET transfers = 0",
        "DELETE FROM ledger_close",
        "DELETE FROM ledger_snapshot",
        "UPDATE ledger_balance SET debits = 0",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), database.begin(tenant=tenant) as db:
            db.execute(text(statement))


def test_a_posting_in_flight_is_in_the_close_or_refused_never_lost_between(database: Database, clock: FixedClock) -> None:
    """Many threads book on yesterday while it is closed; what the close counted is what stands."""
    tenant, yesterday = fresh(), clock.today() - DAY
    with opened(database, tenant) as db:
        l.post(db=db, clock=clock, transfers=[move("first", CLEARING, OWED, 1)], booked_on=yesterday)
    go = threading.Barrier(9)

    def work(seed: int) -> int:
        go.wait()
        posted = 0
        for n in range(40):
            try:
                with database.begin(tenant=tenant) as db:
                    posted += l.post(db=db, clock=clock, transfers=[move(f"{seed}/{n}", CLEARING, OWED, 1)], booked_on=yesterday)
            except DayClosed:
                return posted
        return posted

    def close() -> l.Close:
        go.wait()
        with database.begin(tenant=tenant) as db:
            return l.close_day(db=db, clock=clock, on=yesterday)

    with ThreadPoolExecutor(9) as pool:
        posting = [pool.submit(work, seed) for seed in range(8)]
        made = pool.submit(close).result()
        assert made.transfers == 1 + sum(one.result() for one in posting)
    assert made.totals.by[l.Kind.FUNDER, "CNY"] == (0, made.transfers)
    sound(database, tenant)


def test_a_close_waits_for_a_posting_that_has_not_committed(database: Database, clock: FixedClock) -> None:
    tenant, yesterday = fresh(), clock.today() - DAY
    with opened(database, tenant) as db:
        l.post(db=db, clock=clock, transfers=[move("first", CLEARING, OWED, 1)], booked_on=yesterday)
    with ThreadPoolExecutor(1) as pool:
        with database.begin(tenant=tenant) as db:
            l.post(db=db, clock=clock, transfers=[move("open", CLEARING, OWED, 1)], booked_on=yesterday)

            def close() -> int:
                with database.begin(tenant=tenant) as other:
                    return l.close_day(db=other, clock=clock, on=yesterday).transfers

            closing = pool.submit(close)
            with pytest.raises(TimeoutError):
                closing.result(timeout=0.3)
        assert closing.result() == 2


def test_the_trial_balance_of_any_book_date_and_instant_is_the_replay_up_to_it(database: Database, tenant: str, clock: FixedClock) -> None:
    """Before and after closing, with a correction booked back to an open day."""

    def found() -> list[object]:
        with database.begin(tenant=tenant) as db:
            on = [l.trial_balance(db=db, on=FIRST + n * DAY) for n in range(-1, 6)]
            at = [l.trial_balance(db=db, until=noon(FIRST + n * DAY).now() + timedelta(seconds=s)) for n in range(-1, 4) for s in (-1, 0)]
            return [on, at]

    before = found()
    with database.begin(tenant=tenant) as db:
        l.close_through(db=db, clock=clock, on=FIRST + DAY)
    assert found() == before
    with database.begin(tenant=tenant) as db:
        l.post(db=db, clock=clock, transfers=[move("back", LENT, CLEARING, 3)], booked_on=FIRST + 2 * DAY)
        assert l.trial_balance(db=db, until=clock.now() - timedelta(seconds=1)) == before[0][6]
        assert l.trial_balance(db=db)[l.Kind.PRINCIPAL, "CNY"].net == CNY(1113)
        assert l.trial_balance(db=db, on=FIRST + 2 * DAY)[l.Kind.PRINCIPAL, "CNY"].net == CNY(113)
        assert l.trial_balance(db=db, on=FIRST + DAY) == before[0][2]
    sound(database, tenant)


def test_what_is_recorded_in_the_very_instant_of_a_close_is_not_lost(database: Database, tenant: str, clock: FixedClock) -> None:
    with database.begin(tenant=tenant) as db:
        l.close_through(db=db, clock=clock, on=FIRST + 3 * DAY)
        l.post(db=db, clock=clock, transfers=[move("now", CLEARING, OWED, 5)])
        assert l.trial_balance(db=db, until=clock.now()) == l.trial_balance(db=db)
        assert l.trial_balance(db=db)[l.Kind.FUNDER, "CNY"].net == CNY(-11105)


def test_a_worker_whose_clock_is_behind_records_nothing_before_the_close(database: Database, tenant: str, clock: FixedClock) -> None:
    with database.begin(tenant=tenant) as db:
        l.close_through(db=db, clock=clock, on=FIRST + 3 * DAY)
    slow = FixedClock(clock.now() - timedelta(seconds=30))
    with database.begin(tenant=tenant) as db:
        l.post(db=db, clock=slow, transfers=[move("slow", CLEARING, OWED, 5)], booked_on=clock.today())
        assert l.transfer(db=db, transfer="slow").posting.at == clock.now()
        assert l.trial_balance(db=db, until=clock.now()) == l.trial_balance(db=db)


def test_a_snapshot_shortens_the_way_without_changing_the_answer(database: Database, tenant: str, clock: FixedClock) -> None:
    with database.begin(tenant=tenant) as db:
        before = l.trial_balance(db=db)
        taken = l.snapshot(db=db, clock=clock)
        assert taken.totals.balances() == before
        assert l.snapshot(db=db, clock=clock) == taken
        clock.advance(timedelta(minutes=1))
        l.post(db=db, clock=clock, transfers=[move("x", CLEARING, SUSPENSE, 5)])
        assert l.trial_balance(db=db, until=taken.at) == before
        assert l.trial_balance(db=db) != before
    sound(database, tenant)


def test_currencies_of_none_two_and_three_decimals_close_side_by_side(database: Database, clock: FixedClock) -> None:
    tenant, yesterday = fresh(), clock.today() - DAY
    accounts = [l.Account(kind, currency=c) for kind in (l.Kind.CLEARING, l.Kind.SUSPENSE) for c in ("JPY", "CNY", "KWD")]
    with opened(database, tenant, accounts) as db:
        for n, (debit, credit) in enumerate(zip(accounts[:3], accounts[3:], strict=True)):
            l.post(db=db, clock=clock, transfers=[move(f"in{n}", debit, credit, 1234567)], booked_on=yesterday)
        l.close_day(db=db, clock=clock, on=yesterday)
        found = l.trial_balance(db=db, on=yesterday)
    assert [str(found[l.Kind.CLEARING, c].net) for c in ("JPY", "CNY", "KWD")] == ["1234567", "12345.67", "1234.567"]
    assert all(found[l.Kind.SUSPENSE, c].net == Money(-1234567, c) for c in ("JPY", "CNY", "KWD"))
    sound(database, tenant)


@pytest.mark.parametrize(
    ("lie", "what"),
    [
        (
            "UPDATE ledger_transfer SET minor = minor + 1 WHERE tenant = :tenant AND booked_on = '2026-02-26'",
            {"account", "close", "balance"},
        ),
        ("UPDATE ledger_transfer SET what = 'other' WHERE tenant = :tenant AND booked_on = '2026-02-26'", {"close"}),
        ("DELETE FROM ledger_transfer WHERE tenant = :tenant AND booked_on = '2026-02-28'", {"account", "close", "key"}),
        ("UPDATE ledger_account SET debits = debits + 1 WHERE tenant = :tenant AND kind = 'clearing'", {"account"}),
        ("UPDATE ledger_account SET held_debits = 1 WHERE tenant = :tenant AND kind = 'clearing'", {"held"}),
        ("UPDATE ledger_close SET transfers = 3 WHERE tenant = :tenant AND \"on\" = '2026-02-27'", {"close"}),
        ("DELETE FROM ledger_close WHERE tenant = :tenant AND \"on\" = '2026-02-27'", {"close"}),
        ("UPDATE ledger_balance SET credits = credits + 1 WHERE tenant = :tenant AND \"on\" = '2026-02-26'", {"balance"}),
        ("UPDATE ledger_transfer SET currency = 'USD' WHERE tenant = :tenant AND booked_on = '2026-03-01'", {"currency"}),
    ],
)
def test_whoever_alters_the_books_behind_its_back_is_found_out(
    database: Database, tenant: str, clock: FixedClock, lie: str, what: set[str]
) -> None:
    with database.begin(tenant=tenant) as db:
        l.close_through(db=db, clock=clock, on=FIRST + 2 * DAY)
    with database.admin.begin() as db:
        assert db.execute(text(lie), {"tenant": tenant}).rowcount > 0
    with l.steady(database, tenant) as db:
        assert {one.what for one in l.verify(db=db).problems} - {"snapshot"} == what


def test_a_close_made_up_from_whole_cloth_does_not_pass(database: Database, tenant: str, clock: FixedClock) -> None:
    """Totals changed and hashed again: the postings tell."""
    with database.begin(tenant=tenant) as db:
        (first,) = l.close_through(db=db, clock=clock, on=FIRST)
    forged = replace(first, totals=l.Totals({(l.Kind.CLEARING, "CNY"): (1, 0), (l.Kind.FUNDER, "CNY"): (0, 1)}))
    with database.admin.begin() as db:
        db.execute(
            text("UPDATE ledger_close SET totals = CAST(:totals AS jsonb), sha256 = :sha256 WHERE tenant = :tenant"),
            {"totals": str(forged.totals.rows()).replace("'", '"'), "sha256": forged.digest(), "tenant": tenant},
        )
    with l.steady(database, tenant) as db:
        assert [one.says for one in l.verify(db=db).problems] == ["the totals of 2026-02-26 are not the sums of what is booked up to it"]


def test_posting_is_refused_where_a_close_could_not_be_seen(database: Database, tenant: str, clock: FixedClock) -> None:
    with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as db, db.begin():
        db.execute(text("SELECT set_config('xinqiao.tenant', :tenant, true)"), {"tenant": tenant})
        with pytest.raises(DBAPIError, match="READ COMMITTED"):
            l.post(db=db, clock=clock, transfers=[move("x", CLEARING, OWED, 1)])


def test_kept_balances_at_a_past_day_are_those_of_the_replay(database: Database, tenant: str, clock: FixedClock) -> None:
    with database.begin(tenant=tenant) as db:
        before = [l.balances(db=db, accounts=ALL, on=FIRST + n * DAY) for n in range(-1, 5)]
        l.close_through(db=db, clock=clock, on=FIRST + 2 * DAY)
        assert [l.balances(db=db, accounts=ALL, on=FIRST + n * DAY) for n in range(-1, 5)] == before
        assert [row[OWED].net.minor for row in before] == [0, -100, -100, -1100, -11100, -11100]
        assert net(db, OWED) == -11100


def test_the_hash_of_a_close_is_told_to_the_audit_log(database: Database, tenant: str, clock: FixedClock) -> None:
    with database.begin(tenant=tenant) as db:
        made = l.close_day(db=db, clock=clock, on=FIRST)
        assert [(row["kind"], row["data"]["sha256"]) for row in events.peek(db)] == [("servicing.day_closed", made.sha256.hex())]
        l.close_day(db=db, clock=clock, on=FIRST)
        assert len(events.peek(db)) == 1


def test_a_close_says_the_instant_it_was_made(database: Database, tenant: str) -> None:
    late = FixedClock(datetime(2026, 3, 9, 1, tzinfo=UTC))
    with database.begin(tenant=tenant) as db:
        assert l.close_day(db=db, clock=late, on=FIRST).at == late.now()
        assert [one.on for one in l.closes(db=db)] == [FIRST]
