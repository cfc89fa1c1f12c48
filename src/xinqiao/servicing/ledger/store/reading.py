"""Reading accounts and their entries. Every query walks an index, whatever the size of the book."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, literal, select, tuple_, union_all

from xinqiao.kit import Money

from ..model import Account, AccountPage, Balance, Cursor, Entry, Kind, Posting
from .tables import account, balance, key, transfer

SCANNED = 5_000
"""Accounts looked through for one page of those that stand at something: a page may be short, but never slow."""


def balances(db: Connection, ids: Sequence[UUID]) -> list[Balance]:
    return [balance_of(row) for row in db.execute(select(account).where(account.c.id == func.any(list(ids))))]


def accounts(db: Connection, kind: Kind, *, limit: int, after: UUID | None) -> list[Balance]:
    return list(find(db, kind=kind, owner=None, currency=None, standing=False, limit=limit, after=after).rows)


def find(
    db: Connection, *, kind: Kind | None, owner: UUID | None, currency: str | None, standing: bool, limit: int, after: UUID | None
) -> AccountPage:
    """In the order of kind, currency and id."""
    order = (account.c.kind, account.c.currency, account.c.id)
    query = select(account).order_by(*order)
    if after is not None and (last := db.execute(select(*order).where(account.c.id == after)).first()) is not None:
        query = query.where(tuple_(*order) > tuple_(*(literal(value, column.type) for value, column in zip(last, order, strict=True))))
    query = query.where(account.c.kind == func.any([str(one) for one in ([kind] if kind else Kind)]))
    query = query if owner is None else query.where(account.c.owner == owner)
    query = query if currency is None else query.where(account.c.currency == currency)
    if not standing:
        rows = db.execute(query.limit(limit + 1)).all()
        return AccountPage(tuple(balance_of(row) for row in rows[:limit]), rows[limit - 1].id if len(rows) > limit else None)
    return _standing(db, query, limit)


def _standing(db: Connection, query: Select, limit: int) -> AccountPage:
    seen = query.limit(SCANNED).subquery()
    moved = (seen.c.debits != seen.c.credits) | (seen.c.held_debits + seen.c.held_credits > 0)
    chosen = select(seen).where(moved).order_by(seen.c.kind, seen.c.currency, seen.c.id)
    rows = [balance_of(row) for row in db.execute(chosen.limit(limit + 1))]
    if len(rows) > limit:
        return AccountPage(tuple(rows[:limit]), rows[limit - 1].account.id)
    last = db.execute(query.offset(SCANNED - 1).limit(1)).first()
    return AccountPage(tuple(rows), None if last is None else last.id)


def entries(db: Connection, of: Account, *, limit: int, before: datetime | None, after: Cursor | None) -> list[Entry]:
    """Newest first by book date: two index walks, one for each side, merged; each stops at `limit`."""
    where = []
    if before is not None:
        where += [transfer.c.at < before, transfer.c.booked_on <= _not_ahead(before)]
    if after is not None:
        where.append(place() < _place(after))
    return list(_walk(db, of, where, limit=limit, newest_first=True))


def between(db: Connection, of: Account, since: date, until: date, *, after: Cursor | None, limit: int) -> list[Entry]:
    """Oldest first, booked between the two days inclusive."""
    where = [transfer.c.booked_on >= since, transfer.c.booked_on <= until, transfer.c.at >= _not_before(since)]
    if after is not None:
        where.append(place() > _place(after))
    return list(_walk(db, of, where, limit=limit, newest_first=False))


def _walk(db: Connection, of: Account, where: Sequence[ColumnElement[bool]], *, limit: int, newest_first: bool) -> Iterator[Entry]:
    def order(columns: Any) -> list[Any]:
        named = [columns.booked_on, columns.entry, columns.line, columns.id]
        return [one.desc() for one in named] if newest_first else named

    sides = []
    for mine, other in ((transfer.c.debit, transfer.c.credit), (transfer.c.credit, transfer.c.debit)):
        query = select(transfer, other.label("other")).where(mine == of.id, *where)
        sides.append(query.order_by(*order(transfer.c)).limit(limit).subquery().select())
    both = union_all(*sides).subquery()
    amount = case((both.c.debit == of.id, both.c.minor), else_=-both.c.minor).label("amount")
    named = select(both, amount, account.c.kind, account.c.owner).join(account, account.c.id == both.c.other)
    for r in db.execute(named.order_by(*order(both.c)).limit(limit)):
        other_side = Account(Kind(r.kind), r.owner, r.currency)
        yield Entry(r.at, r.id, r.what, r.subject, other_side, Money(r.amount, r.currency), cursor_of(r), r.person_id)


def balance_at(db: Connection, of: Account, point: Cursor) -> Balance:
    """Debits and credits of all that stands before `point`: from the last day before it for which the account's balance was kept."""
    kept = select(balance.c.on, balance.c.debits, balance.c.credits).where(balance.c.account == of.id, balance.c.on < point.booked_on)
    base = db.execute(kept.order_by(balance.c.on.desc()).limit(1)).first()
    where = [place() < _place(point)]
    if base is not None:
        where += [transfer.c.booked_on > base.on, transfer.c.at >= _not_before(base.on)]
    sums = [
        select(func.coalesce(func.sum(transfer.c.minor), 0)).where(side == of.id, *where).scalar_subquery()
        for side in (transfer.c.debit, transfer.c.credit)
    ]
    totals = [int(total) for total in db.execute(select(*sums)).one()]
    had = (base.debits, base.credits) if base is not None else (0, 0)
    debits, credits = (before + more for before, more in zip(had, totals, strict=True))
    return Balance(of, Money(debits, of.currency), Money(credits, of.currency))


