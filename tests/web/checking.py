"""Face checks for the console's pages: one of a simulated person who agreed to keeping the recording, and weeks of others told by events."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from PIL import Image

from xinqiao.demo.robot import Applicant
from xinqiao.identity import Signal, State
from xinqiao.identity.liveness import calibrations
from xinqiao.identity.liveness.calibrate import Aims, Calibrated, Judged, calibrate
from xinqiao.identity.liveness.challenge import Challenge
from xinqiao.identity.liveness.decide import NEEDED, Evidence, fuse, texture_told
from xinqiao.identity.liveness.drift import EDGES
from xinqiao.identity.liveness.evaluate import LIVE
from xinqiao.identity.liveness.simulate import draw, film
from xinqiao.identity.liveness.simulate.write import challenge_of, clip_of
from xinqiao.identity.thresholds import Band, Device, Fusion
from xinqiao.journeys import House, checks
from xinqiao.journeys.house import note
from xinqiao.kit import FixedClock, new_id

from .conftest import Applied, Platform

SEED = 4100
"""Of the person before the camera; no seed of a measurement."""
SIZE = (480, 360)


def recording(challenge: Challenge) -> bytes:
    """A living person of the simulator in a dim room, before these colours."""
    scene = draw(SEED, species="live", room="dim", device="flagship", size=SIZE, codec="libvpx")
    return clip_of(film(scene, challenge))


@cache
def portrait() -> bytes:
    """The same person, JPEG: what stands on the document."""
    scene = draw(SEED, species="live", room="indoor", device="flagship", size=SIZE)
    made = film(scene, challenge_of(SEED)).frames[0]
    held = io.BytesIO()
    Image.fromarray(made).resize((SIZE[0] * 2, SIZE[1] * 2)).save(held, "JPEG", quality=92)
    return held.getvalue()


def checked(platform: Platform, *, keeps: bool) -> tuple[Applied, checks.Check]:
    """An application whose applicant answered a light challenge, and its first check. `keeps`: they agreed to keeping the recording."""
    applied = platform.apply(portrait=portrait())
    refuses = frozenset() if keeps else frozenset({"media_retention"})
    Applicant(platform.journeys, applied.name, recording, refuses=refuses, signs=False).walk(applied.id)
    return applied, next(one for one in listed(platform.house) if one.application_id == applied.id)


def listed(house: House) -> list[checks.Check]:
    with house.begin() as db:
        return checks.page(db=db, limit=200)


def told(outcome: str, score: float | None, **changes: Any) -> dict[str, Any]:
    """What an event tells of one check."""
    signals = {"texture": {"state": "pass" if outcome == "pass" else "refer", "value": score, "reason": None}}
    data = {"outcome": outcome, "liveness_score": score, "match_score": 0.8, "signals": signals, "reasons": [], "took_ms": 310}
    return data | {"model_versions": {"thresholds": "of-before"}, "device": "phone_high", "calibrated": True} | changes


def weeks_of_checks(
    platform: Platform, *, device: str, judged_as: str | None = None, good: int = 5, bad: int = 2, each: int = 60, seed: int = 91
) -> None:
    """`good` weeks whose scores are drawn from those of the calibration, then `bad` weeks of lower ones; one application carries them all."""
    house, rng = platform.house, np.random.default_rng(seed)
    application = platform.apply()
    person = platform.journeys.standing(application.id).person_id
    now = house.clock.now()
    for week in range(good + bad):
        at = now - timedelta(weeks=good + bad - 1 - week)
        for score in living(rng, each, lower=0.0 if week < good else 2.5):
            outcome = "pass" if score > 0.7 else "refer" if score > 0.2 else "retry"
            reasons = {"pass": [], "refer": ["texture_unsure"], "retry": ["too_dark"]}[outcome]
            write(
                house,
                application.id,
                person,
                at,
                told(outcome, float(score), device=device, judged_as=judged_as or device, reasons=reasons),
            )


def living(rng: np.random.Generator, many: int, *, lower: float = 0.0) -> np.ndarray:
    """Scores as often as the calibration saw them, or all of them lower by so much in log-odds."""
    counts = np.array(made("any").facts["histogram"]["live"], float)
    middles = np.convolve([2 * EDGES[0] - EDGES[1], *EDGES, 2 * EDGES[-1] - EDGES[-2]], [0.5, 0.5], "valid")
    score = np.clip(rng.choice(middles, size=many, p=counts / counts.sum()), 0.001, 0.999)
    return 1 / (1 + (1 - score) / score * np.exp(lower))


def write(house: House, application: UUID, person: UUID, at: datetime, data: dict[str, Any]) -> None:
    with house.begin() as db:
        note(db, FixedClock(at), "identity.checked", application, person, check=new_id(), **data)


SHIPPED = Device(1.0, 0.0, Band(0.8, 0.45), calibrated=False)


@cache
def made(name: str) -> Calibrated:
    """A class that the real calibration made, of invented log-odds: eighty people, prints that hardly pass and masks of which some do."""
    rng = np.random.default_rng(92)
    rows = []
    for person in range(80):
        for species, mean in ((LIVE, 3.0), ("flat_print", -3.0), ("silicone_mask", -0.5)):
            level = mean + rng.normal(0, 1)
            rows += [judged(f"p{person}", species, level + rng.normal(0, 0.5)) for _ in range(3)]
    return calibrate(name, rows, SHIPPED, Fusion(0.6, {"any": SHIPPED}), Aims(apcer=0.1, bpcer=0.05))


def judged(person: str, species: str, log_odds: float) -> Judged:
    """A clip that passed everything but what its score decides."""
    score = SHIPPED.calibrate(log_odds)
    signals = [Signal(name, State.PASS, 1.0) for name in NEEDED if name != "texture"]
    return Judged(
        person, species, fuse([*signals, texture_told(score, SHIPPED)], {"texture": Evidence(score)}, Fusion(0.6, {"any": SHIPPED}))
    )


@contextmanager
def calibrated(house: House, *names: str) -> Iterator[Path]:
    """calibration.json as `liveness calibrate` writes it, for as long as the block lasts."""
    rows = [(replace(made("any"), name=name), Path("captures"), True) for name in names]
    files = calibrations.write(house.settings.home, rows, versions=house.faces.versions, clock=house.clock)
    try:
        yield files[1]
    finally:
        for file in files:
            file.unlink()
