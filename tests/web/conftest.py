"""The real application on a real port with a real browser, once a session. Applicants are the demo book's invented people."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from sqlalchemy import text

from xinqiao import funding, partners, staff, vault
from xinqiao.app import create_app, open_house
from xinqiao.credit import BureauSimulator
from xinqiao.demo.book import people
from xinqiao.demo.cast import sitter
from xinqiao.demo.robot import Applicant
from xinqiao.demo.shop import Shop, Visitor
from xinqiao.journeys import ApplicantJourneys, House, applying, reviewing
from xinqiao.kit import Database, Settings, new_id
from xinqiao.partners import Partner
from xinqiao.staff import Role
from xinqiao.vault import Actor, Field
from xinqiao.web import demo_shop
from xinqiao.web.console.desk import COOKIE

from .staffing import Client, enrolled, newcomer

REVIEWER = Actor("operator", "reviewer-1", frozenset({"risk"}))
PHONE = {"width": 360, "height": 740}
FUNDER: dict[str, Any] = {
    "budget": {"amount": "9000000.00", "currency": "CNY"},
    "ticket": {"min": {"amount": "500.00", "currency": "CNY"}, "max": {"amount": "500000.00", "currency": "CNY"}},
    "months": [3, 6, 9, 12, 18, 24, 36],
    "kinds": ["personal", "micro_business"],
    "rate": {"base": "0.04", "add_on": {"A": "0.010", "B": "0.020", "C": "0.030", "D": "0.040"}},
    "max_pd": "0.5",
}
GUARANTOR: dict[str, Any] = {
    "capacity": {"amount": "9000000.00", "currency": "CNY"},
    "coverage": "0.8",
    "premium": {"A": "0.006", "B": "0.012", "C": "0.024", "D": "0.04"},
    "max_pd": "0.5",
    "kinds": ["personal", "micro_business"],
}


@dataclass
class Platform:
    """The running house, and what a scene does there."""

    house: House
    address: str
    scene: Partner
    good: Iterator[dict[str, Any]] = field(default_factory=lambda: iter(GOOD))
    bad: Iterator[dict[str, Any]] = field(default_factory=lambda: iter(BAD))

    @property
    def journeys(self) -> ApplicantJourneys:
        return ApplicantJourneys(self.house)

    def apply(self, *, portrait: bytes | None = None, default: bool = False, **changes: Any) -> Applied:
        """A fresh invented person applies at the scene. `default` picks one with a bad history."""
        person = next(self.bad if default else self.good)
        body = person["application"] | changes
        load_history(self.house, person)
        made = applying.receive(self.house, scene=self.scene, body=body, portrait=portrait, key=str(new_id()))
        return Applied(made.application.id, made.applicant_url, person["name"])


@dataclass(frozen=True)
class Applied:
    id: UUID
    url: str
    name: str


@dataclass(frozen=True)
class Lent:
    """A loan, its application, and the link of its borrower."""

    application: UUID
    loan: UUID
    url: str
    journeys: ApplicantJourneys


Lending = Callable[[], Lent]


def load_history(house: House, person: dict[str, Any]) -> None:
    """Let the simulated bureau know the person."""
    with house.begin() as db:
        index = vault.blind(vault=house.vault, field=Field.ID_NUMBER, value=person["id_number"])
        BureauSimulator(db).load({index: person["attributes"]})


def _book() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    everyone = [person for person in people(1200) if person["application"]["kind"] == "personal"]
    good = [person for person in everyone if all(person["attributes"][f"PAY_{month}"] < 1 for month in (0, 2, 3, 4, 5, 6))]
    bad = [person for person in everyone if person["attributes"]["PAY_0"] > 2]
    return good, bad


GOOD, BAD = _book()
PLAYED, GOOD = GOOD[:3], GOOD[3:]


@pytest.fixture(scope="session")
def platform(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    admin = Database(server)
    with admin.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("CREATE DATABASE xinqiao_web"))
    url = admin.url.set(database="xinqiao_web").render_as_string(hide_password=False)
    admin.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tmp_path_factory.mktemp("web")
    house = open_house(Settings(home=home, database_url=url, port=port, public_url=f"http://127.0.0.1:{port}", demo=True))
    with house.begin() as db:
        scene = partners.register(db=db, clock=house.clock, kind="scene", code="test-shop", name="Test Shop", name_zh="测试商店")
        funder = partners.register(db=db, clock=house.clock, kind="funder", code="test-bank", name="Test Bank", name_zh="测试银行")
        backer = partners.register(db=db, clock=house.clock, kind="guarantor", code="test-cover", name="Test Cover", name_zh="测试担保")
        funding.publish_funder(db=db, clock=house.clock, funder_id=funder.id, data=FUNDER)
        funding.publish_guarantor(db=db, clock=house.clock, guarantor_id=backer.id, data=GUARANTOR)
        key = partners.issue_key(db=db, clock=house.clock, partner=scene.id, scopes=partners.SCOPES[scene.kind], environment="test")
    for person in PLAYED:
        load_history(house, person)
    app = create_app(house=house, work=False)
    visitors = [Visitor(f"p{n}", person["application"], sitter(n)) for n, person in enumerate(PLAYED)]
    app.include_router(demo_shop.router(house.settings, Shop(house.settings.address, str(key.secret), visitors)))
    running = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        thread.join(0.05)
        assert thread.is_alive(), "the application did not start"
    yield Platform(house, f"http://127.0.0.1:{port}", scene)
    running.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def lending(platform: Platform) -> Lending:
    """Lend to a fresh invented person: approved by a person, signed and paid out."""

    def lend() -> Lent:
        applied = platform.apply()
        person = Applicant(platform.journeys, applied.name, None)
        person.walk(applied.id)
        reviewing.approve(platform.house, applied.id, by=REVIEWER, why="Document checked by video call.", band="B")
        outcome = person.walk(applied.id)
        assert outcome.loan is not None, outcome
        return Lent(applied.id, outcome.loan, applied.url, platform.journeys)

    return lend


def chromium() -> str:
    """Debian's Chromium, or the one that XINQIAO_CHROMIUM names; without one these tests cannot run and say so."""
    asked = os.environ.get("XINQIAO_CHROMIUM")
    found = asked or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not found:
        pytest.skip("no Chromium: install the package chromium or set XINQIAO_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as made:
        yield made


Launch = Callable[..., Browser]


@pytest.fixture(scope="session")
def launch(playwright: Playwright) -> Iterator[Launch]:
    """Start a browser; with `camera`, a y4m or mjpeg file is what its camera sees, and without one a test picture."""
    started: list[Browser] = []

    def start(camera: Path | None = None) -> Browser:
        fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        fake += [f"--use-file-for-fake-video-capture={camera}"] if camera else []
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", *fake]
        started.append(playwright.chromium.launch(executable_path=chromium(), args=flags))
        return started[-1]

    yield start
    for browser in started:
        browser.close()


@pytest.fixture(scope="session")
def browser(launch: Launch) -> Browser:
    return launch()


class Visit:
    """Opens pages as a phone would, and collects what the browser complains of: script errors and refused content."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._contexts: list[BrowserContext] = []

    def open(self, browser: Browser, url: str, *, language: str = "zh-CN", script: bool = True, viewport: Any = PHONE) -> Page:
        context = browser.new_context(viewport=viewport, locale=language, java_script_enabled=script, accept_downloads=True)
        context.set_default_timeout(30_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("console", lambda said: self.complaints.append(said.text) if "Content Security Policy" in said.text else None)
        page.goto(url)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def visit() -> Iterator[Visit]:
    """Every test that opens pages also shows that the browser had nothing to complain of."""
    made = Visit()
    yield made
    made.close()
    assert made.complaints == []


@pytest.fixture(scope="session")
def tokens(platform: Platform) -> dict[Role, str]:
    """A session of a user of each role, made as people make theirs: first password, own password, authenticator."""
    house, password, made = platform.house, secrets.token_urlsafe(16), {}
    with house.begin() as db:
        staff.create_first_admin(db=db, clock=house.clock, login="console-admin", password=password)
    made[Role.ADMIN] = enrolled(platform.house, "console-admin", password)[0]
    for role in (Role.RISK, Role.COMPLIANCE, Role.VIEWER):
        made[role] = newcomer(platform.house, made[Role.ADMIN], f"console-{role}", role)[0]
    return made


@pytest.fixture
def client(platform: Platform, tokens: dict[Role, str]) -> Iterator[Client]:
    made: list[httpx.Client] = []

    def open_as(role: Role | None = None) -> httpx.Client:
        headers = {"accept": "text/html", "accept-language": "en"}
        cookies = {COOKIE: tokens[role]} if role else None
        made.append(httpx.Client(base_url=platform.address, headers=headers, cookies=cookies, timeout=30))
        return made[-1]

    yield open_as
    for one in made:
        one.close()
