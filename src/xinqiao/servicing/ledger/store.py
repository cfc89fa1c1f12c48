"""Accounts with their running balances, and the transfers behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    DateTime,
    Index,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    Uuid,
    case,
    func,
    literal,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from xinqiao.kit import Money, tables
from xinqiao.kit.database import tenant

from ..errors import BalanceForbidden
from .model import NOBODY, RULES, Account, Balance, Entry, Kind, Posting, Transfer

account = Table(
    "ledger_account",
    tables,
    tenant(),
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("owner", Uuid, nullable=False),
    Column("currency", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("debits", BigInteger, nullable=False, server_default="0"),
    Column("credits", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("tenant", "id"),
    CheckConstraint("rule <> 'credits_within_debits' OR credits <= debits", name="within_debits"),
    CheckConstraint("rule <> 'debits_within_credits' OR debits <= credits", name="within_credits"),
    Index("ix_ledger_account_owner", "tenant", "owner"),
)

key = Table(
    "ledger_key",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "id"),
    info={"append_only": True},
)
"""Every transfer's id, once: a table cut by month cannot itself promise that a key never returns in another month."""

transfer = Table(
    "ledger_transfer",
    tables,
    tenant(),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("debit", Uuid, nullable=False),
    Column("credit", Uuid, nullable=False),
    Column("minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "at", "id"),
    CheckConstraint("minor > 0", name="positive"),
    CheckConstraint("debit <> credit", name="two_sides"),
    Index("ix_ledger_transfer_debit", "tenant", "debit", "at"),
    Index("ix_ledger_transfer_credit", "tenant", "credit", "at"),
    postgresql_partition_by="RANGE (at)",
    info={"monthly": "at", "append_only": True},
)

POST = text("""
WITH given AS (
    SELECT * FROM unnest(CAST(:id AS uuid[]), CAST(:person AS uuid[]), CAST(:what AS text[]), CAST(:subject AS uuid[]),
                         CAST(:debit AS uuid[]), CAST(:credit AS uuid[]), CAST(:minor AS bigint[]), CAST(:currency AS text[]))
        AS g(id, person_id, what, subject, debit, credit, minor, currency)
), fresh AS (
    INSERT INTO ledger_key (person_id, id, at) SELECT person_id, id, :at FROM given ORDER BY person_id, id
    ON CONFLICT DO NOTHING RETURNING id
), posted AS (
    INSERT INTO ledger_transfer (at, person_id, id, what, subject, debit, credit, minor, currency)
    SELECT :at, person_id, id, what, subject, debit, credit, minor, currency FROM given WHERE id IN (SELECT id FROM fresh)
    RETURNING debit, credit, minor
), moved AS (
    SELECT side.account, sum(side.debits) AS debits, sum(side.credits) AS credits
    FROM posted, LATERAL (VALUES (debit, minor, 0), (credit, 0, minor)) AS side(account, debits, credits) GROUP BY side.account
), locked AS (
    SELECT a.id, m.debits, m.credits FROM ledger_account a JOIN moved m ON a.id = m.account ORDER BY a.id FOR NO KEY UPDATE OF a
), kept AS (
    UPDATE ledger_account a SET debits = a.debits + l.debits, credits = a.credits + l.credits FROM locked l WHERE a.id = l.id RETURNING a.id
)
SELECT (SELECT count(*) FROM posted), (SELECT count(*) FROM moved), (SELECT count(*) FROM kept)
""")
"""Rows are locked in the order of their ids, so that two lists that meet on the same accounts wait for each other instead of deadlocking;
a balance changes by addition on the locked row, so that no update is lost."""


def open_accounts(db: Connection, accounts: Sequence[Account]) -> None:
    if accounts:
        rows = [{"id": a.id, "kind": a.kind, "owner": a.owner, "currency": a.currency, "rule": RULES[a.kind]} for a in accounts]
        db.execute(insert(account).values(rows).on_conflict_do_nothing())


def post(db: Connection, given: Mapping[UUID, Transfer], *, at: datetime) -> tuple[int, int, int]:
    """Write the new ones among `given`, by id; return how many were new, how many accounts they move, and how many of those exist."""
    transfers = given.values()
    columns = {
        "id": list(given),
        "person": [t.person for t in transfers],
        "what": [t.what for t in transfers],
        "subject": [t.subject for t in transfers],
        "debit": [t.debit.id for t in transfers],
        "credit": [t.credit.id for t in transfers],
        "minor": [t.amount.minor for t in transfers],
        "currency": [t.amount.currency for t in transfers],
    }
    try:
        posted, moved, kept = db.execute(POST, {**columns, "at": at}).one()
    except IntegrityError as error:
        name = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""
        if "within" not in name:
            raise
        raise BalanceForbidden("debits within credits" if name.endswith("within_credits") else "credits within debits") from error
    return posted, moved, kept


def stored(db: Connection, ids: Sequence[UUID]) -> Sequence[Row]:
    """The transfers of those ids, wherever their month lies."""
    same = (transfer.c.person_id == key.c.person_id) & (transfer.c.at == key.c.at) & (transfer.c.id == key.c.id)
    query = select(transfer).select_from(key.join(transfer, same)).where(key.c.id == func.any(list(ids)))
    return db.execute(query).all()


def balances(db: Connection, ids: Sequence[UUID]) -> list[Balance]:
    return [_balance(row) for row in db.execute(select(account).where(account.c.id == func.any(list(ids))))]


def sums(db: Connection) -> list[Balance]:
    """Kept balances summed by kind and currency."""
    totals = (func.sum(account.c.debits).label("debits"), func.sum(account.c.credits).label("credits"))
    query = select(account.c.kind, account.c.currency, literal(NOBODY).label("owner"), *totals)
    moved = query.where(account.c.debits + account.c.credits > 0)
    return [_balance(row) for row in db.execute(moved.group_by(account.c.kind, account.c.currency))]


def sums_until(db: Connection, until: datetime) -> list[Balance]:
    """The same, from the transfers themselves."""
    sides = union_all(
        select(transfer.c.debit.label("account"), transfer.c.minor.label("debits"), literal(0).label("credits")).where(
            transfer.c.at <= until
        ),
        select(transfer.c.credit, literal(0), transfer.c.minor).where(transfer.c.at <= until),
    ).subquery()
    totals = (func.sum(sides.c.debits).label("debits"), func.sum(sides.c.credits).label("credits"))
    query = select(account.c.kind, account.c.currency, literal(NOBODY).label("owner"), *totals)
    joined = query.select_from(sides.join(account, account.c.id == sides.c.account))
    return [_balance(row) for row in db.execute(joined.group_by(account.c.kind, account.c.currency))]


def accounts(db: Connection, kind: Kind, *, limit: int, after: UUID | None) -> list[Balance]:
    query = select(account).where(account.c.kind == kind).order_by(account.c.id).limit(limit)
    return [_balance(row) for row in db.execute(query if after is None else query.where(account.c.id > after))]


def entries(db: Connection, of: Account, *, limit: int, before: datetime | None) -> list[Entry]:
    """Two index walks, one for each side, merged; each stops at `limit`."""
    sides = []
    for mine, other in ((transfer.c.debit, transfer.c.credit), (transfer.c.credit, transfer.c.debit)):
        query = select(transfer, other.label("other")).where(mine == of.id)
        query = query if before is None else query.where(transfer.c.at < before)
        sides.append(query.order_by(transfer.c.at.desc()).limit(limit).subquery().select())
    both = union_all(*sides).subquery()
    amount = case((both.c.debit == of.id, both.c.minor), else_=-both.c.minor).label("amount")
    named = select(both, amount, account.c.kind, account.c.owner).join(account, account.c.id == both.c.other)
    rows = db.execute(named.order_by(both.c.at.desc(), both.c.id).limit(limit))
    return [Entry(r.at, r.id, r.what, r.subject, Account(Kind(r.kind), r.owner, r.currency), Money(r.amount, r.currency)) for r in rows]


def journal(db: Connection, subject: UUID, person: UUID) -> list[Posting]:
    debit, credit = account.alias("debit_account"), account.alias("credit_account")
    sides = [side.c[name].label(f"{side.name}_{name}") for side in (debit, credit) for name in ("kind", "owner")]
    joined = transfer.join(debit, debit.c.id == transfer.c.debit).join(credit, credit.c.id == transfer.c.credit)
    mine = (transfer.c.person_id == person) & (transfer.c.subject == subject)
    query = select(transfer, *sides).select_from(joined).where(mine).order_by(transfer.c.at, transfer.c.id)
    return [
        Posting(
            r.at,
            r.id,
            r.what,
            Account(Kind(r.debit_account_kind), r.debit_account_owner, r.currency),
            Account(Kind(r.credit_account_kind), r.credit_account_owner, r.currency),
            Money(r.minor, r.currency),
        )
        for r in db.execute(query)
    ]


def _balance(row: Row) -> Balance:
    of = Account(Kind(row.kind), row.owner, row.currency)
    return Balance(of, Money(int(row.debits), row.currency), Money(int(row.credits), row.currency))
