"""Loans, what happened to them, their instalments as of the last event, and the repayments taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Select,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from xinqiao.kit import Money, tables
from xinqiao.kit.database import tenant

from ..lifecycle import Parts
from ..lifecycle.contracts import agreement_of
from ..offer.store import read_terms, write_terms
from ..schedule import Instalment
from . import agreement, codec, splits
from .model import Happened, Loan, Repayment, State

loan = Table(
    "loan",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("offer_id", Uuid, nullable=False),
    Column("application_id", Uuid, nullable=False),
    Column("funder_id", Uuid, nullable=False),
    Column("guarantor_id", Uuid),
    Column("currency", Text, nullable=False),
    Column("principal", BigInteger, nullable=False),
    Column("outstanding", BigInteger, nullable=False),
    Column("terms", JSONB, nullable=False),
    Column("disbursed_on", Date, nullable=False),
    Column("disbursed_at", DateTime(timezone=True), nullable=False),
    Column("closed_on", Date),
    Column("state", Text, nullable=False, server_default="active"),
    Column("agreement", JSONB),
    Column("splits", JSONB),
    Column("paid", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("tenant", "person_id", "id"),
    Index("ix_loan_id", "tenant", "id"),
    Index("ix_loan_funder", "tenant", "funder_id", "disbursed_at", "id"),
    Index("ix_loan_guarantor", "tenant", "guarantor_id", "disbursed_at", "id"),
    Index("ix_loan_active", "tenant", "id", postgresql_where=text("closed_on IS NULL")),
    Index("ix_loan_disbursed", "tenant", "disbursed_on"),
)

instalment = Table(
    "loan_instalment",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("due", Date, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in ("principal", "interest", "premium", "fee", "balance")),
    *(
        Column(f"paid_{name}", BigInteger, nullable=False, server_default="0")
        for name in ("penalty", "fee", "premium", "interest", "principal")
    ),
    Column("penalties", BigInteger, nullable=False, server_default="0"),
    Column("late_unit_days", BigInteger, nullable=False, server_default="0"),
    Column("aged_to", Date),
    Column("settled", Boolean, nullable=False, server_default="false"),
    PrimaryKeyConstraint("tenant", "person_id", "loan_id", "number"),
    Index("ix_loan_instalment_open", "tenant", "due", "loan_id", postgresql_where=text("NOT settled")),
)

happened = Table(
    "loan_event",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("on", Date, nullable=False),
    Column("recorded_on", Date, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text, nullable=False, server_default="system"),
    Column("why", Text, nullable=False, server_default=""),
    Column("data", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "loan_id", "number"),
    UniqueConstraint("tenant", "person_id", "loan_id", "id"),
    info={"append_only": True},
)
"""A loan's life: all else about it follows from these rows. `id` is the event's key, so that a repeat is known."""

repaid = Table(
    "loan_repayment",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("loan_id", Uuid, nullable=False),
    Column("key", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("allocation", JSONB, nullable=False),
    Column("closed", Boolean, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "loan_id", "key"),
    info={"append_only": True},
)


def add(db: Connection, made: Loan) -> bool:
    """Whether the loan was new."""
    values = {
        "person_id": made.person_id,
        "id": made.id,
        "offer_id": made.offer_id,
        "application_id": made.application_id,
        "funder_id": made.funder_id,
        "guarantor_id": made.guarantor_id,
        "currency": made.principal.currency,
        "principal": made.principal.minor,
        "outstanding": made.outstanding.minor,
        "terms": write_terms(made.terms),
        "disbursed_on": made.disbursed_on,
        "disbursed_at": made.disbursed_at,
        "state": made.state,
        "agreement": agreement.write(made.agreed),
        "splits": splits.write(made.splits),
    }
    return db.execute(insert(loan).values(values).on_conflict_do_nothing().returning(loan.c.id)).first() is not None


def add_events(db: Connection, of: Loan, made: Sequence[Happened]) -> None:
    rows = [
        {
            "person_id": of.person_id,
            "loan_id": of.id,
            "number": one.event.order,
            "id": one.event.id,
            "kind": codec.name_of(one.event),
            "on": one.event.on,
            "recorded_on": one.event.recorded,
            "at": one.at,
            "by": one.by,
            "why": one.why,
            "data": codec.write(one.event),
        }
        for one in made
    ]
    db.execute(insert(happened), rows)


def life(db: Connection, of: Loan) -> list[Happened]:
    """Everything that happened to a loan, as it was recorded."""
    return lives(db, [of])[of.id]


def lives(db: Connection, loans: Sequence[Loan]) -> dict[UUID, list[Happened]]:
    people, ids = list({one.person_id for one in loans}), [one.id for one in loans]
    mine = (happened.c.person_id == func.any(people)) & (happened.c.loan_id == func.any(ids))
    found: dict[UUID, list[Happened]] = {loan_id: [] for loan_id in ids}
    for row in db.execute(select(happened).where(mine).order_by(happened.c.loan_id, happened.c.number)):
        found[row.loan_id].append(_happened(row))
    return found


def get(db: Connection, loan_id: UUID) -> Loan | None:
    return next(iter(_loans(db, select(loan).where(loan.c.id == loan_id))), None)


def get_all(db: Connection, loan_ids: Sequence[UUID]) -> list[Loan]:
    return _loans(db, select(loan).where(loan.c.id == func.any(list(loan_ids))))


def lock(db: Connection, loan_id: UUID) -> Loan | None:
    """The loan, held until the transaction ends, so that payments on it come one after the other."""
    return next(iter(_loans(db, select(loan).where(loan.c.id == loan_id).with_for_update())), None)


def of_person(db: Connection, person_id: UUID) -> list[Loan]:
    return _loans(db, select(loan).where(loan.c.person_id == person_id).order_by(loan.c.disbursed_at.desc(), loan.c.id.desc()))


def active(db: Connection, *, after: UUID | None, limit: int) -> list[UUID]:
    query = select(loan.c.id).where(loan.c.closed_on.is_(None), loan.c.state != "approved").order_by(loan.c.id).limit(limit)
    return list(db.execute(query if after is None else query.where(loan.c.id > after)).scalars())


def funded_by(funder: UUID) -> ColumnElement[bool]:
    return loan.c.funder_id == funder


def guaranteed_by(guarantor: UUID) -> ColumnElement[bool]:
    return loan.c.guarantor_id == guarantor


def of_party(db: Connection, mine: ColumnElement[bool], *, limit: int, before: UUID | None) -> list[Loan]:
    query = select(loan).where(mine).order_by(loan.c.disbursed_at.desc(), loan.c.id.desc()).limit(limit)
    last = get(db, before) if before else None
    if last is not None:
        query = query.where(func.row(loan.c.disbursed_at, loan.c.id) < func.row(last.disbursed_at, last.id))
    return _loans(db, query)


def states(db: Connection, loans: Sequence[Loan]) -> dict[UUID, list[State]]:
    """Each loan's instalments in their order."""
    currencies = {one.id: one.principal.currency for one in loans}
    people = list({one.person_id for one in loans})
    mine = (instalment.c.person_id == func.any(people)) & (instalment.c.loan_id == func.any(list(currencies)))
    found: dict[UUID, list[State]] = defaultdict(list)
    for row in db.execute(select(instalment).where(mine).order_by(instalment.c.loan_id, instalment.c.number)):
        found[row.loan_id].append(_state(row, currencies[row.loan_id]))
    return found


