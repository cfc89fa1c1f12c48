"""The live list of applications: filters, counts, keyset pages, and the stream that keeps them true."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from xinqiao import intake, staff
from xinqiao.intake import Application, Stage
from xinqiao.journeys import board
from xinqiao.journeys.case import Case
from xinqiao.kit import Refused
from xinqiao.partners import Kind, Partner
from xinqiao.staff import Permission

from .. import pages
from ..i18n import Words
from .desk import COOKIE, Desk, Operator, console_route
from .words import OUTCOMES, STAGES, STEPS, WHY

PER_PAGE = 30
POLL = 1.0
HEARTBEAT = 15.0
REMEMBERED = 20_000
"""Ids of events that were told already; more than are made in the time that is read again."""


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    reads = desk.may(Permission.APPLICATIONS_READ)
    Reader = Annotated[Operator, Depends(reads)]  # noqa: N806 - a type
    house = desk.house

    @router.get("/console")
    def applications(request: Request, who: Reader, stage: str = "", scene: str = "", cursor: str = "") -> Response:
        words = desk.words(request)
        with house.begin() as db:
            _, last = board.news(db, None, ())
            parties = board.parties(db)
            chosen = [Stage(stage)] if stage in set(Stage) else []
            where = _id(scene)
            page = intake.list(db=db, stages=chosen, scene=where, cursor=cursor or None, limit=PER_PAGE)
            rows = rows_of(desk, db, who, words, page.items, parties)
            counts = intake.counts(db=db, scene=where)
        return desk.show(
            request,
            "applications.html",
            rows=rows,
            counts=_counts(words, counts),
            total=sum(counts.values()),
            stage=chosen[0].value if chosen else "",
            scene=scene if where else "",
            scenes=[one for one in parties.values() if one.kind is Kind.SCENE],
            next=page.next,
            first=not cursor,
            last=last,
        )

    @router.get("/console/row/{application}")
    def row(request: Request, who: Reader, application: UUID) -> Response:
        """One row of the list, for an application that the stream named and the page does not show yet."""
        with house.begin() as db:
            found = [intake.get(db=db, application=application)]
            rows = rows_of(desk, db, who, desk.words(request), found, board.parties(db))
        return desk.show(request, "application_row.html", row=rows[0])

    @router.get("/console/live")
    async def live(request: Request, after: str = "", scene: str = "") -> Response:
        """Server-sent events: which applications moved. It ends with the browser's interest, or with the session."""
        await run_in_threadpool(reads, request)
        since = _id(request.headers.get("last-event-id", "")) or _id(after)
        stream = Stream(desk, request.cookies.get(COOKIE, ""), desk.words(request), since, _id(scene))
        response = pages.harden(StreamingResponse(stream.run(request), media_type="text/event-stream"))
        response.headers["X-Accel-Buffering"] = "no"
        return response

    return router


def rows_of(
    desk: Desk, db: Connection, who: Operator, words: Words, found: Sequence[Application], parties: dict[UUID, Partner]
) -> list[dict[str, Any]]:
    """What the list shows of each application; the names masked, for those who may see masks."""
    names = board.names(desk.house, db, found, who.actor) if who.sees_people else {}
    now = desk.house.clock.now()
    return [_row(case, words, parties, names, now) for case in board.cases(db, found)]


def _row(case: Case, words: Words, parties: dict[UUID, Partner], names: dict[UUID, str], now: datetime) -> dict[str, Any]:
    one = case.application
    return {
        **state_of(case, words, parties),
        "reference": one.reference or str(one.id)[-8:].upper(),
        "name": names.get(one.person_id, "—"),
        "amount": words.money(one.amount),
        "months": one.term_months,
        "scene": named(words, parties.get(one.scene_id)),
        "created": one.created_at,
        "age": age(words, now - one.created_at),
        "why": [words.gettext(WHY.get(one, one)) for one in case.progress.referrals] if one.stage is Stage.REVIEW else [],
        "waits": age(words, now - one.updated_at),
    }


