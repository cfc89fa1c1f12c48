"""Appending, sealing and proving; and the tampering that verify must find and name, done to the real tables by a superuser."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from xinqiao.kit import Database, new_id
from xinqiao.vault import Actor, Vault, audit
from xinqiao.vault.audit import Entry, LogBroken, NotYetSealed, proof, store

SERVICE = Actor("service", "tests")


def entries(count: int, start: int = 0) -> list[Entry]:
    return [Entry("test.noted", SERVICE, None, {"n": n}) for n in range(start, start + count)]


def log(database: Database, tenant: str, vault: Vault, clock, *, sealed: int = 0, loose: int = 0) -> None:
    """A log of one lane: `sealed` entries under two checkpoints, then `loose` ones."""
    with database.begin(tenant=tenant) as db:
        if sealed:
            audit.append(db, clock, entries(sealed // 2))
            audit.checkpoint(db, vault, clock)
            audit.append(db, clock, entries(sealed - sealed // 2, sealed // 2))
            audit.checkpoint(db, vault, clock)
        audit.append(db, clock, entries(loose, sealed))


def tamper(database: Database, tenant: str, *statements: str) -> None:
    """As a superuser, past row-level security and the append-only rule."""
    with database.admin.begin() as admin:
        for statement in statements:
            assert admin.execute(text(statement), {"tenant": tenant}).rowcount > 0, statement


def named(database: Database, tenant: str, vault: Vault, **more) -> list[tuple[str, str]]:
    """(kind, place) of every problem, with the lane's number taken out."""
    with database.begin(tenant=tenant) as db:
        lanes = [
            str(lane) for lane in db.execute(text("SELECT DISTINCT lane FROM audit_entry UNION SELECT lane FROM audit_sealed")).scalars()
        ]
        report = audit.verify(db, vault, **more)
        assert report.ok == (not report.problems)
    found = []
    for problem in report.problems:
        where = problem.where
        for lane in lanes:
            where = where.replace(f"{lane}/", "").replace(f"lane {lane}", "lane")
        found.append((problem.kind, where))
    return found


def test_an_untouched_log_verifies(database: Database, tenant, vault, clock) -> None:
    log(database, tenant, vault, clock, sealed=20, loose=5)
    with database.begin(tenant=tenant) as db:
        report = audit.verify(db, vault)
    assert report.ok
    assert (report.entries, report.lanes, report.checkpoints, report.unsealed) == (25, 1, 2, 5)


def test_an_empty_log_verifies_and_has_no_checkpoint(database: Database, tenant, vault, clock) -> None:
    with database.begin(tenant=tenant) as db:
        assert audit.checkpoint(db, vault, clock) is None
        assert audit.verify(db, vault).ok


AT = "WHERE tenant = :tenant AND seq = {}"
EVERY_COLUMN = [
    "kind = 'test.other'",
    "actor = 'service:other'",
    "person_id = '00000000-0000-7000-8000-000000000000'",
    "data = jsonb_set(data, '{n}', '99')",
    "at = at + interval '1 microsecond'",
    "previous = set_byte(previous, 0, get_byte(previous, 0) # 1)",
    "hash = set_byte(hash, 31, get_byte(hash, 31) # 128)",
]


@pytest.mark.parametrize("change", EVERY_COLUMN, ids=[change.split()[0] for change in EVERY_COLUMN])
@pytest.mark.parametrize("seq", [1, 7, 10, 12])
def test_one_changed_byte_is_named(database: Database, tenant, vault, clock, change: str, seq: int) -> None:
    log(database, tenant, vault, clock, sealed=10, loose=2)
    tamper(database, tenant, f"UPDATE audit_entry SET {change} {AT.format(seq)}")
    found = named(database, tenant, vault)
    assert ("changed", f"entry {seq}") in found
    assert {where for _, where in found} <= {f"entry {seq}", f"entry {seq + 1}", "lane"}


@pytest.mark.parametrize("seq", [1, 5, 11])
def test_a_dropped_entry_is_named(database: Database, tenant, vault, clock, seq: int) -> None:
    log(database, tenant, vault, clock, sealed=10, loose=2)
    tamper(database, tenant, f"DELETE FROM audit_entry {AT.format(seq)}")
    assert named(database, tenant, vault) == [("dropped", f"entry {seq}")]


def test_an_entry_inserted_beside_another_is_named(database: Database, tenant, vault, clock) -> None:
    log(database, tenant, vault, clock, sealed=10)
    copied = "tenant, lane, seq, at + interval '1 hour', kind, actor, person_id, data, previous, hash"
    tamper(database, tenant, f"INSERT INTO audit_entry SELECT {copied} FROM audit_entry {AT.format(4)}")
    assert named(database, tenant, vault) == [("inserted", "entry 4")]


