"""Texts as they were shown, displays, answers, their ends, and people's requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
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
    and_,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from xinqiao.kit import tables
from xinqiao.kit.database import tenant
from xinqiao.vault import Field, Purpose

from . import model
from .model import Display, Receipt

shown_text = Table(
    "consent_text",
    tables,
    tenant(),
    Column("sha256", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("paragraphs", JSONB, nullable=False),
    Column("if_no", Text, nullable=False),
    Column("withdrawal", Text, nullable=False),
    Column("fields", JSONB, nullable=False),
    Column("valid_days", Integer),
    Column("recipient", Text),
    PrimaryKeyConstraint("tenant", "sha256"),
    info={"append_only": True},
)

display = Table(
    "consent_display",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("application_id", Uuid),
    Column("purpose", Text, nullable=False),
    Column("recipient", Text),
    Column("text_sha256", Text, nullable=False),
    Column("surface", Text, nullable=False),
    Column("shown_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "id"),
    Index("ix_consent_display_id", "tenant", "id"),
    info={"append_only": True},
)

answer = Table(
    "consent_answer",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("display_id", Uuid, nullable=False),
    Column("application_id", Uuid),
    Column("purpose", Text, nullable=False),
    Column("recipient", Text, nullable=False, server_default=""),
    Column("agreed", Boolean, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True)),
    Column("text_sha256", Text, nullable=False),
    Column("surface", Text, nullable=False),
    Column("how", JSONB, nullable=False),
    Column("record", JSONB, nullable=False),
    Column("sha256", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "id"),
    UniqueConstraint("tenant", "person_id", "display_id"),
    Index("ix_consent_answer_purpose", "tenant", "person_id", "purpose", "recipient", "at"),
    Index("ix_consent_answer_until", "tenant", "purpose", "until"),
    Index("ix_consent_answer_at", "tenant", "at", "id"),
    info={"append_only": True},
)

end = Table(
    "consent_end",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("answer_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("why", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "answer_id"),
    Index("ix_consent_end_at", "tenant", "at", "answer_id"),
    info={"append_only": True},
)

request = Table(
    "consent_request",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fields", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("handled_at", DateTime(timezone=True)),
    Column("handled_by", Text),
    Column("outcome", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "id"),
    UniqueConstraint("tenant", "person_id", "kind", "key"),
    Index("ix_consent_request_due", "tenant", "state", "due_at"),
)


def tenant_of(db: Connection) -> str:
    return db.execute(select(func.current_setting("xinqiao.tenant"))).scalar_one()


def add_display(db: Connection, one: Display) -> None:
    """Keep the text as it is shown, and that it was shown."""
    text = one.text
    words = {"title": text.title, "paragraphs": text.paragraphs, "if_no": text.if_no, "withdrawal": text.withdrawal}
    about = {"purpose": text.purpose, "version": text.version, "language": text.language, "fields": text.fields}
    new = insert(shown_text).values(sha256=text.sha256, **words, **about, valid_days=text.valid_days, recipient=text.recipient)
    db.execute(new.on_conflict_do_nothing())
    who = {"person_id": one.person, "id": one.id, "application_id": one.application, "recipient": one.recipient}
    db.execute(insert(display).values(**who, purpose=text.purpose, text_sha256=text.sha256, surface=one.surface, shown_at=one.shown_at))


def _text(row: Row[Any]) -> model.Text:
    return model.Text(
        purpose=Purpose(row.purpose),
        version=row.version,
        language=row.language,
        title=row.title,
        paragraphs=tuple(row.paragraphs),
        if_no=row.if_no,
        withdrawal=row.withdrawal,
        fields=tuple(Field(name) for name in row.fields),
        valid_days=row.valid_days,
        names_recipient=row.recipient is not None,
        recipient=row.recipient,
    )


def text_shown(db: Connection, sha256: str) -> model.Text | None:
    row = db.execute(select(shown_text).where(shown_text.c.sha256 == sha256)).first()
    return None if row is None else _text(row)


def display_of(db: Connection, display_id: UUID) -> Display | None:
    row = db.execute(select(display).where(display.c.id == display_id)).first()
    if row is None:
        return None
    text = text_shown(db, row.text_sha256)
    if text is None:
        raise AssertionError(f"display {display_id} has lost its text")
    return Display(row.id, row.person_id, row.application_id, row.surface, text, row.recipient, row.shown_at)


def add_answer(db: Connection, one: Receipt) -> bool:
    """Write the answer; False when its display has one already."""
    new = insert(answer).values(
        person_id=one.person,
        id=one.id,
        display_id=one.display,
        application_id=one.application,
        purpose=one.purpose,
        recipient=one.recipient or "",
        agreed=one.agreed,
        at=one.at,
        until=one.until,
        text_sha256=one.text_sha256,
        surface=one.surface,
        how=one.how,
        record=one.record,
        sha256=one.sha256,
    )
    return db.execute(new.on_conflict_do_nothing().returning(answer.c.id)).first() is not None


def _answers() -> Select[Any]:
    text = shown_text.c
    joined = answer.join(shown_text, and_(text.tenant == answer.c.tenant, text.sha256 == answer.c.text_sha256)).outerjoin(
        end, and_(end.c.tenant == answer.c.tenant, end.c.person_id == answer.c.person_id, end.c.answer_id == answer.c.id)
    )
    named = (text.version, text.language, text.recipient.label("recipient_name"), end.c.at.label("ended_at"), end.c.why.label("ended_why"))
    return select(answer, *named).select_from(joined).order_by(answer.c.at, answer.c.id)


def _receipt(row: Row[Any]) -> Receipt:
    return Receipt(
        id=row.id,
        person=row.person_id,
        application=row.application_id,
        display=row.display_id,
        purpose=Purpose(row.purpose),
        agreed=row.agreed,
        at=row.at,
        until=row.until,
        language=row.language,
        text_version=row.version,
        text_sha256=row.text_sha256,
        recipient=row.recipient or None,
        recipient_name=row.recipient_name,
        surface=row.surface,
        how=row.how,
        record=row.record,
        sha256=row.sha256,
        ended_at=row.ended_at,
        ended_why=row.ended_why,
    )


def answers_of(db: Connection, person: UUID, *, purpose: Purpose | None = None, recipient: str | None = None) -> list[Receipt]:
    """The person's answers in the order they were given; of one purpose, and of one recipient, where named."""
    query = _answers().where(answer.c.person_id == person)
    if purpose is not None:
        query = query.where(answer.c.purpose == str(purpose))
    if recipient is not None:
        query = query.where(answer.c.recipient == recipient)
    return [_receipt(row) for row in db.execute(query)]