def save(db: Connection, changed: Loan, after: Sequence[State]) -> None:
    """Write the loan's row, and its instalments anew."""
    same = (loan.c.person_id == changed.person_id) & (loan.c.id == changed.id)
    row = {
        "disbursed_on": changed.disbursed_on,
        "outstanding": changed.outstanding.minor,
        "closed_on": changed.closed_on,
        "state": changed.state,
        "funder_id": changed.funder_id,
    }
    db.execute(update(loan).where(same).values(**row, paid=changed.paid, splits=splits.write(changed.splits)))
    db.execute(delete(instalment).where(instalment.c.person_id == changed.person_id, instalment.c.loan_id == changed.id))
    if after:
        db.execute(insert(instalment), [_row(changed, state) for state in after])


def save_party(db: Connection, changed: Loan) -> None:
    same = (loan.c.person_id == changed.person_id) & (loan.c.id == changed.id)
    db.execute(update(loan).where(same).values(funder_id=changed.funder_id, splits=splits.write(changed.splits)))


def add_repayment(db: Connection, of: Loan, taken: Repayment) -> None:
    values = {"person_id": of.person_id, "loan_id": of.id, "key": taken.key, "at": taken.at, "closed": taken.closed}
    amount = {"minor": taken.amount.minor, "currency": taken.amount.currency, "allocation": dict(taken.allocation)}
    db.execute(insert(repaid).values({**values, **amount}))


