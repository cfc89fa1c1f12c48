"""Offers as they were made, and the signature that accepted one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, DateTime, Index, PrimaryKeyConstraint, Row, Table, Text, Uuid, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from xinqiao.kit import Money, tables
from xinqiao.kit.database import tenant

from ..apr import AnnualRate
from ..contract import Contract, Party, Prepayment, Terms
from ..schedule import Base, Charge, Instalment, Schedule
from .model import Offer, Signature

offer = Table(
    "loan_offer",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("application_id", Uuid, nullable=False),
    Column("reservation_id", Uuid, nullable=False),
    Column("funder", JSONB, nullable=False),
    Column("guarantor", JSONB(none_as_null=True)),
    Column("terms", JSONB, nullable=False),
    Column("schedule", JSONB, nullable=False),
    Column("rates", JSONB, nullable=False),
    Column("contracts", JSONB, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "id"),
    Index("ix_loan_offer_id", "tenant", "id"),
    Index("ix_loan_offer_application", "tenant", "application_id"),
    info={"append_only": True},
)

signed = Table(
    "loan_signature",
    tables,
    tenant(),
    Column("person_id", Uuid, nullable=False),
    Column("offer_id", Uuid, nullable=False),
    Column("contract_sha256", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("public_key", JSONB, nullable=False),
    Column("value", Text, nullable=False),
    Column("signed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant", "person_id", "offer_id"),
    Index("ix_loan_signature_offer", "tenant", "offer_id"),
    info={"append_only": True},
)


def add(db: Connection, made: Offer) -> bool:
    """Whether the offer was new."""
    values = {
        "person_id": made.person_id,
        "id": made.id,
        "application_id": made.application_id,
        "reservation_id": made.reservation_id,
        "funder": asdict(made.funder),
        "guarantor": asdict(made.guarantor) if made.guarantor else None,
        "terms": write_terms(made.terms),
        "schedule": _write_schedule(made.schedule),
        "rates": asdict(made.rates),
        "contracts": {language: asdict(contract) for language, contract in made.contracts.items()},
        "made_at": made.made_at,
        "expires_at": made.expires_at,
    }
    return db.execute(insert(offer).values(values).on_conflict_do_nothing().returning(offer.c.id)).first() is not None


def get(db: Connection, offer_id: UUID, person_id: UUID | None = None) -> Offer | None:
    query = select(offer).where(offer.c.id == offer_id)
    row = db.execute(query if person_id is None else query.where(offer.c.person_id == person_id)).first()
    return _offer(row) if row else None


def of_application(db: Connection, application_id: UUID) -> list[Offer]:
    rows = db.execute(select(offer).where(offer.c.application_id == application_id).order_by(offer.c.made_at, offer.c.id))
    return [_offer(row) for row in rows]


def add_signature(db: Connection, offer_id: UUID, signature: Signature) -> bool:
    """Whether it is the offer's first."""
    new = insert(signed).values(offer_id=offer_id, **asdict(signature)).on_conflict_do_nothing()
    return db.execute(new.returning(signed.c.offer_id)).first() is not None


def signature(db: Connection, offer_id: UUID) -> Signature | None:
    r = db.execute(select(signed).where(signed.c.offer_id == offer_id)).first()
    return Signature(r.person_id, r.contract_sha256, r.language, r.method, r.public_key, r.value, r.signed_at) if r else None


def write_terms(terms: Terms) -> dict[str, Any]:
    """Terms as JSON types; `kit` writes decimals, dates and money as strings."""
    return {
        **asdict(replace(terms, premium=Charge(), fee=Charge())),
        "principal": terms.principal,
        "premium": _write_charge(terms.premium),
        "fee": _write_charge(terms.fee),
    }


def read_terms(data: Mapping[str, Any]) -> Terms:
    return Terms(
        principal=_money(data["principal"]),
        annual_rate=Decimal(data["annual_rate"]),
        months=data["months"],
        start=date.fromisoformat(data["start"]),
        premium=_charge(data["premium"]),
        fee=_charge(data["fee"]),
        platform_share=Decimal(data["platform_share"]),
        penalty_rate=Decimal(data["penalty_rate"]) if data["penalty_rate"] is not None else None,
        penalty_days_in_year=data["penalty_days_in_year"],
        cooling_days=data["cooling_days"],
        report_grace_days=data["report_grace_days"],
        rules_version=data["rules_version"],
        prepayment=Prepayment(data.get("prepayment", Prepayment.AHEAD)),
    )


def _write_charge(charge: Charge) -> dict[str, Any]:
    return {"annual_rate": charge.annual_rate, "base": charge.base, "spread": charge.spread}


def _charge(data: Mapping[str, Any]) -> Charge:
    return Charge(Decimal(data["annual_rate"]), Base(data["base"]), _money(data["spread"]) if data["spread"] else None)


def _money(data: Mapping[str, str]) -> Money:
    return Money.parse(data["amount"], data["currency"])


def _write_schedule(schedule: Schedule) -> list[dict[str, Any]]:
    """The amounts as they were offered, so that a later version of the arithmetic changes nothing that was promised."""
    return [
        {name: getattr(i, name) for name in ("number", "due", "principal", "interest", "premium", "fee", "balance")}
        for i in schedule.instalments
    ]


def _schedule(terms: Terms, rows: list[dict[str, Any]]) -> Schedule:
    parts = ("principal", "interest", "premium", "fee", "balance")
    instalments = (Instalment(row["number"], date.fromisoformat(row["due"]), *(_money(row[part]) for part in parts)) for row in rows)
    return Schedule(terms.principal, terms.start, tuple(instalments))


def _offer(row: Row) -> Offer:
    terms = read_terms(row.terms)
    return Offer(
        id=row.id,
        application_id=row.application_id,
        person_id=row.person_id,
        reservation_id=row.reservation_id,
        funder=_party(row.funder),
        guarantor=_party(row.guarantor) if row.guarantor else None,
        terms=terms,
        schedule=_schedule(terms, row.schedule),
        rates=AnnualRate(*(Decimal(row.rates[name]) for name in ("nominal", "effective"))),
        contracts={language: Contract(**contract) for language, contract in row.contracts.items()},
        made_at=row.made_at,
        expires_at=row.expires_at,
    )


def _party(data: Mapping[str, str]) -> Party:
    return Party(UUID(data["id"]), data["name"], data["name_zh"])