def test_an_entry_inserted_at_the_end_is_named(database: Database, tenant, vault, clock) -> None:
    log(database, tenant, vault, clock, sealed=10)
    copied = "tenant, lane, seq + 1, at, kind, actor, person_id, data, hash, hash"
    tamper(database, tenant, f"INSERT INTO audit_entry SELECT {copied} FROM audit_entry {AT.format(10)}")
    found = named(database, tenant, vault)
    assert ("changed", "entry 11") in found
    assert ("inserted", "entries 11 to 11") in found


def test_two_entries_that_changed_places_are_named_with_their_homes(database: Database, tenant, vault, clock) -> None:
    log(database, tenant, vault, clock, sealed=10)
    tamper(
        database,
        tenant,
        f"UPDATE audit_entry SET seq = 1000 {AT.format(3)}",
        f"UPDATE audit_entry SET seq = 3 {AT.format(8)}",
        f"UPDATE audit_entry SET seq = 8 {AT.format(1000)}",
    )
    assert named(database, tenant, vault) == [("reordered", "entry 3"), ("reordered", "entry 8")]
    with database.begin(tenant=tenant) as db:
        assert [problem.says for problem in audit.verify(db, vault).problems] == [
            "this entry belongs in place 8",
            "this entry belongs in place 3",
        ]


def rehash(database: Database, tenant: str, start: int) -> None:
    """What a forger with the whole table would do: compute the chain anew from `start`, and the head with it."""
    with database.admin.begin() as admin:
        rows = admin.execute(text("SELECT * FROM audit_entry WHERE tenant = :t ORDER BY seq"), {"t": tenant}).all()
        previous = proof.EMPTY
        for row in rows:
            new = replace(store.recorded(row), previous=previous).computed()
            if row.seq >= start:
                values = {"t": tenant, "seq": row.seq, "previous": previous, "hash": new}
                admin.execute(text("UPDATE audit_entry SET previous = :previous, hash = :hash WHERE tenant = :t AND seq = :seq"), values)
            previous = new
        admin.execute(text("UPDATE audit_head SET hash = :hash WHERE tenant = :t"), {"t": tenant, "hash": previous})


def test_a_forger_who_recomputes_the_whole_chain_is_caught_by_the_checkpoints(database: Database, tenant, vault, clock) -> None:
    log(database, tenant, vault, clock, sealed=10, loose=3)
    tamper(database, tenant, f"UPDATE audit_entry SET data = '{{\"n\": 99}}' {AT.format(4)}")
    rehash(database, tenant, 4)
    found = named(database, tenant, vault)
    assert found[0] == ("changed", "entry 4")
    assert [where for kind, where in found if kind == "changed"] == [f"entry {seq}" for seq in range(4, 11)]


def test_a_forger_who_also_rewrites_the_kept_hashes_is_caught_by_the_signature(database: Database, tenant, vault, clock) -> None:
    log(database, tenant, vault, clock, sealed=10)
    tamper(
        database,
        tenant,
        "UPDATE audit_checkpoint SET leaves = set_byte(leaves, 40, get_byte(leaves, 40) # 1) WHERE tenant = :tenant AND number = 2",
    )
    assert named(database, tenant, vault) == [("checkpoint", "checkpoint 2")]


CHECKPOINT_CHANGES = [
    "at = at + interval '1 second'",
    "total = total + 1",
    "root = set_byte(root, 0, get_byte(root, 0) # 1)",
    "signature = set_byte(signature, 0, get_byte(signature, 0) # 1)",
    "key = 'ffffffffffffffff'",
    "previous = set_byte(previous, 0, get_byte(previous, 0) # 1)",
]


@pytest.mark.parametrize("change", CHECKPOINT_CHANGES, ids=[change.split()[0] for change in CHECKPOINT_CHANGES])
def test_a_changed_checkpoint_is_named(database: Database, tenant, vault, clock, change: str) -> None:
    log(database, tenant, vault, clock, sealed=10)
    tamper(database, tenant, f"UPDATE audit_checkpoint SET {change} WHERE tenant = :tenant AND number = 2")
    assert ("checkpoint", "checkpoint 2") in named(database, tenant, vault)


def test_a_dropped_checkpoint_is_named(database: Database, tenant, vault, clock) -> None:
    log(database, tenant, vault, clock, sealed=10)
    tamper(database, tenant, "DELETE FROM audit_checkpoint WHERE tenant = :tenant AND number = 1")
    assert ("dropped", "checkpoint 1") in named(database, tenant, vault)


