"""The auction: bids by all-in rate, who did not bid and why; the capacity that was reserved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao import funding
from xinqiao.journeys.case import Case
from xinqiao.partners import Partner

from ...i18n import Words
from .. import pictures
from ..overview import named
from ..words import STATES


def auction(db: Connection, case: Case, words: Words, parties: dict[UUID, Partner]) -> dict[str, Any] | None:
    held = funding.bids_of(db=db, application_id=case.id)
    if held is None:
        return None
    rows = [_bid(bid, words, parties, held.tried) for bid in held.bids]
    best: dict[UUID, Any] = {}
    for bid in held.bids:
        best.setdefault(bid.funder_id, bid)
    return {
        "at": held.at,
        "ceiling": words.percent(held.ask.ceiling),
        "rows": [row for row in rows if row["eligible"]],
        "refused": [_refusal(bid, words, parties) for bid in best.values() if not bid.eligible],
        "chart": pictures.bids(words, [row for row in rows if row["eligible"]][:10]),
    }


def _bid(bid: Any, words: Words, parties: dict[UUID, Partner], tried: Mapping[Any, str]) -> dict[str, Any]:
    zh, en = funding.WORDS.get(tried.get(bid.pair, ""), ("", ""))
    return {
        "funder": named(words, parties.get(bid.funder_id)),
        "guarantor": named(words, parties.get(bid.guarantor_id)) if bid.guarantor_id else "–",
        "eligible": bid.eligible,
        "rate": words.percent(bid.annual_rate) if bid.annual_rate is not None else "–",
        "premium": words.percent(bid.premium) if bid.premium is not None else "–",
        "all_in": words.percent(bid.all_in) if bid.all_in is not None else "–",
        "parts": (bid.annual_rate, bid.premium),
        "version": bid.funder_version,
        "tried": words.both(zh, en),
    }


def _refusal(bid: Any, words: Words, parties: dict[UUID, Partner]) -> dict[str, str]:
    told = [words.both(*funding.WORDS.get(code, (code, code))) for code in bid.refusals]
    return {"funder": named(words, parties.get(bid.funder_id)), "why": words.both("；", "; ").join(told)}


def reservation(db: Connection, case: Case, words: Words, parties: dict[UUID, Partner]) -> dict[str, Any] | None:
    one = funding.reservation_of(db=db, application_id=case.id)
    if one is None:
        return None
    word, tone = STATES.get(one.state.value, (one.state.value, ""))
    return {
        "id": one.id,
        "state": (words.gettext(word), tone),
        "funder": named(words, parties.get(one.funder_id)),
        "guarantor": named(words, parties.get(one.guarantor_id)) if one.guarantor_id else "–",
        "amount": words.money(one.amount),
        "rate": words.percent(one.annual_rate),
        "premium": words.percent(one.premium),
        "all_in": words.percent(one.all_in),
        "coverage": words.percent(one.coverage, 0),
        "expires": one.expires_at,
    }
