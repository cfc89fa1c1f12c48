"""The readable page of a pack: the other members, drawn. A pure function of them, so that a verifier can draw it again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files as resources
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined

from xinqiao.kit import plain, sha256_hex
from xinqiao.kit.clock import SHANGHAI
from xinqiao.vault import Field, Purpose

from .. import words
from . import phrases
from .pack import decimal

TEMPLATE = "page.html"
JSON_MEMBERS = ("application", "events", "accesses", "identity", "fraud", "decision", "bids", "offer", "signature", "loan", "schedule")


@cache
def _source() -> str:
    return resources(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8")


def mark() -> bytes:
    """What a page that this template drew carries."""
    return f"xinqiao-page/{sha256_hex(_source().encode())[:16]}".encode()


def render(members: Mapping[str, bytes], absent: Mapping[str, tuple[str, str]], head: Mapping[str, Any]) -> bytes:
    """Draw the page. It holds no script and asks nothing of the network; what is personal on it is masked."""
    said: dict[str, Any] = {name: json.loads(members[f"{name}.json"]) if f"{name}.json" in members else None for name in JSON_MEMBERS}
    masked = json.loads(members["personal.masked.json"])["fields"] if "personal.masked.json" in members else {}
    facts = {
        "mark": mark().decode(),
        "head": plain(head),
        "absent": sorted(absent.items()),
        "way": _way(said),
        "told": [(one["at"], phrases.EVENTS.get(one["kind"], (one["kind"],) * 2), _more(one["data"])) for one in said["events"]["events"]],
        "consents": list(_consents(members)),
        "accesses": list(_accesses(said["accesses"]["accesses"])),
        "masked": [(_field(name), value) for name, value in masked.items()],
        "cost": _cost(said["offer"], said["schedule"]),
        "parties": {one["id"]: one for one in said["bids"]["parties"]} if said["bids"] else {},
        "funders": list(_funders(said["bids"])) if said["bids"] else [],
        **{name: value for name, value in said.items() if name not in ("events", "accesses")},
    }
    return _environment().from_string(_source()).render(facts).lstrip().encode()


@cache
def _environment() -> Environment:
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {
        "when": _when,
        "percent": _percent,
        "money": _money,
        "word": phrases.word,
        "dash": lambda value: "–" if value is None else value,
    }
    return made


def _when(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(ZoneInfo(SHANGHAI)).strftime("%Y-%m-%d %H:%M:%S")


def _percent(text: str | None) -> str:
    """A fraction as a percentage: 0.1446 is 14.46 %."""
    return "–" if text is None else f"{decimal(text) * 100:.2f} %"


def _money(given: Mapping[str, str]) -> str:
    return f"{decimal(given['amount']):,} {given['currency']}"


def _more(data: Mapping[str, Any]) -> tuple[str, str] | None:
    """What an event is about, in a word: the stage, the purpose or the outcome."""
    if "to" in data:
        return phrases.word(str(data["to"]))
    if "purpose" in data:
        return _purpose(data["purpose"])
    return phrases.word(data["outcome"]) if "outcome" in data else None


def _way(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The stations of the path from application to repayment, with when each was reached."""
    first: dict[str, str] = {}
    for event in said["events"]["events"]:
        first.setdefault(event["kind"], event["at"])
    stations = []
    for number, (zh, en, kinds) in enumerate(phrases.STATIONS):
        at = min((first[kind] for kind in kinds if kind in first), default=None)
        stations.append({"x": 44 + number * 94, "zh": zh, "en": en, "at": _when(at)[:16] if at else None})
    return stations


def _consents(members: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    for name in sorted(members):
        if name.startswith("consents/"):
            found = json.loads(members[name])
            text = members[f"texts/{found['receipt']['text_sha256']}.txt"].decode().split("\n\n")
            yield {**found, "file": name, "purpose": _purpose(found["receipt"]["purpose"]), "text": text}


def _accesses(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in rows:
        yield {
            **one,
            "purpose": _purpose(one["purpose"]) if "purpose" in one else ("–", "–"),
            "fields": [_field(f) for f in one.get("fields", ())],
        }


def _purpose(name: str) -> tuple[str, str]:
    found = words.PURPOSES.get(Purpose(name)) if name in set(Purpose) else None
    return (found.zh, found.en) if found else (name, name)


def _field(name: str) -> tuple[str, str]:
    found = words.FIELDS.get(Field(name)) if name in set(Field) else None
    return (found.zh, found.en) if found else phrases.word(name)


def _funders(auction: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each funder once: the bid that was chosen, else its cheapest for the applicant, else everything that kept it from bidding."""
    held = auction["reserved"] or {}
    by_funder: dict[str, list[Mapping[str, Any]]] = {}
    for bid in auction["bids"]:
        by_funder.setdefault(bid["funder_id"], []).append(bid)
    for funder, mine in by_funder.items():
        chosen = [bid for bid in mine if (held.get("funder"), held.get("guarantor")) == (funder, bid["guarantor_id"])]
        open_bids = sorted((bid for bid in mine if bid["eligible"]), key=lambda bid: decimal(bid["all_in"]))
        why = {one["code"]: (one["zh"], one["en"]) for bid in mine for one in bid["refusals"]}
        shown = next(iter(chosen or open_bids), None)
        yield {"funder": funder, "bid": shown, "chosen": bool(chosen), "bids": len(open_bids), "why": [] if shown else list(why.values())}


WIDE = 700
KINDS = ("principal", "interest", "premium", "fees")


def _cost(offer: Mapping[str, Any] | None, schedule: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What it really costs: each part's money and its points of the annual rate, as pieces of one bar."""
    if offer is None or schedule is None:
        return None
    lines = {one["name"]: one for one in offer["disclosed"]["costs"]}
    amounts = {"principal": offer["terms"]["principal"]} | {name: lines[name]["amount"] for name in KINDS[1:]}
    whole = decimal(offer["disclosed"]["to_repay"]["amount"])
    pieces, x = [], 0
    for name in KINDS:
        width = int(decimal(amounts[name]["amount"]) * WIDE / whole)
        share = lines[name]["annual_percent"] if name in lines else None
        pieces.append({"name": name, "words": phrases.COSTS[name], "x": x, "width": width, "amount": amounts[name], "points": share})
        x += width
    return {"pieces": pieces, "total": offer["disclosed"], "width": x}