def test_a_tail_cut_off_after_a_checkpoint_is_named_even_if_the_head_is_set_back(database: Database, tenant, vault, clock) -> None:
    log(database, tenant, vault, clock, sealed=10)
    tamper(
        database,
        tenant,
        "DELETE FROM audit_entry WHERE tenant = :tenant AND seq > 7",
        "UPDATE audit_head SET seq = 7, hash = (SELECT hash FROM audit_entry e WHERE e.tenant = :tenant AND e.seq = 7) WHERE tenant = :tenant",
    )
    assert named(database, tenant, vault) == [("truncated", "entries 8 to 10")]


def test_a_tail_cut_off_before_any_checkpoint_is_named_by_the_head(database: Database, tenant, vault, clock) -> None:
    log(database, tenant, vault, clock, sealed=10, loose=4)
    tamper(database, tenant, "DELETE FROM audit_entry WHERE tenant = :tenant AND seq > 12")
    assert named(database, tenant, vault) == [("truncated", "entries 13 to 14")]


def test_a_whole_lane_that_vanished_is_named(database: Database, tenant, vault, clock) -> None:
    log(database, tenant, vault, clock, sealed=10)
    tamper(database, tenant, "DELETE FROM audit_entry WHERE tenant = :tenant", "DELETE FROM audit_head WHERE tenant = :tenant")
    assert named(database, tenant, vault) == [("truncated", "lane")]


def test_checkpoints_cut_off_with_their_entries_are_found_by_one_kept_elsewhere(database: Database, tenant, vault, clock) -> None:
    log(database, tenant, vault, clock, sealed=10)
    with database.begin(tenant=tenant) as db:
        kept = audit.checkpoint(db, vault, clock)
    assert kept is not None
    tamper(
        database,
        tenant,
        "DELETE FROM audit_entry WHERE tenant = :tenant AND seq > 5",
        "DELETE FROM audit_checkpoint WHERE tenant = :tenant AND number = 2",
        "DELETE FROM audit_sealed WHERE tenant = :tenant AND number = 2",
        "UPDATE audit_head SET seq = 5, hash = (SELECT hash FROM audit_entry e WHERE e.tenant = :tenant AND e.seq = 5) WHERE tenant = :tenant",
    )
    assert named(database, tenant, vault) == []
    assert named(database, tenant, vault, witness=[kept]) == [("dropped", "checkpoint 2")]


def test_no_checkpoint_is_signed_over_a_broken_chain(database: Database, tenant, vault, clock) -> None:
    log(database, tenant, vault, clock, sealed=10, loose=4)
    tamper(database, tenant, f"UPDATE audit_entry SET kind = 'x' {AT.format(13)}")
    with database.begin(tenant=tenant) as db, pytest.raises(LogBroken, match="/13 does not follow"):
        audit.checkpoint(db, vault, clock)


def test_no_checkpoint_is_signed_over_a_missing_tail(database: Database, tenant, vault, clock) -> None:
    log(database, tenant, vault, clock, sealed=10, loose=2)
    tamper(database, tenant, "DELETE FROM audit_entry WHERE tenant = :tenant AND seq > 10")
    with database.begin(tenant=tenant) as db, pytest.raises(LogBroken, match="gone"):
        audit.checkpoint(db, vault, clock)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_single_change_is_made_it_is_found(database: Database, vault, clock, data: st.DataObject) -> None:
    tenant = f"h{new_id().hex}"
    sealed, loose = data.draw(st.integers(2, 14)), data.draw(st.integers(0, 5))
    log(database, tenant, vault, clock, sealed=sealed, loose=loose)
    assert named(database, tenant, vault) == []
    seq = data.draw(st.integers(1, sealed + loose))
    change = data.draw(st.sampled_from([*EVERY_COLUMN, "drop", "swap"]))
    if change == "drop":
        tamper(database, tenant, f"DELETE FROM audit_entry {AT.format(seq)}")
    elif change == "swap":
        other = data.draw(st.integers(1, sealed + loose).filter(lambda one: one != seq))
        moves = [(seq, 1000), (other, seq), (1000, other)]
        tamper(database, tenant, *(f"UPDATE audit_entry SET seq = {new} {AT.format(old)}" for old, new in moves))
    else:
        tamper(database, tenant, f"UPDATE audit_entry SET {change} {AT.format(seq)}")
    found = named(database, tenant, vault)
    assert any(str(seq) in where for _, where in found), (change, seq, found)


