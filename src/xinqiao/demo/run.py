"""`make demo`: an invented world, a book of past loans, real applications through the whole path, one evidence pack verified, the console."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import uvicorn
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from xinqiao import credit, partners
from xinqiao.app import create_app, open_house
from xinqiao.journeys import ApplicantJourneys, House, evidence, reviewing
from xinqiao.journeys.case import look
from xinqiao.journeys.deciding import referral_reasons
from xinqiao.kit import Settings, new_id
from xinqiao.kit.telemetry import configure_logs
from xinqiao.terminal import OK, REFUSED, console, errors, show, table
from xinqiao.vault import Actor
from xinqiao.web import demo_shop

from . import cast, funder, history, shop, world
from .book import people as invent
from .book.vintages import book, facts_of
from .cast import Act, Sitter
from .robot import Applicant, Film, Outcome

VISITORS = 3
"""Invented people who do not apply by themselves: visitors play them in the shop."""
SPECIAL = 8
"""Applicants with a story of their own."""
SEED = 1
ENDING = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED = 128 + signal.SIGINT
PATIENCE = 30.0
"""Seconds that the demo is given to stop."""
NO_MACHINE = frozenset({"automated_decision", "media_retention"})


@dataclass(frozen=True, slots=True)
class Case:
    """One applicant of the demo: a person, a face, and how they behave."""

    person: Mapping[str, Any]
    face: Sitter
    note: str = ""
    act: Act | None = cast.answered
    """What happens before the camera; None where the face check is refused."""
    flashes: bool = True
    """False: this person chose the way without changing colours."""
    refuses: frozenset[str] = frozenset({"media_retention"})
    reviewer_says: str = ""
    """What the demo's reviewer writes when approving; empty, the application stays with a person."""

    def clip(self) -> Film | bytes | None:
        if self.act is None:
            return None
        return functools.partial(self.act, self.face) if self.flashes else self.face.clip


def main(*, people: int, book: int, as_json: bool, serve: bool) -> int:
    """Exit codes: 0 shown, or ended by who was looking; 1 the evidence does not verify; INTERRUPTED where it was to run to its end and did not."""
    _end_on_request()
    try:
        return _demonstrate(people=people, book=book, as_json=as_json, serve=serve)
    except KeyboardInterrupt:
        errors.print("Stopped before it was ready.")
        return OK if serve else INTERRUPTED


def _end_on_request() -> None:
    """Ctrl-C and a service manager's request end the demo alike: an exception unwinds it, so that no server of the database stays behind. Asking
    again within PATIENCE changes nothing, for it is stopping; later it counts anew, for an exception raised in a finaliser is lost. A shell that
    starts the demo in the background has Ctrl-C ignored; here it counts again."""
    asked: list[float] = []

    def end(_number: int, _frame: object) -> None:
        now = time.monotonic()
        if asked and now - asked[-1] < PATIENCE:
            return
        asked.append(now)
        raise KeyboardInterrupt

    for one in ENDING:
        signal.signal(one, end)


def _demonstrate(*, people: int, book: int, as_json: bool, serve: bool) -> int:
    settings = _settings()
    configure_logs(as_json=settings.log_json)
    with _progress(quiet=as_json) as bar:
        step = bar.add_task("Starting PostgreSQL, keys and models", total=1)
        house = open_house(settings, durable=True)
        _require_empty(house)
        bar.advance(step)
        made, cases, visitors = _world(house, people, bar)
        _history(house, made, book, _invented(people), bar)
        with _serving(house, made, visitors):
            outcomes = _applications(house, made, cases, bar)
            pack, report = _evidence(house, outcomes)
            _tell(settings, made, cases, outcomes, pack, report, as_json=as_json, served=serve)
            if serve:
                bar.stop()
                _wait()
    verified = serve if report is None else report.ok  # few applicants may leave no loan to prove: enough to look at, too little for a test
    return OK if verified else REFUSED


def _settings() -> Settings:
    """The demo lives under its own folder and begins anew each time; what it leaves is the database and the evidence pack."""
    home = Path(os.environ.get("XINQIAO_HOME", "var")) / "demo"
    settings = Settings(home=home, demo=True)
    with socket.socket() as probe:
        if probe.connect_ex((settings.host, settings.port)) == 0:
            raise SystemExit(
                f"Something listens on {settings.host}:{settings.port}; stop it, or choose another port: XINQIAO_PORT=8700 make demo"
            )
    if settings.database_url is None and home.exists():
        shutil.rmtree(home)
    return settings


