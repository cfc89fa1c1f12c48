"""Is the log as it was written? Every entry is hashed anew and held against its chain, its head and the signed checkpoints.

A chain alone finds a careless change. Someone who can write the tables can recompute a chain, but not a signature: each checkpoint keeps the
hashes it signed, so a forged entry is still named, provided a checkpoint was made over it. Whoever can also drop the newest
checkpoints is found by a checkpoint kept elsewhere (`witness`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row

from . import proof, store
from .model import Problem, Recorded, Report, place
from .proof import EMPTY, Checkpoint
from .service import split

if TYPE_CHECKING:
    from ..vault import Vault

_MOST_PROBLEMS = 200


@dataclass(slots=True)
class Signed:
    """What the good checkpoints say: the hashes of each lane, and how far they go."""

    hashes: dict[int, dict[int, bytes]] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    count: int = 0

    def add(self, checkpoint: Checkpoint, leaves: Sequence[bytes]) -> None:
        at = 0
        for one in checkpoint.ranges:
            lane = self.hashes.setdefault(one.lane, {})
            lane.update(zip(range(one.first, one.last + 1), leaves[at : at + one.size], strict=True))
            at += one.size

    def covers(self, checkpoint: Checkpoint) -> Iterator[Problem]:
        """Each lane must go on where the checkpoint before left off."""
        for one in checkpoint.ranges:
            if one.first != self.last.get(one.lane, 0) + 1:
                says = f"it covers lane {one.lane} from {one.first}, but the one before ended at {self.last.get(one.lane, 0)}"
                yield Problem("checkpoint", f"checkpoint {checkpoint.number}", says)
            self.last[one.lane] = one.last


def verify(db: Connection, vault: Vault, *, witness: Iterable[Checkpoint] = ()) -> Report:
    """Name every entry and checkpoint that is not as it was written. Reads the whole log once, in bounded batches.

    `witness` are checkpoints kept outside this database: each must still be there as it was.
    """
    signed = Signed()
    problems = list(_checkpoints(db, vault.signer.public_keys, signed, {one.number: one for one in witness}))
    lanes = entries = beyond = 0
    for lane, rows in groupby(store.stream(db), key=lambda row: row.lane if row.head_lane is None else row.head_lane):
        found = _Lane(lane, signed.hashes.pop(lane, {}), signed.last.pop(lane, 0))
        problems += found.read(rows)
        lanes, entries, beyond = lanes + 1, entries + found.entries, beyond + found.unsealed
    for lane, last in signed.last.items():
        problems.append(Problem("truncated", f"lane {lane}", f"all its entries, 1 to {last}, are gone, and they were signed"))
    return Report(entries, lanes, signed.count, beyond, tuple(problems[:_MOST_PROBLEMS]))


def _checkpoints(db: Connection, keys: dict[str, bytes], signed: Signed, witness: dict[int, Checkpoint]) -> Iterator[Problem]:
    """Problems of the checkpoints themselves; fills `signed` from those that are good."""
    previous, number, total = EMPTY, 0, 0
    for one, leaves in store.checkpoints(db):
        where, hashes = f"checkpoint {one.number}", split(leaves)
        for missing in range(number + 1, one.number):
            yield Problem("dropped", f"checkpoint {missing}", "it is gone")
        if one.number == number + 1 and one.previous != previous:
            yield Problem("checkpoint", where, "it does not follow the one before it")
        total += one.size
        yield from signed.covers(one)
        if not proof.signature_holds(one, keys):
            yield Problem("checkpoint", where, "it was altered, or no trusted key signed it")
        elif proof.root(hashes) != one.root or len(hashes) != one.size:
            yield Problem("checkpoint", where, "its list of hashes was altered: it does not give the signed root")
        else:
            signed.add(one, hashes)
        if witness.pop(one.number, one).digest != one.digest:
            yield Problem("checkpoint", where, "it is not the checkpoint of that number that was kept elsewhere")
        previous, number, signed.count = one.digest, one.number, signed.count + 1
    yield from (Problem("dropped", f"checkpoint {gone}", "it was kept elsewhere, and is gone from here") for gone in sorted(witness))


@dataclass(slots=True)
class _Lane:
    """One lane, read from its first entry to its last."""

    lane: int
    signed: dict[int, bytes]
    """The hash that a checkpoint signed for each seq."""
    signed_to: int
    entries: int = 0
    unsealed: int = 0
    previous: bytes | None = EMPTY
    """The hash that the next entry must name; None when the one before it is missing or wrong."""
    seq: int = 0

    def read(self, rows: Iterable[Row[Any]]) -> Iterator[Problem]:
        head: tuple[int, bytes] | None = None
        strays: list[Recorded] = []
        for row in rows:
            head = None if row.head_seq is None else (row.head_seq, bytes(row.head_hash))
            if row.seq is None:
                continue
            one = store.recorded(row)
            self.entries, self.unsealed = self.entries + 1, self.unsealed + (one.seq > self.signed_to)
            yield from self._step(one, strays)
        yield from self._strays(strays)
        yield from self._tail(head)

    def _step(self, one: Recorded, strays: list[Recorded]) -> Iterator[Problem]:
        """Hold one entry against its place, its own hash, the signed hash and the entry before it."""
        if one.seq <= self.seq:
            yield Problem("inserted", one.place, "a second entry stands in this place")
            return
        yield from self._gap(self.seq + 1, one.seq - 1)
        skipped, computed, signed = one.seq - self.seq > 1, one.computed(), self.signed.get(one.seq)
        self.seq = one.seq
        if computed == one.hash and signed in (None, computed):
            if self.previous is not None and not skipped and one.previous != self.previous:
                yield Problem("unlinked", one.place, "it does not follow the entry before it: one of the two was replaced")
            self.previous = computed
            return
        self.previous = None
        strays.append(one)

    def _gap(self, first: int, last: int) -> Iterator[Problem]:
        if first > last:
            return
        where = place(self.lane, first) if first == last else f"entries {self.lane}/{first} to {last}"
        yield Problem("dropped", where, "missing from the log")

    def _strays(self, strays: Sequence[Recorded]) -> Iterator[Problem]:
        """Say of each entry that does not fit whether it belongs elsewhere, was never signed, or was changed."""
        named = strays[:_MOST_PROBLEMS]
        places = [one.seq for one in named]
        for one in named:
            home = self._home(one, places)
            if home is not None:
                yield Problem("reordered", one.place, f"this entry belongs in place {home}")
            elif one.computed() == one.hash:
                yield Problem(
                    "changed", one.place, "it was replaced by another that hashes well; the hash signed for this place is different"
                )
            elif one.seq in self.signed and one.computed() == self.signed[one.seq]:
                yield Problem("changed", one.place, "its stored hash was changed; its content is as signed")
            else:
                yield Problem("changed", one.place, "its content does not give its hash")

    def _home(self, one: Recorded, places: Sequence[int]) -> int | None:
        """The place that the entry's hash says it was written for, if it is another of the strays' places."""
        for seq in places:
            if seq != one.seq and one.computed(seq=seq) in (one.hash, self.signed.get(seq)):
                return seq
        return None

    def _tail(self, head: tuple[int, bytes] | None) -> Iterator[Problem]:
        if self.seq < self.signed_to:
            where = f"entries {self.lane}/{self.seq + 1} to {self.signed_to}"
            yield Problem("truncated", where, "they were signed, and are gone from the end of the lane")
        if head is None:
            yield Problem("dropped", f"lane {self.lane}", "its head is missing")
        elif head[0] > max(self.seq, self.signed_to):
            where = f"entries {self.lane}/{max(self.seq, self.signed_to) + 1} to {head[0]}"
            yield Problem("truncated", where, "the lane's head says that they were written; they are gone")
        elif head[0] < self.seq:
            yield Problem("inserted", f"entries {self.lane}/{head[0] + 1} to {self.seq}", "the lane's head does not know them")
        elif head[0] == self.seq and self.previous is not None and head[1] != self.previous:
            yield Problem("unlinked", f"lane {self.lane}", "its head does not name the last entry's hash")