def test_concurrent_appends_lose_nothing_and_never_wait_for_a_long_transaction(database: Database, tenant, vault, clock) -> None:
    def append(worker: int) -> None:
        for turn in range(15):
            with database.begin(tenant=tenant) as db:
                audit.append(db, clock, entries(1 + turn % 3, worker * 1000 + turn * 10))

    with database.begin(tenant=tenant) as long:
        audit.append(long, clock, entries(1))
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(append, range(8)))
        with database.begin(tenant=tenant) as db:
            audit.checkpoint(db, vault, clock)
        audit.append(long, clock, entries(1))
    with database.begin(tenant=tenant) as db:
        report = audit.verify(db, vault)
        assert report.ok
        assert report.entries == 8 * 30 + 2
        assert report.lanes <= 10
        assert audit.checkpoint(db, vault, clock) is not None
        assert audit.verify(db, vault).unsealed == 0


def test_checkpoints_made_at_once_by_several_workers_form_one_chain(database: Database, tenant, vault, clock) -> None:
    stop = threading.Event()

    def append() -> None:
        while not stop.is_set():
            with database.begin(tenant=tenant) as db:
                audit.append(db, clock, entries(3))

    def seal(_: int) -> None:
        with database.begin(tenant=tenant) as db:
            audit.checkpoint(db, vault, clock)

    threads = [threading.Thread(target=append) for _ in range(3)]
    for thread in threads:
        thread.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(seal, range(24)))
    stop.set()
    for thread in threads:
        thread.join()
    with database.begin(tenant=tenant) as db:
        report = audit.verify(db, vault)
        assert report.problems == ()
        assert report.checkpoints >= 2


def test_a_transaction_keeps_its_lane(database: Database, tenant, vault, clock) -> None:
    with database.begin(tenant=tenant) as one, database.begin(tenant=tenant) as two:
        for _ in range(3):
            audit.append(one, clock, entries(1))
            audit.append(two, clock, entries(1))
    with database.begin(tenant=tenant) as db:
        counts = db.execute(text("SELECT count(*) FROM audit_entry GROUP BY lane")).scalars().all()
        assert counts == [3, 3]


def test_a_list_is_appended_by_two_statements(own, vault, clock) -> None:
    audit.append(own, clock, entries(1))
    counted: list[str] = []
    event.listen(own, "before_cursor_execute", lambda *given: counted.append(given[2]))
    audit.append(own, clock, entries(2000))
    assert len(counted) == 2


def test_a_rolled_back_transaction_leaves_no_gap(database: Database, tenant, vault, clock) -> None:
    for undone in (True, False, True, False):
        try:
            with database.begin(tenant=tenant) as db:
                audit.append(db, clock, entries(3))
                if undone:
                    raise InterruptedError
        except InterruptedError:
            pass
    with database.begin(tenant=tenant) as db:
        report = audit.verify(db, vault)
        assert report.ok
        assert report.entries == 6


def test_tenants_have_logs_of_their_own(database: Database, tenant, vault, clock) -> None:
    log(database, tenant, vault, clock, sealed=4)
    log(database, tenant + "b", vault, clock, sealed=6)
    tamper(database, tenant + "b", f"UPDATE audit_entry SET kind = 'x' {AT.format(2)}")
    assert named(database, tenant, vault) == []
    assert named(database, tenant + "b", vault) != []


def test_proofs_of_a_persons_entries_hold_offline(database: Database, tenant, vault, clock) -> None:
    person = new_id()
    with database.begin(tenant=tenant) as db:
        for batch in range(3):
            audit.append(db, clock, [*entries(7), Entry("test.seen", SERVICE, person, {"batch": batch}), *entries(2)])
            if batch < 2:
                audit.checkpoint(db, vault, clock)
        mine = audit.of(db, person=person)
        with pytest.raises(NotYetSealed):
            audit.prove(db, mine)
        audit.checkpoint(db, vault, clock)
        proofs = audit.prove(db, mine)
    assert [one.checkpoint.number for one in proofs] == [1, 2, 3]
    for one in proofs:
        assert proof.check(audit.Inclusion.from_json(one.to_json()), vault.signer.public_keys) == []
        forged = one.to_json()
        forged["entry"]["data"] = {"batch": 9}
        assert "altered" in proof.check(audit.Inclusion.from_json(forged), vault.signer.public_keys)[0]


def test_what_is_logged_survives_the_database_to_the_byte(own, vault, clock) -> None:
    odd = {
        "float": 0.1,
        "big": 2**70,
        "text": '中文 \u2028 "quoted"',
        "none": None,
        "list": [1, [2, {"b": 1, "a": 2}]],
        "bytes": b"\x00\xff",
        "true": True,
    }
    audit.append(own, clock, [Entry("test.odd", SERVICE, None, odd)])
    audit.checkpoint(own, vault, clock)
    assert audit.verify(own, vault).ok
    (kept,) = audit.latest(own, limit=1)
    assert kept.data["float"] == "0.1"
    assert kept.computed() == kept.hash
    assert hashlib.sha256(b"").digest() == proof.EMPTY == kept.previous
