"""Writing: accounts, lists of transfers, the links between transfers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from ...errors import BalanceForbidden, DayClosed
from ..model import RULES, Account, Link, Transfer
from .tables import account, close, link

FITS = """
    CASE WHEN l.rule = 'debits_within_credits' AND l.debits + l.more_debits + l.held_debits > l.credits + l.more_credits
           OR l.rule = 'credits_within_debits' AND l.credits + l.more_credits + l.held_credits > l.debits + l.more_debits
         THEN ledger_refuse(l.kind, l.owner, l.currency, l.rule) ELSE true END"""
"""Tells a refusal which account it is about; the CHECK on the table stands behind it."""

POST = text(f"""
WITH given AS (
    SELECT * FROM unnest(CAST(:id AS uuid[]), CAST(:person AS uuid[]), CAST(:what AS text[]), CAST(:subject AS uuid[]),
                         CAST(:debit AS uuid[]), CAST(:credit AS uuid[]), CAST(:minor AS bigint[]), CAST(:currency AS text[]),
                         CAST(:entry AS bigint[]), CAST(:line AS integer[]))
        AS g(id, person_id, what, subject, debit, credit, minor, currency, entry, line)
), fresh AS (
    INSERT INTO ledger_key (person_id, id, at) SELECT person_id, id, :at FROM given ORDER BY id, person_id
    ON CONFLICT DO NOTHING RETURNING id
), posted AS (
    INSERT INTO ledger_transfer (at, booked_on, entry, line, person_id, id, what, subject, debit, credit, minor, currency)
    SELECT :at, :booked_on, entry, line, person_id, id, what, subject, debit, credit, minor, currency
    FROM given WHERE id IN (SELECT id FROM fresh)
    RETURNING debit, credit, minor
), moved AS (
    SELECT side.account, sum(side.debits) AS debits, sum(side.credits) AS credits, count(*) AS entries
    FROM posted, LATERAL (VALUES (debit, minor, 0), (credit, 0, minor)) AS side(account, debits, credits) GROUP BY side.account
), locked AS (
    SELECT a.*, m.debits AS more_debits, m.credits AS more_credits, m.entries AS more_entries
    FROM ledger_account a JOIN moved m ON a.id = m.account ORDER BY a.id FOR NO KEY UPDATE OF a
), judged AS (
    SELECT l.id, l.more_debits, l.more_credits, l.more_entries, {FITS} AS fits FROM locked l
), kept AS (
    UPDATE ledger_account a SET debits = a.debits + j.more_debits, credits = a.credits + j.more_credits, entries = a.entries + j.more_entries
    FROM judged j WHERE a.id = j.id AND j.fits RETURNING a.id
)
SELECT (SELECT count(*) FROM posted), (SELECT count(*) FROM moved), (SELECT count(*) FROM kept)
""")
"""Rows are locked in the order of their ids, so that two lists that meet on the same accounts wait for each other instead of deadlocking;
a balance changes by addition on the locked row, so that no update is lost."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a poster may count on until its transaction ends: while it holds its turn, no day is closed and no snapshot taken."""

    entries: Sequence[int]
    """Numbers for its lists."""
    since: datetime | None
    """The last snapshot's instant: nothing is recorded before it any more."""
    closed: date | None
    """The last closed day."""


def turn(db: Connection, lists: int) -> Turn:
    """Wait while a day is being closed."""
    found = db.execute(text("SELECT entries, since, closed FROM ledger_turn(:lists)"), {"lists": lists}).one()
    return Turn(found.entries, found.since, found.closed)


def open_accounts(db: Connection, accounts: Sequence[Account]) -> None:
    if accounts:
        rows = [{"id": a.id, "kind": a.kind, "owner": a.owner, "currency": a.currency, "rule": RULES[a.kind]} for a in accounts]
        db.execute(insert(account).values(rows).on_conflict_do_nothing())


def post(
    db: Connection, given: Mapping[UUID, Transfer], places: Sequence[tuple[int, int]], *, at: datetime, booked_on: date
) -> tuple[int, int, int]:
    """Write the new ones among `given`, by id, at their `places` (entry and line); return how many were new, how many accounts they move,
    and how many of those exist."""
    transfers = given.values()
    columns = {
        "id": ids(given),
        "person": ids(t.person for t in transfers),
        "what": [t.what for t in transfers],
        "subject": ids(t.subject for t in transfers),
        "debit": ids(t.debit.id for t in transfers),
        "credit": ids(t.credit.id for t in transfers),
        "minor": array(t.amount.minor for t in transfers),
        "currency": array(t.amount.currency for t in transfers),
        "entry": array(entry for entry, _ in places),
        "line": array(line for _, line in places),
    }
    try:
        posted, moved, kept = db.execute(POST, {**columns, "at": at, "booked_on": booked_on}).one()
    except IntegrityError as error:
        raise told(error) from error
    return posted, moved, kept


def ids(values: Iterable[UUID]) -> str:
    """PostgreSQL's text form of an array of ids; a third of the cost of letting the driver write it."""
    return "{" + ",".join([value.hex for value in values]) + "}"


def array(values: Iterable[object]) -> str:
    """The same of numbers and currencies."""
    return "{" + ",".join(map(str, values)) + "}"


def told(error: IntegrityError) -> Exception:
    """The refusal that a broken rule means; the error itself when it is another one."""
    told_by = getattr(error.orig, "diag", None)
    name, detail = getattr(told_by, "constraint_name", None) or "", getattr(told_by, "message_detail", None) or ""
    if name == "ledger_day_is_open":
        return DayClosed(*detail.split(" "))
    if "within_" not in name:
        return error
    rule = "debits within credits" if name.endswith("within_credits") else "credits within debits"
    return BalanceForbidden(f"{detail}: {rule}" if detail.count("/") == 2 else rule)


def add_links(db: Connection, links: Sequence[Link], *, at: datetime) -> set[UUID]:
    """Write the links that are not there yet; return the transfers whose link was written."""
    rows = [{"person_id": n.person, "id": n.transfer, "relation": n.relation, "of": n.of, "why": n.why, "at": at} for n in links]
    new = insert(link).values(rows).on_conflict_do_nothing().returning(link.c.id)
    return set(db.execute(new).scalars()) if rows else set()


def links(db: Connection, *, transfers: Sequence[UUID] = (), of: Sequence[UUID] = ()) -> list[Link]:
    """The links that these transfers are, or that point at these transfers or holds."""
    query = select(link).where((link.c.id == func.any(list(transfers))) | (link.c.of == func.any(list(of))))
    return [Link(row.id, row.relation, row.of, row.why, row.person_id) for row in db.execute(query)]


def last_closed(db: Connection) -> date | None:
    return db.execute(select(func.max(close.c.on))).scalar()
