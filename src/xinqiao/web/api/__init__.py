"""HTTP for partners' engineers, version 1: scenes send applications, funders answer and see their loans, guarantors see what they cover."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

from xinqiao.journeys import House

from . import account, funders, guarantors, scenes
from .callers import Callers
from .shapes import DESCRIPTION, PROBLEMS

VERSION = "1.0.0"


def router(house: House) -> APIRouter:
    callers = Callers(house)
    v1 = APIRouter(prefix="/v1", responses=PROBLEMS)
    for part in (scenes, funders, guarantors, account):
        v1.include_router(part.routes(house, callers))
    return v1


def add_description(app: FastAPI) -> None:
    """Serve the OpenAPI 3.1 description of version 1 at /v1/openapi.json; pages are not part of it."""
    made: dict[str, Any] = {}

    @app.get("/v1/openapi.json", include_in_schema=False)
    def openapi() -> JSONResponse:
        if not made:
            routes = [route for route in app.routes if getattr(route, "path", "").startswith("/v1/")]
            made.update(get_openapi(title="Xinqiao", version=VERSION, openapi_version="3.1.0", description=DESCRIPTION, routes=routes))
        return JSONResponse(made)