def answer_to(db: Connection, person: UUID, display_id: UUID) -> Receipt | None:
    row = db.execute(_answers().where(answer.c.person_id == person, answer.c.display_id == display_id)).first()
    return None if row is None else _receipt(row)


def answer_of(db: Connection, person: UUID, answer_id: UUID) -> Receipt | None:
    row = db.execute(_answers().where(answer.c.person_id == person, answer.c.id == answer_id)).first()
    return None if row is None else _receipt(row)


def end_answers(db: Connection, receipts: Sequence[Receipt], at: datetime, why: str) -> list[UUID]:
    """End these answers by one statement; return those that were still open."""
    if not receipts:
        return []
    rows = [{"person_id": one.person, "answer_id": one.id, "at": at, "why": why} for one in receipts]
    new = insert(end).values(rows).on_conflict_do_nothing().returning(end.c.answer_id)
    return list(db.execute(new).scalars())


def counts(db: Connection) -> list[Row[Any]]:
    """How many answers there are by purpose, version, language, yes or no, and whether they have ended and why."""
    told = (answer.c.purpose, shown_text.c.version, shown_text.c.language, answer.c.agreed, end.c.why)
    joined = answer.join(shown_text, and_(shown_text.c.tenant == answer.c.tenant, shown_text.c.sha256 == answer.c.text_sha256)).outerjoin(
        end, and_(end.c.tenant == answer.c.tenant, end.c.person_id == answer.c.person_id, end.c.answer_id == answer.c.id)
    )
    return list(db.execute(select(*told, func.count().label("n")).select_from(joined).group_by(*told).order_by(*told[:4])))


def recent(db: Connection, *, ended: bool, before: tuple[datetime, UUID] | None, limit: int) -> list[Receipt]:
    """The newest answers, or the newest ends, from after `before` on."""
    order = (end.c.at, end.c.answer_id) if ended else (answer.c.at, answer.c.id)
    query = _answers().order_by(None).order_by(*(column.desc() for column in order)).limit(limit)
    if ended:
        query = query.where(end.c.at.is_not(None))
    if before is not None:
        query = query.where(tuple_(*order) < tuple_(*before))
    return [_receipt(row) for row in db.execute(query)]


def run_out(db: Connection, purposes: Sequence[Purpose], now: datetime, most: int) -> list[Receipt]:
    """Agreed answers for these purposes whose time is over and whose end is not yet on record."""
    over = _answers().where(answer.c.purpose.in_(purposes), answer.c.agreed, answer.c.until <= now, end.c.at.is_(None))
    return [_receipt(row) for row in db.execute(over.limit(most))]


def outdated(db: Connection, purpose: Purpose, version: int, most: int) -> list[Receipt]:
    """Open agreed answers to another version of the purpose's text than this."""
    old = _answers().where(answer.c.purpose == str(purpose), answer.c.agreed, shown_text.c.version != version, end.c.at.is_(None))
    return [_receipt(row) for row in db.execute(old.limit(most))]


def add_request(db: Connection, values: dict[str, Any]) -> Row[Any]:
    """The request of that kind and key, new or as it already is; its row is locked until the transaction ends."""
    db.execute(insert(request).values(**values, outcome={}, state="open").on_conflict_do_nothing())
    mine = (request.c.person_id == values["person_id"], request.c.kind == values["kind"], request.c.key == values["key"])
    return db.execute(select(request).where(*mine).with_for_update()).one()


def lock_request(db: Connection, person: UUID, request_id: UUID) -> Row[Any] | None:
    return db.execute(select(request).where(request.c.person_id == person, request.c.id == request_id).with_for_update()).first()


def handle_request(db: Connection, person: UUID, request_id: UUID, **values: Any) -> Row[Any]:
    changed = update(request).where(request.c.person_id == person, request.c.id == request_id).values(**values)
    return db.execute(changed.returning(request)).one()


def requests(db: Connection, *, person: UUID | None = None, state: str | None = None, due_before: datetime | None = None) -> list[Row[Any]]:
    query = select(request).order_by(request.c.due_at, request.c.id)
    if person is not None:
        query = query.where(request.c.person_id == person)
    if state is not None:
        query = query.where(request.c.state == state)
    if due_before is not None:
        query = query.where(request.c.due_at < due_before)
    return list(db.execute(query))
