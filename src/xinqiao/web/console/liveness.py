"""How well the liveness check tells living people from attacks here, and whether what comes in still looks like what it was set on."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from xinqiao.identity import ModelsUnavailable
from xinqiao.identity.liveness import calibrations
from xinqiao.journeys import checks

from . import rates
from .checks import MAY
from .desk import Desk, Operator, console_route

WEEKS = 12


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Reader = Annotated[Operator, Depends(desk.may(*MAY))]  # noqa: N806 - a type
    house = desk.house

    @router.get("/console/liveness")
    def show(request: Request, who: Reader) -> Response:
        words = desk.words(request)
        with house.begin() as db:
            found = checks.drift(db=db, now=house.clock.now(), zone=house.settings.timezone, weeks=WEEKS)
        calibration, problem = _calibration(desk, words.language)
        teller = rates.Teller(words, calibration)
        return desk.show(
            request,
            "liveness.html",
            classes=[teller.measured(name) for name in calibration.classes],
            calibration=teller.standing(house.faces.versions.get("calibration")),
            unreadable=problem,
            drifts=[teller.drift(one) for one in found.values()],
            weeks=WEEKS,
            shipped=teller.shipped(),
        )

    return router


def _calibration(desk: Desk, language: str) -> tuple[rates.Calibration, str | None]:
    """What `liveness calibrate` wrote; an altered file is told, not drawn."""
    try:
        return rates.Calibration.parse(calibrations.read_calibration(desk.house.settings.home)), None
    except ModelsUnavailable as problem:
        return rates.Calibration.parse(None), problem.message(language)