def journal(db: Connection, subject: UUID, person: UUID) -> list[Posting]:
    mine = (transfer.c.person_id == person) & (transfer.c.subject == subject)
    return postings(db, posted().where(mine).order_by(transfer.c.at, transfer.c.entry, transfer.c.line, transfer.c.id))


def of_ids(db: Connection, ids: Sequence[UUID]) -> list[Posting]:
    """The transfers of those ids, wherever their month lies, in the order of posting."""
    return postings(db, _by_key().where(key.c.id == func.any(list(ids))).order_by(transfer.c.entry, transfer.c.line))


def of_id(db: Connection, one: UUID) -> Posting | None:
    """The transfer of this id. Its instant is looked up first, so that only its month is searched for it."""
    known = db.execute(select(key.c.person_id, key.c.at).where(key.c.id == one)).first()
    if known is None:
        return None
    mine = (transfer.c.person_id == known.person_id) & (transfer.c.at == known.at) & (transfer.c.id == one)
    return next(iter(postings(db, posted().where(mine))), None)


def together(db: Connection, one: Posting, *, limit: int) -> list[Posting]:
    """The others of its list."""
    same = (transfer.c.at == one.at) & (transfer.c.entry == one.cursor.entry) & (transfer.c.booked_on == one.booked_on)
    return postings(db, posted().where(same, transfer.c.id != one.id).order_by(transfer.c.line).limit(limit))


def stored(db: Connection, ids: Sequence[UUID]) -> Sequence[Row]:
    """The bare rows of those ids."""
    query = select(transfer).select_from(key.join(transfer, _same())).where(key.c.id == func.any(list(ids)))
    return db.execute(query).all()


def _same() -> ColumnElement[bool]:
    return (transfer.c.person_id == key.c.person_id) & (transfer.c.at == key.c.at) & (transfer.c.id == key.c.id)


def posted() -> Select:
    """Transfers with the accounts of both sides named."""
    return _sides(transfer)


def _by_key() -> Select:
    return _sides(key.join(transfer, _same()))


def _sides(source: Any) -> Select:
    debit, credit = account.alias("debit_account"), account.alias("credit_account")
    sides = [side.c[name].label(f"{side.name}_{name}") for side in (debit, credit) for name in ("kind", "owner")]
    joined = source.join(debit, debit.c.id == transfer.c.debit).join(credit, credit.c.id == transfer.c.credit)
    return select(transfer, *sides).select_from(joined)


def postings(db: Connection, query: Select) -> list[Posting]:
    return [posting_of(row) for row in db.execute(query)]


def posting_of(r: Row) -> Posting:
    return Posting(
        at=r.at,
        id=r.id,
        what=r.what,
        debit=Account(Kind(r.debit_account_kind), r.debit_account_owner, r.currency),
        credit=Account(Kind(r.credit_account_kind), r.credit_account_owner, r.currency),
        amount=Money(r.minor, r.currency),
        cursor=cursor_of(r),
        subject=r.subject,
        person=r.person_id,
    )


def cursor_of(row: Row) -> Cursor:
    return Cursor(row.booked_on, row.entry, row.line)


def place() -> Any:
    return tuple_(transfer.c.booked_on, transfer.c.entry, transfer.c.line)


def _place(cursor: Cursor) -> Any:
    columns = (transfer.c.booked_on, transfer.c.entry, transfer.c.line)
    values = (cursor.booked_on, cursor.entry, cursor.line)
    return tuple_(*(literal(value, column.type) for value, column in zip(values, columns, strict=True)))


def _not_before(day: date) -> datetime:
    """No transfer that is booked on `day` was recorded earlier; it spares the months before."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)


def _not_ahead(at: datetime) -> date:
    """No transfer recorded before this instant is booked later."""
    return at.astimezone(UTC).date() + timedelta(days=1)


def balance_of(row: Row) -> Balance:
    of = Account(Kind(row.kind), row.owner, row.currency)
    return Balance(of, Money(int(row.debits), row.currency), Money(int(row.credits), row.currency), row.held_debits, row.held_credits)