def _require_empty(house: House) -> None:
    """The demo never writes its invented world beside somebody's real one."""
    with house.begin() as db:
        if partners.list_partners(db=db):
            raise SystemExit(
                "DATABASE_URL names a database that is in use; give the demo an empty one, or unset it for the embedded server."
            )


def _progress(*, quiet: bool) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=quiet)


def _world(house: House, people: int, bar: Progress) -> tuple[world.World, list[Case], list[shop.Visitor]]:
    step = bar.add_task("Inventing a shop, funders, guarantors and staff", total=1)
    folk = [person for person in invent(_invented(people), SEED) if person["application"]["kind"] == "personal"]
    cases = _cases(folk, people)
    players = _welcome(house, folk[max(people, SPECIAL) :])
    visitors = [shop.Visitor(f"p{n + 1}", person["application"], cast.sitter(people + n)) for n, person in enumerate(players)]
    made = world.build(house, folk)
    bar.advance(step)
    return made, cases, visitors


def _invented(people: int) -> int:
    """How many to invent, so that enough of them apply as persons and among the rest are some to be played."""
    return 4 * (max(people, SPECIAL) + VISITORS)


def _welcome(house: House, folk: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Who can be played in the shop: people whom the policy would lend to, and last one whom it would not."""

    def outcome(person: Mapping[str, Any]) -> str:
        decided = credit.decide(
            model=house.model, policy=house.policy, attributes=person["attributes"], application_facts=facts_of(dict(person))
        )
        return decided.outcome.value

    yes = [person for person in folk if outcome(person) == "approve"]
    no = [person for person in folk if outcome(person) == "decline"]
    return [*yes[: VISITORS - 1], *no[:1]]


def _cases(folk: Sequence[Mapping[str, Any]], people: int) -> list[Case]:
    """Mostly people as they come; among them attacks, a stranger, a room too bright at first, and some who keep what is theirs to keep."""
    papers = "income papers seen, repayment fits the income"
    special = [
        Case(folk[0], cast.sitter(0), "sends the recording of an earlier check", cast.replayed),
        Case(folk[1], cast.sitter(1), "a printed portrait is held to the camera", cast.printed),
        Case(folk[2], cast.sitter(2), "another person's face", cast.by_another),
        Case(
            folk[3],
            cast.sitter(3),
            "refused the face check",
            None,
            reviewer_says="ID document compared at the shop's counter, original seen",
        ),
        Case(folk[4], cast.sitter(4), "wanted a person to decide", refuses=NO_MACHINE, reviewer_says=papers),
        Case(folk[5], cast.sitter(5), "declined the changing colours", flashes=False),
        Case(folk[6], cast.sitter(6), "sat in the sun, then went inside", cast.outside_first()),
        Case(folk[7], cast.sitter(7), "lets the pictures be kept", refuses=frozenset()),
    ]
    assert len(special) == SPECIAL
    usual = [Case(person, cast.sitter(SPECIAL + n)) for n, person in enumerate(folk[SPECIAL:people])]
    return [*usual, *special][:people]


def _history(house: House, made: world.World, count: int, used: int, bar: Progress) -> None:
    """Past loans under other invented names, so that the book has vintages to look at."""
    folk = invent(used + count, SEED)[used:]
    by_row = {person["row_id"]: person for person in folk}
    rows = [one for one in book(used + count, SEED, model=house.model, policy=house.policy) if one.row_id in by_row]
    step = bar.add_task("Loading the book of past loans", total=len(rows))
    history.load(house, made, [(by_row[one.row_id], one) for one in rows], lambda: bar.advance(step))


@contextmanager
def _serving(house: House, made: world.World, visitors: Sequence[shop.Visitor]) -> Iterator[None]:
    """The whole web application in a thread of this process, with the shop and the invented funder's own system beside it."""
    address = house.settings.address
    app = create_app(house=house)
    scene = shop.Shop(address, made.shop_key, visitors)
    app.include_router(demo_shop.router(house.settings, scene))
    app.include_router(funder.router(made, address))
    server = uvicorn.Server(uvicorn.Config(app, host=house.settings.host, port=house.settings.port, log_level="error"))
    thread = threading.Thread(target=server.run, name="web", daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise SystemExit("The web application did not start.")
            time.sleep(0.05)
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=30)


def _applications(house: House, made: world.World, cases: Sequence[Case], bar: Progress) -> list[Outcome]:
    step = bar.add_task("Applications, from consent to loan", total=len(cases))
    outcomes = []
    for case in cases:
        outcomes.append(_apply(house, made, case))
        bar.advance(step)
    return outcomes


def _apply(house: House, made: world.World, case: Case) -> Outcome:
    """The shop posts the application over HTTP; the applicant goes on from the link in the answer."""
    portrait = case.face.portrait if case.act else None
    answer = shop.send(house.settings.address, made.shop_key, case.person["application"], portrait, str(new_id()))
    person = Applicant(ApplicantJourneys(house, surface="demo"), case.person["name"], case.clip(), refuses=case.refuses)
    outcome = person.walk(UUID(answer["id"]))
    if outcome.ended == "review":
        outcome = _review(house, case, person, outcome)
    if outcome.loan is not None:
        journeys = person.journeys
        journeys.pay(outcome.application, amount=journeys.loan(outcome.application).next_amount, key="first-instalment")
    return outcome


def _review(house: House, case: Case, person: Applicant, outcome: Outcome) -> Outcome:
    """What a person has to look at; and, for two of the demo's applicants, the invented reviewer's yes."""
    with house.begin() as db:
        found = look(db, outcome.application)
        why = referral_reasons(db, found)
    if case.reviewer_says:
        bands = [one.name for one in house.policy.bands if one.annual_rate is not None]
        band = (found.progress.terms or {}).get("band")
        by = Actor("operator", "demo-reviewer", frozenset({"risk"}))
        reviewing.approve(house, outcome.application, by=by, why=case.reviewer_says, band=band if band in bands else "C")
        outcome = person.walk(outcome.application)
    return replace(outcome, reasons_zh=[one.zh for one in why], reasons=[one.en for one in why])


def _evidence(house: House, outcomes: Sequence[Outcome]) -> tuple[Path | None, Any]:
    """The evidence pack of the first loan, verified with the operator's public key and nothing else."""
    lent = next((one for one in outcomes if one.loan), None)
    if lent is None:
        return None, None
    folder = house.settings.home / "evidence"
    folder.mkdir(parents=True, exist_ok=True)
    pack = evidence.export(house, lent.application, receiver=None, out=folder)
    return pack, evidence.verify(pack, trusted=house.vault.signer.public_keys)


def _tell(
    settings: Settings,
    made: world.World,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    pack: Path | None,
    report: Any,
    *,
    as_json: bool,
    served: bool,
) -> None:
    facts = {
        "applications": [one.plain() for one in outcomes],
        "evidence_pack": str(pack) if pack else None,
        "evidence_ok": report.ok if report else None,
        "console": f"{settings.address}/console",
        "shop": f"{settings.address}/shop",
        "shop_key": made.shop_key,
        "logins": [{"login": one.login, "password": one.password, "totp_secret": one.totp_secret} for one in made.logins],
    }
    show(facts, as_json=as_json, human=lambda: _outcomes(cases, outcomes))
    if not as_json:
        _tell_places(settings, made, pack, report, served=served)


def _outcomes(cases: Sequence[Case], outcomes: Sequence[Outcome]) -> Any:
    rows = []
    for case, one in zip(cases, outcomes, strict=True):
        why = "；".join(one.reasons_zh[:2]) or case.note
        decision = f"{one.ended}, by a person" if case.reviewer_says and one.loan else one.ended
        money = [one.funder, one.guarantor, one.apr_percent]
        rows.append([str(one.application)[-8:], case.person["name"], one.face or "-", decision, why, *money])
    return table("Applications", ["id", "name (invented)", "face", "decision", "top reasons", "funder", "guarantor", "APR %"], rows)


def _tell_places(settings: Settings, made: world.World, pack: Path | None, report: Any, *, served: bool) -> None:
    if pack is not None:
        verdict = "[green]verified, nothing altered[/]" if report.ok else f"[red]ALTERED: {', '.join(report.altered)}[/]"
        console.print(f"Evidence pack: [bold]{pack}[/]\n  {verdict} ({len(report.checks)} checks)")
    lines = [f"Console  [bold]{settings.address}/console[/]", f"Shop     [bold]{settings.address}/shop[/]  (apply in the browser)", ""]
    lines += [f"Shop's API key  {made.shop_key}", ""]
    lines += [f"{one.login:11} password {one.password}   authenticator secret {one.totp_secret}" for one in made.logins]
    lines += ["", "Current code of an authenticator:  .venv/bin/python -m xinqiao.demo.code SECRET"]
    console.print(Panel("\n".join(lines), title="Xinqiao demo" + ("" if served else " (not serving: DEMO_SERVE=0)"), expand=False))


def _wait() -> None:
    """Until somebody asks to end."""
    try:
        console.print("Serving until Ctrl-C.")
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("Stopping.")
