import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import ProgrammingError

from xinqiao.kit import Database, FixedClock, events, new_id
from xinqiao.kit.idempotency import KeyMalformed, KeyReused, once


def test_a_neighbours_rows_do_not_show(database: Database, clock: FixedClock) -> None:
    subject = new_id()
    with database.begin("north") as db:
        events.append(db, [events.Event("test.happened", subject)], at=clock.now())
    with database.begin("south") as db:
        assert events.of(db, subject) == []
    with database.begin("north") as db:
        assert [e.kind for e in events.of(db, subject)] == ["test.happened"]


def test_a_row_cannot_be_written_for_a_neighbour(database: Database, clock: FixedClock) -> None:
    row = {"tenant": "south", "at": clock.now(), "id": new_id(), "subject": new_id(), "kind": "test.forged", "data": {}}
    with database.begin("north") as db, pytest.raises(ProgrammingError, match="row-level security"):
        db.execute(events.event.insert(), row)


def test_without_a_tenant_nothing_shows(database: Database, clock: FixedClock) -> None:
    with database.begin("north") as db:
        events.append(db, [events.Event("test.happened", new_id())], at=clock.now())
    with database.engine.connect() as db:
        assert db.execute(select(events.event)).all() == []


def test_events_cannot_be_changed_by_the_application(db: Connection) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        db.execute(text("UPDATE event SET kind = 'x'"))


def test_a_repeat_returns_the_first_answer(db: Connection, clock: FixedClock) -> None:
    calls: list[int] = []

    def work() -> dict[str, int]:
        calls.append(1)
        return {"n": len(calls)}

    for _ in range(3):
        assert once(db=db, clock=clock, scope="t", key="12345678", request={"a": 1}, work=work) == {"n": 1}
    with pytest.raises(KeyReused):
        once(db=db, clock=clock, scope="t", key="12345678", request={"a": 2}, work=work)
    with pytest.raises(KeyMalformed):
        once(db=db, clock=clock, scope="t", key="short", request={}, work=work)
