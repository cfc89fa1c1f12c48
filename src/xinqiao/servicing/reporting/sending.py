"""Files for the bureau, and its answers. The caller owns the transaction, and carries the file to the bureau once it has committed.

The bureau that ships is a simulator (`simulator.SimulatedBureau`), and files say so; a real one is an adapter that carries the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, canonical, events, new_id, sha256_hex
from xinqiao.kit.locks import hold

from ..errors import BatchUnknown, RecordMalformed, RecordUnknown
from ..rules import BUREAU
from . import permission
from .shape import BATCH, NEEDS_CONSENT, check, read_acknowledgement
from .store import outbox
from .store.outbox import Outcome, Waiting

Identify = Callable[[UUID], Mapping[str, str] | None]
"""A person's token to name, document_type and document_number, read from the vault for this purpose; None when it cannot be read."""
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """One file: a header, a line a record, and a trailer with their number and the hash of all bytes before it."""

    id: UUID
    number: int
    records: int
    sha256: str
    """Of the whole file."""
    data: bytes
    withheld: Mapping[str, int]
    """Records that were not to leave, by reason."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    batch: UUID
    accepted: int
    requeued: int
    stuck: int
    """Rejected so often that a person must look."""
    unknown: int
    """Answers that belong to no record still out in this file: repeats, or another file's."""


def export_batch(
    *, db: Connection, clock: Clock, limit: int = 1000, identify: Identify | None = None, simulated: bool = True
) -> Batch | None:
    """Write the oldest queued records into a file; None when nothing is to leave.

    Each record is checked against its shape, and those that need it against the consent's being in force still; what fails leaves the queue,
    with the reason on record, and not the house.
    """
    hold(db, "bureau-batch")
    queued = outbox.take(db, limit=limit)
    ready, bodies, held = _sorted_out(db, clock, queued, identify)
    for code, records in held.items():
        outbox.withhold(db, records, code, at=clock.now())
        events.append(db, [_withheld(one, code, clock.now()) for one in records])
    if not ready:
        return None
    batch_id, number = new_id(), outbox.next_number(db)
    data = file_of(batch_id, number, clock.now(), bodies, simulated=simulated)
    outbox.add_batch(db, batch_id, number, ready, sha256=sha256_hex(data), at=clock.now())
    made = Batch(batch_id, number, len(ready), sha256_hex(data), data, {code: len(records) for code, records in held.items()})
    events.append(db, [_sent(made, clock.now())])
    return made


def export_again(*, db: Connection, batch_id: UUID, identify: Identify | None = None, simulated: bool = True) -> bytes:
    """The same file once more, for one that was lost on its way. Raises BatchUnknown."""
    found = outbox.batch_of(db, batch_id)
    if found is None:
        raise BatchUnknown(batch_id)
    bodies = [_named(body, identify) for body in outbox.bodies_of(db, batch_id)]
    return file_of(batch_id, found[0], found[2], [body for body in bodies if body is not None], simulated=simulated)


def acknowledge(*, db: Connection, clock: Clock, data: bytes) -> Acknowledged:
    """Book a bureau's answer: accepted records are done, rejected ones wait for the next file, or for a person after too many attempts.

    The same answer again changes nothing. Raises AcknowledgementMalformed, BatchUnknown.
    """
    answer = read_acknowledgement(data)
    batch_id = UUID(answer.batch)
    if outbox.batch_of(db, batch_id) is None:
        raise BatchUnknown(batch_id)
    results: dict[UUID, tuple[str, str | None]] = dict.fromkeys(map(UUID, answer.accepted), (outbox.ACCEPTED, None))
    results |= {UUID(one.id): (outbox.REJECTED, one.code) for one in answer.rejected}
    done = outbox.settle(db, batch_id, results, most=BUREAU.attempts, at=clock.now())
    known = sum(done.values())
    data_told = {**done, "unknown": len(results) - known, "simulated": answer.simulated}
    events.append(db, [events.Event("servicing.bureau_answered", batch_id, data_told, None, clock.now())])
    return Acknowledged(batch_id, done[outbox.ACCEPTED], done["requeued"], done[outbox.STUCK], len(results) - known)


def stuck(*, db: Connection, limit: int = 100) -> list[Waiting]:
    """Records that the bureau rejected too often: a person looks, sets right what is wrong, and releases them."""
    return outbox.waiting(db, outbox.STUCK, limit=limit)


def unanswered(*, db: Connection, limit: int = 100) -> list[Waiting]:
    """Records that left and that no answer speaks of yet, oldest first."""
    return outbox.waiting(db, outbox.SENT, limit=limit)


def release(*, db: Connection, clock: Clock, record_id: UUID) -> None:
    """Queue a stuck record again. Raises RecordUnknown when it is not stuck."""
    if not outbox.release(db, record_id, at=clock.now()):
        raise RecordUnknown(record_id)


def outcomes(*, db: Connection, person_id: UUID, record_id: UUID) -> list[Outcome]:
    """What came of a record, attempt by attempt."""
    return outbox.outcomes(db, person_id, record_id)


def told_of(*, db: Connection, loan_id: UUID) -> list[Body]:
    """Every record made of a loan, in the shape in which it leaves, oldest first."""
    return outbox.bodies(db, loan_id)


def file_of(batch_id: UUID, number: int, at: datetime, bodies: Sequence[Body], *, simulated: bool) -> bytes:
    header = {
        "line": "header",
        "shape": BATCH,
        "batch": batch_id,
        "number": number,
        "made_at": at,
        "records": len(bodies),
        "simulated": simulated,
    }
    lines = [canonical(header), *(canonical({"line": "record", "seq": seq, "record": body}) for seq, body in enumerate(bodies, 1))]
    before = b"".join(line + b"\n" for line in lines)
    trailer = canonical({"line": "trailer", "records": len(bodies), "sha256": sha256_hex(before)})
    return before + trailer + b"\n"


def _sorted_out(
    db: Connection, clock: Clock, queued: Sequence[Waiting], identify: Identify | None
) -> tuple[list[Waiting], list[Body], dict[str, list[Waiting]]]:
    ready, bodies, held = [], [], {}
    for one in queued:
        body, code = _leaving(db, clock, one, identify)
        if body is None:
            held.setdefault(code, []).append(one)
        else:
            ready.append(one)
            bodies.append(body)
    return ready, bodies, held


def _leaving(db: Connection, clock: Clock, one: Waiting, identify: Identify | None) -> tuple[Body | None, str]:
    if one.kind in NEEDS_CONSENT and not permission.stands(db, clock, one.person_id, one.body["consent"]["receipt"]):
        return None, "consent_ended"
    body = _named(one.body, identify)
    if body is None:
        return None, "no_identity"
    try:
        check(body)
    except RecordMalformed:
        return None, "malformed"
    return body, ""


def _named(body: Body, identify: Identify | None) -> Body | None:
    if identify is None:
        return body
    identity = identify(UUID(body["person"]))
    return None if identity is None else {**body, "identity": dict(identity)}


def _withheld(one: Waiting, code: str, at: datetime) -> events.Event:
    data = {"record": one.id, "kind": one.kind, "why": code}
    return events.Event("servicing.bureau_withheld", one.loan_id, data, one.person_id, at)


def _sent(made: Batch, at: datetime) -> events.Event:
    data = {"number": made.number, "records": made.records, "sha256": made.sha256, "withheld": dict(made.withheld)}
    return events.Event("servicing.bureau_sent", made.id, data, None, at)
