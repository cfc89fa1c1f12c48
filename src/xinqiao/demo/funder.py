"""A funder's own system, invented: it receives signed webhooks, thinks, and answers over the public API with its key."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from decimal import Decimal

import httpx
from fastapi import APIRouter, Request, Response
from standardwebhooks import Webhook, WebhookVerificationError

from .world import HOOK, World

TAKES_PD_UP_TO = Decimal("0.14")


def router(world: World, address: str) -> APIRouter:
    """The hook that the demo's subscriptions name. An answer is sent after the webhook was acknowledged, as a real one would be."""
    routes = APIRouter(include_in_schema=False)

    @routes.post(HOOK + "/{code}")
    async def receive(code: str, request: Request) -> Response:
        body = await request.body()
        if code not in world.hook_secrets:
            return Response(status_code=404)
        try:
            Webhook(world.hook_secrets[code]).verify(body, dict(request.headers))
        except WebhookVerificationError:
            return Response(status_code=401)
        message = json.loads(body)
        if message["type"] == "offer.asked":
            threading.Thread(target=_answer, args=(address, world.answer_keys[code], message["data"]), daemon=True).start()
        return Response(status_code=204)

    return routes


def _answer(address: str, key: str, asked: Mapping[str, str]) -> None:
    accept = Decimal(asked["pd"]) <= TAKES_PD_UP_TO
    httpx.post(
        f"{address}/v1/funder/questions/{asked['question']}/answer",
        json={"accept": accept},
        headers={"Authorization": f"Bearer {key}"},
        timeout=20,
    )