def repayment(db: Connection, of: Loan, key: str) -> Repayment | None:
    mine = (repaid.c.person_id == of.person_id) & (repaid.c.loan_id == of.id)
    row = db.execute(select(repaid).where(mine, repaid.c.key == key)).first()
    return _repayment(row) if row else None


def repayments(db: Connection, of: Loan) -> list[Repayment]:
    mine = (repaid.c.person_id == of.person_id) & (repaid.c.loan_id == of.id)
    return [_repayment(row) for row in db.execute(select(repaid).where(mine).order_by(repaid.c.at, repaid.c.key))]


def _row(of: Loan, state: State) -> dict[str, Any]:
    planned = state.instalment
    amounts = {name: getattr(planned, name).minor for name in ("principal", "interest", "premium", "fee", "balance")}
    paid = {f"paid_{name}": minor for name, minor in state.paid.by_name.items()}
    late = {"penalties": state.penalties, "late_unit_days": state.late_unit_days, "aged_to": state.aged_to, "settled": state.settled}
    return {"person_id": of.person_id, "loan_id": of.id, "number": planned.number, "due": planned.due, **amounts, **paid, **late}


def _state(row: Row, currency: str) -> State:
    amounts = (Money(minor, currency) for minor in (row.principal, row.interest, row.premium, row.fee, row.balance))
    paid = Parts(row.paid_penalty, row.paid_fee, row.paid_premium, row.paid_interest, row.paid_principal)
    return State(Instalment(row.number, row.due, *amounts), paid, row.penalties, row.late_unit_days, row.aged_to, row.settled)


def _happened(row: Row) -> Happened:
    event = codec.read(row.kind, row.data, id=row.id, on=row.on, order=row.number, recorded_on=row.recorded_on)
    return Happened(event, row.at, row.by, row.why)


def _repayment(row: Row) -> Repayment:
    return Repayment(row.key, row.at, Money(row.minor, row.currency), row.allocation, row.closed)


def _loans(db: Connection, query: Select) -> list[Loan]:
    return [_loan(row) for row in db.execute(query)]


def _loan(row: Row) -> Loan:
    terms = read_terms(row.terms)
    return Loan(
        id=row.id,
        person_id=row.person_id,
        offer_id=row.offer_id,
        application_id=row.application_id,
        funder_id=row.funder_id,
        guarantor_id=row.guarantor_id,
        terms=terms,
        disbursed_on=row.disbursed_on,
        disbursed_at=row.disbursed_at,
        outstanding=Money(row.outstanding, row.currency),
        closed_on=row.closed_on,
        state=row.state,
        paid=row.paid,
        agreement=agreement.read(row.agreement) if row.agreement else agreement_of(terms, row.disbursed_on),
        splits=splits.read(row.splits) if row.splits else splits.of_terms(terms, row.funder_id, row.guarantor_id),
    )
