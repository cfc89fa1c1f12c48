"""Scenes, funders and guarantors: register, suspend, their keys, and the messages that did not arrive."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from xinqiao import partners
from xinqiao.kit import Refused
from xinqiao.partners import SCOPES, Key, Kind, webhooks
from xinqiao.staff import Permission

from .desk import Desk, Operator, Posted, console_route, go
from .errors import NotUnderstood
from .words import KINDS, STATES


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Manager = Annotated[Operator, Depends(desk.may(Permission.PARTNERS_MANAGE))]  # noqa: N806 - types
    Managing = Annotated[Posted, Depends(desk.form(Permission.PARTNERS_MANAGE))]  # noqa: N806
    house = desk.house

    @router.get("/console/partners")
    def everyone(request: Request, who: Manager) -> Response:
        return _list(desk, request)

    @router.post("/console/partners")
    def register(request: Request, form: Managing) -> Response:
        try:
            kind = form.need("kind")
            if kind not in set(Kind):
                raise NotUnderstood(kind[:40], ", ".join(Kind), field="kind")
            given = {name: form.fields.get(name, "").strip() for name in ("code", "name", "name_zh")}
            with house.begin() as db:
                new = partners.register(db=db, clock=house.clock, kind=kind, **given)
        except Refused as refusal:
            return _list(desk, request, refusal, form.fields)
        return go(f"/console/partners/{new.id}", "saved")

    @router.get("/console/partners/{partner}")
    def one(request: Request, who: Manager, partner: UUID) -> Response:
        return _page(desk, request, partner)

    @router.post("/console/partners/{partner}/status")
    def status(form: Managing, partner: UUID) -> Response:
        suspend = form.need("to") == "suspended"
        with house.begin() as db:
            (partners.suspend if suspend else partners.resume)(db=db, clock=house.clock, partner=partner)
        return go(f"/console/partners/{partner}", "suspended" if suspend else "resumed")

    @router.post("/console/partners/{partner}/keys")
    def issue(request: Request, form: Managing, partner: UUID) -> Response:
        """A new key; its secret is on this page alone."""
        try:
            with house.begin() as db:
                key = partners.issue_key(db=db, clock=house.clock, partner=partner, scopes=form.several.get("scopes", []))
        except Refused as refusal:
            return _page(desk, request, partner, refusal=refusal)
        return _page(desk, request, partner, fresh=key)

    @router.post("/console/partners/{partner}/keys/{key}")
    def change(request: Request, form: Managing, partner: UUID, key: str) -> Response:
        """Rotate a key, or revoke it."""
        try:
            with house.begin() as db:
                if key not in {one.id for one in partners.keys(db=db, partner=partner)}:
                    raise NotUnderstood(key[:40], "the partner has no such key", field="key")
                if form.need("do") == "rotate":
                    fresh = partners.rotate_key(db=db, clock=house.clock, key=key)
                else:
                    partners.revoke_key(db=db, clock=house.clock, key=key)
                    fresh = None
        except Refused as refusal:
            return _page(desk, request, partner, refusal=refusal)
        return _page(desk, request, partner, fresh=fresh) if fresh else go(f"/console/partners/{partner}", "revoked")

    @router.post("/console/partners/{partner}/redrive")
    def redrive(request: Request, form: Managing, partner: UUID) -> Response:
        try:
            with house.begin() as db:
                webhooks.redrive(db=db, clock=house.clock, partner=partner, message=form.fields.get("message") or None)
        except Refused as refusal:
            return _page(desk, request, partner, refusal=refusal)
        return go(f"/console/partners/{partner}", "redriven")

    return router


def _list(desk: Desk, request: Request, refusal: Refused | None = None, given: object = None) -> Response:
    words = desk.words(request)
    with desk.house.begin() as db:
        found = partners.list_partners(db=db)
    return desk.show(
        request,
        "partners.html",
        status=refusal.status if refusal else 200,
        rows=[{"one": one, "kind": words.gettext(KINDS[one.kind.value]), "state": _state(words, one.status.value)} for one in found],
        kinds=[(kind, words.gettext(word)) for kind, word in KINDS.items()],
        given=given or {},
        problem=refusal.message(words.language) if refusal else None,
    )


def _page(desk: Desk, request: Request, partner: UUID, *, refusal: Refused | None = None, fresh: Key | None = None) -> Response:
    words, house = desk.words(request), desk.house
    with house.begin() as db:
        known = partners.get(db=db, partner=partner)
        keys = partners.keys(db=db, partner=partner)
        subscriptions = webhooks.subscriptions(db=db, partner=partner)
        dead = webhooks.messages(db=db, partner=partner, state="dead", limit=50)
        messages = webhooks.messages(db=db, partner=partner, limit=50)
    now = house.clock.now()
    return desk.show(
        request,
        "partner.html",
        status=refusal.status if refusal else 200,
        partner=known,
        kind=words.gettext(KINDS[known.kind.value]),
        state=_state(words, known.status.value),
        keys=[{"one": one, "live": one.is_live(now)} for one in keys],
        fresh=fresh,
        scopes=sorted(SCOPES[known.kind]),
        subscriptions=subscriptions,
        dead=len(dead),
        messages=[{"one": one, "state": _state(words, one.state)} for one in [*dead, *(m for m in messages if m.state != "dead")]],
        problem=refusal.message(words.language) if refusal else None,
    )


def _state(words: object, state: str) -> tuple[str, str]:
    word, tone = STATES.get(state, (state, ""))
    return words.gettext(word), tone  # type: ignore[attr-defined]
