"""The evidence pack of one application, made when it is asked for; who asked is in the log."""

import tempfile
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from xinqiao.journeys.case import look
from xinqiao.journeys.evidence import export
from xinqiao.staff import Permission
from xinqiao.vault import audit

from .. import pages
from .desk import Desk, Posted, console_route


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(route_class=console_route(desk), include_in_schema=False)
    Form = Annotated[Posted, Depends(desk.form(Permission.APPLICATIONS_REVIEW, Permission.AUDIT_READ))]  # noqa: N806 - a type
    house = desk.house

    @router.post("/console/applications/{application}/evidence")
    def download(form: Form, application: UUID) -> Response:
        """One zip with everything but personal data, which is masked in it."""
        with house.begin() as db:
            person = look(db, application).person
            audit.append(db, house.clock, [audit.Entry("evidence.asked", form.operator.actor, person, {"application": application})])
        with tempfile.TemporaryDirectory() as folder:
            body = export(house, application, receiver=None, out=Path(folder)).read_bytes()
        response = pages.harden(Response(body, media_type="application/zip"))
        response.headers["Content-Disposition"] = f'attachment; filename="evidence-{application}.zip"'
        return response

    return router
