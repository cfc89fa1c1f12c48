"""A clip is known again among those of other applications, in its tenant, for as long as it is remembered."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from xinqiao.identity import State
from xinqiao.identity.liveness.injection import SAME_CLIP_BITS, sent_before_signal
from xinqiao.identity.liveness.store import WINDOW, erase, nearest, remember
from xinqiao.kit import FixedClock

from ...conftest import NOW

ANN, BOB = UUID(int=1), UUID(int=2)
FIRST, SECOND = UUID(int=11), UUID(int=12)
MARK = bytes(range(32))
NEAR = bytes([255 ^ MARK[0], *MARK[1:]])
FAR = bytes(255 - b for b in MARK)


def test_a_clip_sent_for_another_application_is_found_though_it_was_coded_anew(db: Connection, clock: FixedClock) -> None:
    remember(db=db, clock=clock, person_id=ANN, application_id=FIRST, mark=MARK)
    look = nearest(db=db, clock=clock, application_id=SECOND)
    assert look(MARK) == 0
    assert look(NEAR) == 8 <= SAME_CLIP_BITS
    assert sent_before_signal(NEAR, look).state is State.FAIL
    assert sent_before_signal(FAR, look).state is State.PASS


def test_the_same_application_may_send_its_clip_again(db: Connection, clock: FixedClock) -> None:
    remember(db=db, clock=clock, person_id=ANN, application_id=FIRST, mark=MARK)
    remember(db=db, clock=clock, person_id=ANN, application_id=FIRST, mark=MARK)
    assert nearest(db=db, clock=clock, application_id=FIRST)(MARK) is None


def test_a_clip_that_a_server_with_a_faster_clock_took_is_found(db: Connection, clock: FixedClock) -> None:
    ahead = FixedClock(NOW + timedelta(seconds=20))
    remember(db=db, clock=ahead, person_id=ANN, application_id=FIRST, mark=MARK)
    assert nearest(db=db, clock=clock, application_id=SECOND)(MARK) == 0


def test_marks_of_another_size_are_not_compared(db: Connection, clock: FixedClock) -> None:
    remember(db=db, clock=clock, person_id=ANN, application_id=FIRST, mark=MARK[:16])
    assert nearest(db=db, clock=clock, application_id=SECOND)(MARK) is None


def test_a_clip_is_remembered_for_a_time(db: Connection, clock: FixedClock) -> None:
    remember(db=db, clock=clock, person_id=ANN, application_id=FIRST, mark=MARK)
    later = FixedClock(NOW + WINDOW + timedelta(seconds=1))
    assert nearest(db=db, clock=later, application_id=SECOND)(MARK) is None


def test_a_forgotten_person_s_marks_are_gone(db: Connection, clock: FixedClock) -> None:
    remember(db=db, clock=clock, person_id=ANN, application_id=FIRST, mark=MARK)
    remember(db=db, clock=clock, person_id=BOB, application_id=SECOND, mark=FAR)
    assert erase(db=db, person_id=ANN) == 1
    assert nearest(db=db, clock=clock, application_id=UUID(int=13))(MARK) == 256


def test_another_tenant_s_clips_are_not_seen(db: Connection, clock: FixedClock) -> None:
    remember(db=db, clock=clock, person_id=ANN, application_id=FIRST, mark=MARK)
    db.execute(text("SELECT set_config('xinqiao.tenant', 'other', true)"))
    assert nearest(db=db, clock=clock, application_id=SECOND)(MARK) is None
