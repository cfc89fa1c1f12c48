"""HTTP for partners' engineers, version 1: scenes send applications, funders answer and see their loans, guarantors see what they cover."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from xinqiao.journeys import House

from . import account, funders, guarantors, scenes
from .callers import Callers
from .description import VERSION, describe
from .shapes import PROBLEMS

__all__ = ["VERSION", "add_description", "describe", "router"]


def router(house: House) -> APIRouter:
    callers = Callers(house)
    v1 = APIRouter(prefix="/v1", responses=PROBLEMS, generate_unique_id_function=_operation_id)
    for part in (scenes, funders, guarantors, account):
        v1.include_router(part.routes(house, callers))
    return v1


def _operation_id(route: APIRoute) -> str:
    """Stable names for generated clients, such as `scenes_send`."""
    return f"{route.tags[0]}_{route.name}"


def add_description(app: FastAPI) -> None:
    """Serve the OpenAPI 3.1 description of version 1 at /v1/openapi.json; pages are not part of it."""
    made: dict[str, Any] = {}

    @app.get("/v1/openapi.json", include_in_schema=False)
    def openapi() -> JSONResponse:
        if not made:
            made.update(describe(router(app.state.house)))
        return JSONResponse(made)
