"""Publish terms and keep the capacity rows in step with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, canonical, events

from ..errors import UnknownPartner
from ..market import Funder, Guarantor, Market, cap
from ..store import capacity, terms
from ..terms import FunderTerms, GuarantorTerms, read_funder, read_guarantor


def publish_funder(*, db: Connection, clock: Clock, funder_id: UUID, data: Mapping[str, Any]) -> int:
    """Put a funder's terms in force; return their version. Raises TermsNotValid. Publishing the same again changes nothing.

    A budget cut below its use admits nothing new until enough was repaid.
    """
    return _publish(db, clock, funder_id, "funder", read_funder(data), data)


def publish_guarantor(*, db: Connection, clock: Clock, guarantor_id: UUID, data: Mapping[str, Any]) -> int:
    """Put a guarantor's terms in force; return their version. Raises TermsNotValid."""
    return _publish(db, clock, guarantor_id, "guarantor", read_guarantor(data), data)


def withdraw(*, db: Connection, clock: Clock, partner_id: UUID) -> int:
    """The partner bids no more; what it has lent or guaranteed stays. Raises UnknownPartner."""
    capacity.guard(db, f"terms:{partner_id}")
    now = terms.of(db, partner_id)
    if now is None:
        raise UnknownPartner(partner_id)
    return _add(db, clock, partner_id, now.role, now.terms, now.version + 1, open=False) if now.open else now.version


def terms_of(*, db: Connection, partner_id: UUID, version: int | None = None) -> FunderTerms | GuarantorTerms:
    """A partner's terms, the newest unless told. Raises UnknownPartner."""
    row = terms.of(db, partner_id, version)
    if row is None:
        raise UnknownPartner(partner_id)
    return parsed(row.role, canonical(row.terms))


def is_open(db: Connection, partner_id: UUID) -> bool:
    """Whether the partner's newest terms are in force."""
    row = terms.of(db, partner_id)
    return row is not None and row.open


def market_of(db: Connection) -> Market:
    """Everyone whose newest terms are open."""
    rows = [row for row in terms.latest(db) if row.open]
    funders = tuple(Funder(r.partner_id, r.version, parsed(r.role, canonical(r.terms))) for r in rows if r.role == "funder")
    guarantors = tuple(Guarantor(r.partner_id, r.version, parsed(r.role, canonical(r.terms))) for r in rows if r.role == "guarantor")
    return Market(funders, guarantors)


@lru_cache(maxsize=4096)
def parsed(role: str, data: bytes) -> Any:
    return (read_funder if role == "funder" else read_guarantor)(json.loads(data))


def _publish(db: Connection, clock: Clock, partner: UUID, role: str, read: FunderTerms | GuarantorTerms, data: Mapping[str, Any]) -> int:
    capacity.guard(db, f"terms:{partner}")
    now = terms.of(db, partner)
    if now is not None and now.open and canonical(now.terms) == canonical(data):
        return now.version
    _fit(db, partner, read)
    return _add(db, clock, partner, role, data, now.version + 1 if now else 1, open=True)


def _add(db: Connection, clock: Clock, partner: UUID, role: str, data: Mapping[str, Any], number: int, *, open: bool) -> int:
    terms.add(db, partner=partner, number=number, role=role, open=open, terms=data, at=clock.now())
    kind = "funding.terms_published" if open else "funding.terms_withdrawn"
    events.append(db, [events.Event(kind, partner, {"role": role, "version": number})], at=clock.now())
    return number


def _fit(db: Connection, partner: UUID, read: FunderTerms | GuarantorTerms) -> None:
    """Cut the capacity into slices and set every existing row to the new terms."""
    capacity.lock_roots(db, [(partner, None)])
    is_funder = isinstance(read, FunderTerms)
    root = (("budget" if is_funder else "cover"), "")
    money = read.budget if is_funder else read.capacity
    keys = {root, *capacity.keys_of(db, partner)}
    numbers = range(max(read.slices, len(capacity.slices_of(db, partner))))
    capacity.add_rows(db, partner, money.currency, {key: dict.fromkeys(numbers, 0) for key in keys})
    for dimension, key in sorted(keys):
        capacity.resize(db, partner, dimension, key, money.minor if (dimension, key) == root else cap(read, dimension, key))
