"""The composition root: every part made once, and the one web application that serves them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy import text

from . import credit
from .identity import FaceModels
from .journeys import ApplicantJourneys, House, Worker, register
from .kit import Clock, Database, Settings, SystemClock
from .kit.durable import Durable
from .kit.telemetry import configure_logs, exposition
from .migrations.run import upgrade
from .vault import Vault
from .web import api, applicant, console, friendly, pages, problems
from .web.middleware import Surroundings

HERE = Path(__file__).parent
CREDIT = HERE / "credit"


def open_house(settings: Settings, *, clock: Clock | None = None, database: Database | None = None, durable: bool = False) -> House:
    """Open everything: the database at its newest schema, keys, models, policy. `durable` also makes the flow runtime."""
    database = database or Database.open(settings)
    upgrade(database)
    house = House(
        settings=settings,
        database=database,
        clock=clock or SystemClock(),
        vault=Vault.open(settings),
        faces=FaceModels.load(settings),
        model=credit.CreditModel.load(CREDIT / "models" / settings.credit_model),
        policy=credit.Policy.load(CREDIT / "policies" / f"{settings.credit_policy}.toml"),
        durable=Durable(database) if durable else None,
    )
    with house.begin() as db:
        credit.service.remember(db=db, clock=house.clock, models=[house.model], policies=[house.policy])
    if house.durable is not None:
        register(house.durable, house)
    return house


def create_app(settings: Settings | None = None, *, house: House | None = None, work: bool = True) -> FastAPI:
    """The web application. With `work` its process also runs flows and the background worker."""
    configure_logs(as_json=(settings or Settings()).log_json)
    house = house or open_house(settings or Settings(), durable=work)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        worker = Worker(house) if work else None
        if house.durable is not None:
            house.durable.launch()
        if worker:
            worker.start()
        yield
        if worker:
            worker.stop()
        if house.durable is not None:
            house.durable.close()

    app = FastAPI(title="Xinqiao", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.house = house
    problems.install(app)
    friendly.install(app)
    _health(app, house)
    pages.mount(app)
    app.include_router(api.router(house))
    api.add_description(app)
    app.include_router(applicant.router(house, ApplicantJourneys(house)))
    app.include_router(console.router(house))
    app.add_middleware(Surroundings, max_body_bytes=house.settings.max_body_bytes)
    return app


def _health(app: FastAPI, house: House) -> None:
    @app.get("/healthz", include_in_schema=False)
    def alive() -> Response:
        return PlainTextResponse("ok")

    @app.get("/readyz", include_in_schema=False)
    def ready() -> Response:
        """Whether requests can be served: the database answers under the application's role."""
        try:
            with house.database.begin(house.settings.tenant) as db:
                db.execute(text("SELECT 1"))
        except Exception:
            return PlainTextResponse("database does not answer", 503)
        return PlainTextResponse("ready")

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
