"""Append, seal, prove. Verifying has a file of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, plain

from . import proof, store
from .errors import LogBroken, NotYetSealed
from .model import Entry, Recorded
from .proof import EMPTY, Checkpoint, Inclusion, Range

if TYPE_CHECKING:
    from ..vault import Vault

_BATCH = 50_000


def append(db: Connection, clock: Clock, entries: Sequence[Entry]) -> None:
    """Chain all entries to one free lane, by two statements however many they are; they stand or fall with the caller's transaction."""
    append_at(db, clock.now(), entries)


def append_at(db: Connection, at: datetime, entries: Sequence[Entry]) -> None:
    if entries:
        store.write(db, list(_chained(store.claim(db), at, entries)))


def append_aside(db: Connection, clock: Clock, entries: Sequence[Entry]) -> None:
    """As `append`, in a transaction of its own that has committed on return: what must be known even if the caller's work is undone."""
    with store.aside(db) as beside:
        append_at(beside, clock.now(), entries)


def _chained(lane: store.Lane, at: datetime, entries: Sequence[Entry]) -> Iterator[Recorded]:
    previous = lane.hash
    for seq, one in enumerate(entries, lane.seq + 1):
        drawn = Recorded(lane.tenant, lane.lane, seq, at, one.kind, str(one.actor), one.person, plain(one.data), previous, b"")
        previous = drawn.computed()
        yield replace(drawn, hash=previous)


def of(db: Connection, *, person: UUID, limit: int = 10_000) -> list[Recorded]:
    """Everything recorded about a person, oldest first."""
    return store.of_person(db, person, limit)


def latest(db: Connection, *, limit: int = 100) -> list[Recorded]:
    """The newest entries, newest first."""
    return store.latest(db, limit)


def page(
    db: Connection,
    *,
    person: UUID | None = None,
    actor: str | None = None,
    refused: bool = False,
    before: tuple[datetime, int, int] | None = None,
    limit: int = 50,
) -> list[Recorded]:
    """A page of the log, newest first: of a person, of a kind of actor ("operator"), or of refusals alone.

    `before` is the (at, lane, seq) of the last entry of the page before.
    """
    return store.page(db, person=person, actor=actor, refused=refused, before=before, limit=limit)


def checkpoints(db: Connection, *, limit: int = 20) -> list[Checkpoint]:
    """The newest checkpoints, newest first."""
    return store.newest_checkpoints(db, limit)


def checkpoint(db: Connection, vault: Vault, clock: Clock) -> Checkpoint | None:
    """Sign what has been appended since the last checkpoint; return the newest checkpoint, None for an empty log.

    Raises LogBroken when the entries to be signed do not form a chain.
    """
    store.lock_checkpoints(db)
    last = store.last_checkpoint(db)
    while fresh := _fresh(db):
        leaves = [one.hash for one in fresh]
        last = vault.signer.sign(_drawn(last, fresh, clock.now(), vault.signer.key, proof.root(leaves)))
        store.add_checkpoint(db, last, b"".join(leaves))
    return last


def _fresh(db: Connection) -> list[Recorded]:
    """The next batch to sign, each lane checked to be a chain from what was signed before."""
    found: list[Recorded] = []
    waiting = store.unsealed(db, _BATCH)
    for _, rows in groupby(waiting, key=lambda row: row[0].lane):
        expected, previous = 1, EMPTY
        for one, already in rows:
            if already:
                expected, previous = one.seq + 1, one.hash
                continue
            if one.seq != expected or one.previous != previous or one.computed() != one.hash:
                raise LogBroken(f"{one.place} does not follow the one before it")
            expected, previous = one.seq + 1, one.hash
            found.append(one)
    if waiting and not found:
        raise LogBroken(f"what followed {waiting[-1][0].place} is gone")
    return found


def _drawn(last: Checkpoint | None, fresh: Sequence[Recorded], at: datetime, key: str, root: bytes) -> Checkpoint:
    lanes = [list(group) for _, group in groupby(fresh, key=lambda one: one.lane)]
    return Checkpoint(
        tenant=fresh[0].tenant,
        number=last.number + 1 if last else 1,
        at=at,
        previous=last.digest if last else EMPTY,
        ranges=tuple(Range(lane[0].lane, lane[0].seq, lane[-1].seq) for lane in lanes),
        total=len(fresh) + (last.total if last else 0),
        root=root,
        key=key,
    )


def prove(db: Connection, entries: Sequence[Recorded]) -> list[Inclusion]:
    """One inclusion proof an entry, in the order given. Raises NotYetSealed when a checkpoint must be made first."""
    if not entries:
        return []
    numbers = store.covering(db, [(one.lane, one.seq) for one in entries])
    missing = [one.place for one in entries if (one.lane, one.seq) not in numbers]
    if missing:
        raise NotYetSealed(", ".join(missing[:3]))
    trees = {
        number: (found, proof.levels(split(leaves))) for number, (found, leaves) in store.numbered(db, list(set(numbers.values()))).items()
    }
    return [_inclusion(one, *trees[numbers[one.lane, one.seq]]) for one in entries]


def _inclusion(one: Recorded, covering: Checkpoint, tree: Sequence[Sequence[bytes]]) -> Inclusion:
    index = covering.index(one.lane, one.seq)
    if index is None:
        raise LogBroken(f"checkpoint {covering.number} does not cover {one.place}")
    return Inclusion(one.body(), tuple(proof.path(tree, index)), covering)


def split(leaves: bytes) -> list[bytes]:
    return [leaves[i : i + 32] for i in range(0, len(leaves), 32)]
