"""The invented shop's back office: it sends applications over the public API, with its own key, as any scene would."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from xinqiao.identity.liveness.challenge import Challenge
from xinqiao.kit import Money, Refused
from xinqiao.web.demo_shop import Person

from .cast import Sitter


class ShopRefused(Refused):
    code = "demo_shop.refused"
    says = "Xinqiao refused the application: {0}"
    says_zh = "信桥未受理该申请：{0}"


@dataclass(frozen=True)
class Visitor:
    """An invented person whom a visitor may play: the body a shop would send, and a face that a simulator films."""

    code: str
    body: Mapping[str, Any]
    face: Sitter


class Shop:
    def __init__(self, address: str, key: str, visitors: Sequence[Visitor]) -> None:
        self._address, self._key = address, key
        self._visitors = {visitor.code: visitor for visitor in visitors}

    def people(self) -> Sequence[Person]:
        return [self._person(visitor) for visitor in self._visitors.values()]

    def _person(self, visitor: Visitor) -> Person:
        kind = visitor.body["kind"]
        zh = "小微店主" if kind == "micro_business" else "个人"
        en = "runs a small business" if kind == "micro_business" else "applies as a person"
        income = visitor.body.get("monthly_income", "")
        return Person(visitor.code, str(visitor.body["name"]), f"{zh}，月收入 ¥{income}", f"{en}, earns ¥{income} a month")

    def clip(self, person: str) -> bytes | None:
        visitor = self._visitors.get(person)
        return visitor.face.clip if visitor else None

    def film(self, person: str, challenge: str) -> bytes | None:
        """The person before a screen that shows `challenge`; seconds of work. Raises ChallengeUnreadable."""
        shown, visitor = Challenge.parse(challenge), self._visitors.get(person)
        return visitor.face.film(shown) if visitor else None

    def apply(self, *, person: str, amount: Money, months: int, item: str, order: str) -> str:
        """Post the application and return the applicant's address. Raises ShopRefused with what the API said."""
        visitor = self._visitors[person]
        body = {
            **visitor.body,
            "amount": str(amount),
            "term_months": months,
            "loan_purpose": "daily_needs",
            "reference": f"BIKE-{order[-6:].upper()}",
        }
        return send(self._address, self._key, body, visitor.face.portrait, order)["applicant_url"]


def send(address: str, key: str, body: Mapping[str, Any], portrait: bytes | None, order: str) -> dict[str, Any]:
    """POST /v1/applications as a scene does."""
    sent = {**body, "portrait": base64.b64encode(portrait).decode()} if portrait else dict(body)
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": order}
    answer = httpx.post(f"{address}/v1/applications", json=sent, headers=headers, timeout=60)
    if answer.status_code != 201:
        raise ShopRefused(answer.json().get("detail", answer.text))
    return answer.json()