def state_of(case: Case, words: Words, parties: dict[UUID, Partner]) -> dict[str, Any]:
    """What of a row may change while it is looked at; no personal data."""
    word, tone = STAGES[case.application.stage]
    return {
        "id": str(case.id),
        "stage": case.application.stage.value,
        "word": words.gettext(word),
        "tone": tone,
        "outcome": outcome_of(case, words, parties),
    }


def outcome_of(case: Case, words: Words, parties: dict[UUID, Partner]) -> str:
    """How it ended, or what it waits for: "declined: fraud", "Test Bank · B · 8.20%", "waits for a consent"."""
    progress, gettext = case.progress, words.gettext
    if case.application.stage is Stage.DECLINED:
        ended = case.last("application.declined")
        return gettext(WHY.get(str(ended.data.get("why")) if ended else "", ""))
    if progress.reserved and not progress.ended:
        funder = parties.get(UUID(str(progress.reserved["funder"])))
        return " · ".join(filter(None, [named(words, funder), (progress.terms or {}).get("band")]))
    if case.application.stage is Stage.REVIEW:
        return words.both("、", ", ").join(gettext(WHY[one]) for one in progress.referrals) or gettext(STEPS[case.step.value])
    if progress.ended:
        return "—"
    return gettext(STEPS[case.step.value])


def named(words: Words, partner: Partner | None) -> str:
    return words.both(partner.name_zh, partner.name) if partner else "—"


def outcome_word(words: Words, outcome: str) -> tuple[str, str]:
    word, tone = OUTCOMES.get(outcome, (outcome, ""))
    return words.gettext(word), tone


def age(words: Words, span: timedelta) -> str:
    """How long ago, in its largest unit."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 3600:
        return words.gettext("%(n)s min") % {"n": seconds // 60}
    if seconds < 86400:
        return words.gettext("%(n)s h") % {"n": seconds // 3600}
    return words.gettext("%(n)s d") % {"n": seconds // 86400}


def _counts(words: Words, counts: dict[Stage, int]) -> list[dict[str, Any]]:
    return [{"stage": one.value, "word": words.gettext(STAGES[one][0]), "tone": STAGES[one][1], "n": counts.get(one, 0)} for one in STAGES]


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


class Stream:
    """One browser's stream. Each message carries the id from which a lost connection goes on."""

    def __init__(self, desk: Desk, token: str, words: Words, since: UUID | None, scene: UUID | None) -> None:
        self._desk, self._token, self._words = desk, token, words
        self._since, self._scene = since, scene
        self._seen: OrderedDict[UUID, None] = OrderedDict()

    async def run(self, request: Request) -> AsyncIterator[str]:
        yield "retry: 3000\n\n"
        quiet = 0.0
        while not await request.is_disconnected():
            try:
                message = await run_in_threadpool(self.poll)
            except Refused:
                yield "event: over\ndata: {}\n\n"
                return
            if message or quiet >= HEARTBEAT:
                yield message or ": still here\n\n"
                quiet = 0.0
            await asyncio.sleep(POLL)
            quiet += POLL

    def poll(self) -> str:
        """The next message, empty when nothing happened. Raises SessionOver once the operator's session has ended."""
        house = self._desk.house
        with house.begin() as db:
            staff.require(staff.session_of(db=db, clock=house.clock, token=self._token, touch=False), Permission.APPLICATIONS_READ)
            told, self._since = board.news(db, self._since, self._seen)
            self._remember([one.id for one in told])
            moved = intake.get_many(db=db, applications={one.subject for one in told if one.person is not None})
            mine = [one for one in moved.values() if self._scene in (None, one.scene_id)]
            if not mine:
                return ""
            parties = board.parties(db)
            rows = [state_of(case, self._words, parties) | {"scene": str(case.application.scene_id)} for case in board.cases(db, mine)]
            counts = {stage.value: n for stage, n in intake.counts(db=db, scene=self._scene).items()}
        return f"id: {self._since}\nevent: moved\ndata: {json.dumps({'rows': rows, 'counts': counts}, ensure_ascii=False)}\n\n"

    def _remember(self, ids: Sequence[UUID]) -> None:
        self._seen.update(dict.fromkeys(ids))
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
