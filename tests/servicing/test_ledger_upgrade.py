"""A ledger of the first revision, with postings in it, comes through the second."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from alembic import command
from sqlalchemy import text

from xinqiao.kit import CNY, Database, FixedClock, schema
from xinqiao.migrations import run
from xinqiao.servicing import ledger as l
from xinqiao.servicing.ledger.store.tables import transfer

from .books import CLEARING, LENT, OWED, move

LATE = datetime(2026, 2, 28, 17, 30, tzinfo=UTC)
"""Already 1 March in Shanghai."""
ACCOUNT = "INSERT INTO ledger_account (tenant, id, kind, owner, currency, rule, debits, credits) VALUES (:tenant, :id, :kind, :owner, 'CNY', :rule, :d, :c)"
KEY = "INSERT INTO ledger_key (tenant, person_id, id, at) VALUES (:tenant, :person, :id, :at)"
TRANSFER = """INSERT INTO ledger_transfer (tenant, at, person_id, id, what, subject, debit, credit, minor, currency)
VALUES (:tenant, :at, :person, :id, 'test', :person, :debit, :credit, :minor, 'CNY')"""


@pytest.fixture(scope="module")
def old(database: Database) -> Iterator[Database]:
    """Two tenants, each with three transfers of two lists, as revision 0001 wrote them."""
    with database.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("DROP DATABASE IF EXISTS xinqiao_ledger_old"))
        db.execute(text("CREATE DATABASE xinqiao_ledger_old"))
    made = Database(database.url.set(database="xinqiao_ledger_old").render_as_string(hide_password=False))
    with made.admin.begin() as db:
        command.upgrade(run.config(db), "0001")
        schema.ensure_partitions(db, [transfer], since=date(2026, 2, 1), months=2)
        for tenant in ("one", "two"):
            for account, debits, credits in ((CLEARING, 600, 200), (OWED, 0, 600), (LENT, 200, 0)):
                told = {"kind": str(account.kind), "owner": account.owner, "rule": str(l.RULES[account.kind]), "d": debits, "c": credits}
                db.execute(text(ACCOUNT), {"tenant": tenant, "id": account.id, **told})
            early = datetime(2026, 2, 3, 4, tzinfo=UTC)
            for key, debit, credit, minor, at in (
                ("a", CLEARING, OWED, 500, early),
                ("b", LENT, CLEARING, 200, early),
                ("c", CLEARING, OWED, 100, LATE),
            ):
                row = {"tenant": tenant, "at": at, "person": UUID(int=7), "id": l.transfer_id(key)}
                db.execute(text(KEY), row)
                db.execute(text(TRANSFER), {**row, "debit": debit.id, "credit": credit.id, "minor": minor})
    run.upgrade(made)
    yield made
    made.close()


def test_old_transfers_count_for_the_day_they_were_recorded_on_in_shanghai(old: Database) -> None:
    with old.begin("one") as db:
        found = l.entries(db=db, account=CLEARING)
        days = {one.amount.minor: one.booked_on for one in found}
        assert days == {100: date(2026, 3, 1), -200: date(2026, 2, 3), 500: date(2026, 2, 3)}
        assert found[0].amount == CNY(100)
        assert l.trial_balance(db=db, on=date(2026, 2, 28))[l.Kind.FUNDER, "CNY"].net == CNY(-500)


@pytest.mark.parametrize("tenant", ["one", "two"])
def test_an_old_ledger_verifies_and_goes_on(old: Database, tenant: str) -> None:
    clock = FixedClock(datetime(2026, 3, 9, 4, tzinfo=UTC))
    with old.begin(tenant) as db:
        again = [move("a", CLEARING, OWED, 500, UUID(int=7)), move("new", CLEARING, OWED, 1, uuid4())]
        assert l.post(db=db, clock=clock, transfers=again) == 1
        made = l.close_through(db=db, clock=clock, on=date(2026, 3, 1))
        assert [made[0].on, made[0].transfers, made[-1].transfers] == [date(2026, 2, 3), 2, 1]
        assert l.transfer(db=db, transfer="new").posting.cursor.entry > l.transfer(db=db, transfer="c").posting.cursor.entry
        assert [one.id for one in l.transfer(db=db, transfer="a").together] == [l.transfer_id("b")]
    with l.steady(old, tenant) as db:
        assert l.verify(db=db).problems == ()
