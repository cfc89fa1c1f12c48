"""Face checks: the list, one of them with all that was measured, and its frames for those who may see them.

All of it is open to whoever reviews applications, and to whoever answers people's requests about their data; frames are personal data and
are asked for by name, with a reason (`Permission.PERSONAL_UNMASKED`), and the vault decides.
"""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response

from xinqiao import staff
from xinqiao.identity import Outcome
from xinqiao.journeys import checks
from xinqiao.journeys.checks import Check, Wanted
from xinqiao.kit import Refused
from xinqiao.staff import Permission

from ..i18n import Words
from . import checkfile, recordings
from .desk import Desk, Operator, Posted, console_route
from .errors import NotUnderstood
from .overview import outcome_word
from .signals import ASKED, device_word, word_of

PER_PAGE = 50
MAY = (Permission.APPLICATIONS_REVIEW, Permission.RIGHTS_ANSWER)


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Reader = Annotated[Operator, Depends(desk.may(*MAY))]  # noqa: N806 - types
    Looking = Annotated[Posted, Depends(desk.form(*MAY))]  # noqa: N806
    house = desk.house

    @router.get("/console/checks")
    def listed(
        request: Request,
        who: Reader,
        outcome: str = "",
        device: str = "",
        signal: str = "",
        since: str = "",
        until: str = "",
        before: UUID | None = None,
    ) -> Response:
        words = desk.words(request)
        asked = {"outcome": outcome, "device": device, "signal": signal, "since": since, "until": until}
        with house.begin() as db:
            found = checks.page(db=db, wanted=_wanted(desk, asked), before=before, limit=PER_PAGE + 1)
            seen = checks.devices(db=db)
        return desk.show(
            request,
            "checks.html",
            rows=[_row(one, words) for one in found[:PER_PAGE]],
            next=found[PER_PAGE - 1].id if len(found) > PER_PAGE else None,
            outcomes=[(one.value, outcome_word(words, one.value)[0]) for one in Outcome],
            devices=[(one, device_word(words, one)) for one in seen],
            signals=sorted(((name, words.gettext(one.word)) for name, one in ASKED.items()), key=lambda pair: pair[1]),
            asked=asked,
            narrowed={name: value for name, value in asked.items() if value},
        )

    @router.get("/console/checks/{check}")
    def show(request: Request, who: Reader, check: UUID) -> Response:
        return _page(desk, request, who, check)

    @router.post("/console/checks/{check}/frames")
    def frames(request: Request, form: Looking, check: UUID) -> Response:
        """Frames of the kept recording, drawn for this answer and stored nowhere; the reason is logged first, then the vault decides."""
        who, reason = form.operator, form.fields.get("reason", "")
        try:
            staff.require(who.session, Permission.PERSONAL_UNMASKED, reason=reason)
            drawn = recordings.drawn(desk, who, desk.words(request), check, reason.strip())
        except Refused as refusal:
            return _page(desk, request, who, check, problem=refusal)
        return _page(desk, request, who, check, drawn=drawn)

    return router


def _page(
    desk: Desk, request: Request, who: Operator, check: UUID, *, problem: Refused | None = None, drawn: dict[str, Any] | None = None
) -> Response:
    words = desk.words(request)
    with desk.house.begin() as db:
        file = checkfile.gather(desk, db, who, words, check)
    return desk.show(
        request,
        "check.html",
        status=problem.status if problem else 200,
        problem=problem.message(words.language) if problem else None,
        drawn=drawn,
        **file,
    )


def _row(one: Check, words: Words) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": one.at,
        "application": one.application_id,
        "outcome": outcome_word(words, one.outcome),
        "score": f"{one.score:.3f}" if one.score is not None else "–",
        "device": device_word(words, one.device),
        "calibrated": one.calibrated,
        "weak": [word_of(words, name) for name, _ in one.weak],
        "ms": one.ms,
    }


def _wanted(desk: Desk, asked: dict[str, str]) -> Wanted:
    """Raises NotUnderstood for a day that is none."""
    outcome = asked["outcome"]
    since, until = (_day(desk, asked[name], name) for name in ("since", "until"))
    return Wanted(
        outcome=Outcome(outcome) if outcome in set(Outcome) else None,
        device=asked["device"][:60],
        signal=asked["signal"][:60],
        since=since,
        until=until and until + timedelta(days=1),
    )


def _day(desk: Desk, text: str, field: str) -> datetime | None:
    """The beginning of a day in the house's zone."""
    if not text.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time(), ZoneInfo(desk.house.settings.timezone))
    except ValueError:
        raise NotUnderstood(text[:40], "a day such as 2026-11-22 is needed", field=field) from None
