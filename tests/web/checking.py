"""Face checks for the console's pages: one of a simulated person who agreed to keeping the recording, and weeks of others told by events."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from PIL import Image

from xinqiao.demo.robot import Applicant
from xinqiao.identity import own
from xinqiao.identity.liveness.challenge import Challenge
from xinqiao.identity.liveness.drift import EDGES, histogram
from xinqiao.identity.liveness.simulate import draw, film
from xinqiao.identity.liveness.simulate.write import challenge_of, clip_of
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


def weeks_of_checks(platform: Platform, *, device: str, good: int = 5, bad: int = 2, each: int = 60, seed: int = 91) -> None:
    """`good` weeks whose scores are like those of `calibration`, then `bad` weeks of lower ones; one application carries them all."""
    house, rng = platform.house, np.random.default_rng(seed)
    application = platform.apply()
    person = platform.journeys.standing(application.id).person_id
    now = house.clock.now()
    for week in range(good + bad):
        at = now - timedelta(weeks=good + bad - 1 - week)
        scores = living(rng, each) if week < good else living(rng, each) ** 6
        for score in scores:
            outcome = "pass" if score > 0.7 else "refer" if score > 0.4 else "retry"
            reasons = {"pass": [], "refer": ["texture_unsure"], "retry": ["too_dark"]}[outcome]
            write(house, application.id, person, at, told(outcome, float(score), device=device, reasons=reasons))


def living(rng: np.random.Generator, many: int) -> np.ndarray:
    return 1 / (1 + np.exp(-rng.normal(3.0, 1.2, many)))


def write(house: House, application: UUID, person: UUID, at: datetime, data: dict[str, Any]) -> None:
    with house.begin() as db:
        note(db, FixedClock(at), "identity.checked", application, person, check=new_id(), **data)


@contextmanager
def calibrated(house: House, classes: dict[str, Any]) -> Iterator[Path]:
    """A calibration file as `liveness calibrate` seals it, for as long as the block lasts."""
    file = own.calibration_file(house.settings.home)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(own.sealed({"version": "test-1", "weights": {}, "classes": classes})), "utf-8")
    try:
        yield file
    finally:
        file.unlink()


def facts(*, sure: float = 0.7, doubt: float = 0.4, seed: int = 92) -> dict[str, Any]:
    """One class as `calibrate` tells it: 400 living captures, two species, one without a point between its ends."""
    rng = np.random.default_rng(seed)
    live, attack = living(rng, 400), 1 / (1 + np.exp(-rng.normal(-2.5, 1.3, 300)))
    det = {
        name: [[float((attack + lift > cut).mean()), float((live < cut).mean())] for cut in np.linspace(0, 1, 60)]
        for name, lift in (("flat_print", 0.0), ("silicone_mask", 0.3))
    }
    spans = {"apcer": {"flat_print": [0.0, 0.02], "silicone_mask": [0.05, 0.2]}, "bpcer": [0.01, 0.06], "acer": None, "eer": [0.01, 0.05]}
    rates = {"apcer": {"flat_print": 0.005, "silicone_mask": 0.11}, "bpcer": 0.03, "acer": 0.07, "eer": 0.025, "intervals": spans}
    shares = {"live": 0.04, "flat_print": 0.1, "silicone_mask": 0.02}
    return {
        "date": "2026-11-20T03:00:00+00:00",
        "simulated": True,
        "people": {"live": 60, "attacked": 40, "species": {"flat_print": 30, "silicone_mask": 20}},
        "captures": 700,
        "after": {"scale": 1.0, "shift": 0.0, "sure": sure, "doubt": doubt, "calibrated": True},
        "rates": rates | {"people": 100, "captures": 700, "non_response": shares, "referred": shares, "passed": shares},
        "det": det,
        "histogram": {"edges": list(EDGES), "live": histogram(live), "attack": histogram(attack)},
    }
