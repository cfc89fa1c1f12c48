"""What every partner does for itself: its webhooks and its keys."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy import Connection

from xinqiao import partners
from xinqiao.journeys import House
from xinqiao.kit import NotFound
from xinqiao.partners import Key, Partner, webhooks

from .callers import Callers, KeyFirst, MaybeIdempotencyKey
from .repeats import Repeats
from .shapes import KeyAnswer, SecretAnswer, SubscriptionAnswer, SubscriptionRequest


class KeyNotYours(NotFound):
    code = "api.key_not_yours"
    says = "You have no key {0!r}."
    says_zh = "您没有密钥 {0!r}。"


def routes(house: House, callers: Callers) -> APIRouter:
    router = APIRouter(tags=["account"], route_class=KeyFirst)
    repeats = Repeats(house)
    Self = Annotated[Partner, Depends(callers.having(None, "webhooks:manage"))]  # noqa: N806 - a type

    @router.get("/webhooks", response_model=list[SubscriptionAnswer])
    def subscriptions(me: Self) -> list[dict[str, Any]]:
        """Your webhook subscriptions, without their secrets."""
        with house.begin() as db:
            return [subscription(one) for one in webhooks.subscriptions(db=db, partner=me.id)]

    @router.post("/webhooks", status_code=201, response_model=SubscriptionAnswer)
    def subscribe(me: Self, body: SubscriptionRequest, key: MaybeIdempotencyKey = None) -> dict[str, Any]:
        """Be told of events at an https address. Only this answer, and a repeat of it, shows the secret."""

        def work(db: Connection) -> dict[str, Any]:
            parts = {"db": db, "vault": house.vault, "clock": house.clock, "partner": me.id}
            return subscription(webhooks.subscribe(**parts, url=body.url, kinds=body.kinds, allow_private=house.settings.demo))

        return repeats.once("webhooks.subscribe", me, key, body.model_dump(), work)

    @router.post("/webhooks/{id}/rotate", response_model=SubscriptionAnswer)
    def rotate_webhook(me: Self, id: UUID, key: MaybeIdempotencyKey = None) -> dict[str, Any]:
        """A new secret; for a day messages carry both signatures."""

        def work(db: Connection) -> dict[str, Any]:
            return subscription(webhooks.rotate_secret(db=db, vault=house.vault, clock=house.clock, partner=me.id, subscription=id))

        return repeats.once("webhooks.rotate", me, key, {"id": id}, work)

    @router.delete("/webhooks/{id}", response_model=SubscriptionAnswer)
    def stop(me: Self, id: UUID) -> dict[str, Any]:
        """Send nothing more to it. Repeating changes nothing."""
        with house.begin() as db:
            return subscription(webhooks.set_active(db=db, clock=house.clock, partner=me.id, subscription=id, active=False))

    @router.post("/webhooks/inbound-secret", status_code=201, response_model=SecretAnswer)
    def inbound_secret(me: Self, key: MaybeIdempotencyKey = None) -> dict[str, Any]:
        """The secret with which you sign what you send to us; the one before works for a day more."""

        def work(db: Connection) -> dict[str, Any]:
            return {"secret": webhooks.issue_inbound_secret(db=db, vault=house.vault, clock=house.clock, partner=me.id)}

        return repeats.once("webhooks.inbound", me, key, {}, work)

    @router.get("/keys", response_model=list[KeyAnswer])
    def keys(me: Self) -> list[dict[str, Any]]:
        """Your API keys, without their secrets."""
        with house.begin() as db:
            return [shown(one) for one in partners.keys(db=db, partner=me.id)]

    @router.post("/keys/{id}/rotate", status_code=201, response_model=KeyAnswer)
    def rotate_key(me: Self, id: str, key: MaybeIdempotencyKey = None) -> dict[str, Any]:
        """A successor of one of your keys; the old one works for a week more."""

        def work(db: Connection) -> dict[str, Any]:
            if id not in {one.id for one in partners.keys(db=db, partner=me.id)}:
                raise KeyNotYours(id[:40])
            return shown(partners.rotate_key(db=db, clock=house.clock, key=id))

        return repeats.once("keys.rotate", me, key, {"id": id}, work)

    return router


def subscription(one: webhooks.Subscription) -> dict[str, Any]:
    return {"id": one.id, "url": one.url, "kinds": sorted(one.kinds), "active": one.is_active, "secret": one.secret}


def shown(one: Key) -> dict[str, Any]:
    return {"id": one.id, "scopes": sorted(one.scopes), "expires_at": one.expires_at, "secret": one.secret}
