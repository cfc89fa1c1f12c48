"""Who calls: an API key in the Authorization header, its scope, and the caller's rate."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Header, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from xinqiao import partners
from xinqiao.journeys import House
from xinqiao.kit import Refused
from xinqiao.partners import Kind, Partner

bearer = HTTPBearer(auto_error=False, description="An API key: `Authorization: Bearer xq_…`")


class KeyMissing(Refused):
    code = "api.key_missing"
    status = 401
    says = "Send your API key: 'Authorization: Bearer xq_…'."
    says_zh = "请提供 API 密钥：Authorization: Bearer xq_…。"


class WrongKind(Refused):
    code = "api.wrong_kind"
    status = 403
    says = "This is for {0}s; your key is a {1}'s."
    says_zh = "此接口仅供 {0} 使用；您的密钥属于 {1}。"


class KeyFirst(APIRoute):
    """Without a key nothing of the body is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            if not request.headers.get("authorization", "").lower().startswith("bearer "):
                raise KeyMissing
            return await handle(request)

        return handler


class Callers:
    """Makes the dependency that lets one kind of partner with one scope in."""

    def __init__(self, house: House) -> None:
        self._house = house

    def having(self, kind: Kind | None, scope: str) -> Callable[..., Partner]:
        def caller(given: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None) -> Partner:
            if given is None:
                raise KeyMissing
            with self._house.begin() as db:
                partner = partners.authenticate(db=db, clock=self._house.clock, secret=given.credentials)
                if kind is not None and partner.kind is not kind:
                    raise WrongKind(kind.value, partner.kind.value)
                partners.authenticate(db=db, clock=self._house.clock, secret=given.credentials, scope=scope)
                partners.limits.take(db=db, clock=self._house.clock, partner=partner.id, route=scope)
            return partner

        return caller


SAYS = "8 to 200 visible ASCII characters, new for each new request; a repeat returns the first answer."
EXAMPLES = ["order-20261122-0001"]

IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", description=SAYS, examples=EXAMPLES)]
MaybeIdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", description=f"{SAYS} Left out, each request is a new one.", examples=EXAMPLES)
]
