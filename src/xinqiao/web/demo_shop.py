"""An invented shop for the demonstration: it sends an application over the public interface, as any scene would. Mounted in the demo alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from xinqiao.kit import CNY, Money, Refused, Settings, new_id

from . import pages
from .applicant.desk import FriendlyRoute


@dataclass(frozen=True, slots=True)
class Good:
    code: str
    name_zh: str
    name_en: str
    about_zh: str
    about_en: str
    picture: str
    price: Money


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person whom a visitor may play."""

    code: str
    name: str
    about_zh: str
    about_en: str


class Scene(Protocol):
    """The shop's own back office: who may be played, and the call to Xinqiao's interface."""

    def people(self) -> Sequence[Person]: ...
    def clip(self, person: str) -> bytes | None:
        """The rendered selfie clip of a person, which a visitor uploads in their stead; None for a stranger."""
        ...

    def film(self, person: str, challenge: str) -> bytes | None:
        """The person filmed before a screen that shows `challenge` (JSON as the page was given it): a rendered clip; None for a stranger.

        Takes seconds. Raises ChallengeUnreadable.
        """
        ...

    def apply(self, *, person: str, amount: Money, months: int, item: str, order: str) -> str:
        """Send the application; returns the address at which the person goes on. `order` makes a repeated press one application."""
        ...


def grouped(said: str) -> str:
    """Sums in renminbi within words, as all other money on the page is written: ¥19100.00 as ¥19,100.00."""
    return re.sub(r"¥(\d+)", lambda found: f"¥{int(found[1]):,}", said)


class NotInTheShop(Refused):
    code = "demo_shop.not_in_the_shop"
    says = "Choose a vehicle, a person and a number of months from the lists."
    says_zh = "请从列表中选择车型、人物和分期月数。"


GOODS = (
    Good(
        "commute",
        "小满 · 通勤",
        "Xiaoman Commuter",
        "轻便城市款，续航 45 公里",
        "Light, for the city, 45 km a charge",
        "city",
        CNY(289_900),
    ),
    Good(
        "long",
        "小满 · 长续航",
        "Xiaoman Long Range",
        "双电池，续航 120 公里，外卖骑手常选",
        "Two batteries, 120 km, for couriers",
        "long",
        CNY(459_900),
    ),
    Good(
        "cargo", "小满 · 货运三轮", "Xiaoman Cargo", "载重 200 公斤，小店进货用", "Carries 200 kg, for a small shop", "cargo", CNY(899_900)
    ),
)
TERMS = (3, 6, 9, 12)
MOST_TEXT = 8192
PLAYED = "demo_person"
"""The cookie that remembers whom a visitor plays, so that the page for the selfie can offer that person's rendered clip."""


def router(settings: Settings, scene: Scene) -> APIRouter:
    routes = APIRouter(route_class=FriendlyRoute, include_in_schema=False)

    @routes.get("/shop")
    def shop(request: Request) -> Response:
        context = {"goods": GOODS, "people": scene.people(), "grouped": grouped, "terms": TERMS, "order": str(new_id())}
        return pages.render(request, "demo/shop.html", zone=settings.timezone, **context)

    @routes.get("/shop/clips/{person}.webm")
    def clip(person: str) -> Response:
        found = scene.clip(person)
        if found is None:
            raise NotInTheShop
        headers = {"Content-Disposition": f'attachment; filename="{person}.webm"'}
        return pages.harden(Response(found, media_type="video/webm", headers=headers))

    @routes.post("/shop/clips/{person}.webm")
    async def film(request: Request, person: str) -> Response:
        """The body is the challenge's text; the answer is a clip that nobody could have made before."""
        challenge = await _text(request)
        found = await run_in_threadpool(scene.film, person, challenge)
        if found is None:
            raise NotInTheShop
        return pages.harden(Response(found, media_type="video/webm"))

    @routes.post("/shop")
    async def order(request: Request) -> Response:
        async with request.form(max_files=0, max_fields=10) as form:
            chosen = {name: str(value) for name, value in form.items()}
        answer = pages.harden(RedirectResponse(await _apply(scene, chosen), 303))
        answer.set_cookie(PLAYED, chosen["person"], max_age=86_400, httponly=True, samesite="lax")
        return answer

    return routes


async def _text(request: Request) -> str:
    """The body as text; what is too long for any challenge is cut, and is then not readable as one."""
    return (await request.body())[:MOST_TEXT].decode("utf-8", "replace")


async def _apply(scene: Scene, chosen: dict[str, str]) -> str:
    good = next((one for one in GOODS if one.code == chosen.get("good")), None)
    person = next((one for one in scene.people() if one.code == chosen.get("person")), None)
    months = next((term for term in TERMS if str(term) == chosen.get("months")), None)
    order = chosen.get("order", "")
    if good is None or person is None or months is None or not 8 <= len(order) <= 64:
        raise NotInTheShop
    return await run_in_threadpool(scene.apply, person=person.code, amount=good.price, months=months, item=good.name_en, order=order)
