"""What every partner does for itself: its webhooks and its keys."""


from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends

from xinqiao import partners
from xinqiao.journeys import House
from xinqiao.kit import NotFound
from xinqiao.partners import Key, Partner, webhooks

from .callers import Callers
from .shapes import KeyAnswer, SecretAnswer, SubscriptionAnswer, SubscriptionRequest


class KeyNotYours(NotFound):
    code = "api.key_not_yours"
    says = "You have no key {0!r}."
    says_zh = "您没有密钥 {0!r}。"


def routes(house: House, callers: Callers) -> APIRouter:
    router = APIRouter(tags=["account"])
    Self = Annotated[Partner, Depends(callers.having(None, "webhooks:manage"))]  # noqa: N806 - a type

    @router.get("/webhooks", response_model=list[SubscriptionAnswer])
    def subscriptions(me: Self) -> list[dict[str, Any]]:
        with house.begin() as db:
            return [subscription(one) for one in webhooks.subscriptions(db=db, partner=me.id)]

    @router.post("/webhooks", status_code=201, response_model=SubscriptionAnswer)
    def subscribe(me: Self, body: SubscriptionRequest) -> dict[str, Any]:
        """Be told of events at an https address. The answer shows the secret once."""
        with house.begin() as db:
            made = webhooks.subscribe(
                db=db,
                vault=house.vault,
                clock=house.clock,
                partner=me.id,
                url=body.url,
                kinds=body.kinds,
                allow_private=house.settings.demo,
            )
        return subscription(made)

    @router.post("/webhooks/{id}/rotate", response_model=SubscriptionAnswer)
    def rotate(me: Self, id: UUID) -> dict[str, Any]:
        """A new secret; for a day messages carry both signatures."""
        with house.begin() as db:
            return subscription(webhooks.rotate_secret(db=db, vault=house.vault, clock=house.clock, partner=me.id, subscription=id))

    @router.delete("/webhooks/{id}", response_model=SubscriptionAnswer)
    def stop(me: Self, id: UUID) -> dict[str, Any]:
        with house.begin() as db:
            return subscription(webhooks.set_active(db=db, clock=house.clock, partner=me.id, subscription=id, active=False))

    @router.post("/webhooks/inbound-secret", status_code=201, response_model=SecretAnswer)
    def inbound(me: Self) -> dict[str, Any]:
        """The secret with which you sign what you send to us."""
        with house.begin() as db:
            return {"secret": webhooks.issue_inbound_secret(db=db, vault=house.vault, clock=house.clock, partner=me.id)}

    @router.get("/keys", response_model=list[KeyAnswer])
    def keys(me: Self) -> list[dict[str, Any]]:
        with house.begin() as db:
            return [key(one) for one in partners.keys(db=db, partner=me.id)]

    @router.post("/keys/{id}/rotate", status_code=201, response_model=KeyAnswer)
    def rotate_key(me: Self, id: str) -> dict[str, Any]:
        """A successor of one of your keys; the old one works for a week more."""
        with house.begin() as db:
            if id not in {one.id for one in partners.keys(db=db, partner=me.id)}:
                raise KeyNotYours(id)
            return key(partners.rotate_key(db=db, clock=house.clock, key=id))

    return router


def subscription(one: webhooks.Subscription) -> dict[str, Any]:
    return {"id": one.id, "url": one.url, "kinds": sorted(one.kinds), "active": one.is_active, "secret": one.secret}


def key(one: Key) -> dict[str, Any]:
    return {"id": one.id, "scopes": sorted(one.scopes), "expires_at": one.expires_at, "secret": one.secret}
