"""Where a score turns from pass to review to fail: data, versioned with the weights it was calibrated for."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from .model import State


@dataclass(frozen=True, slots=True)
class Band:
    """At least `sure`: pass. Below `doubt`: fail. Between: a person looks."""

    sure: float
    doubt: float

    def __post_init__(self) -> None:
        if self.doubt > self.sure:
            raise ValueError(f"doubt ({self.doubt}) lies above sure ({self.sure})")

    def state(self, value: float) -> State:
        if value >= self.sure:
            return State.PASS
        return State.REFER if value >= self.doubt else State.FAIL


@dataclass(frozen=True, slots=True)
class Gates:
    """The quality gates' bounds (`quality.Quality` says what each measures); each name says which way it bounds."""

    eyes_apart_least: float
    """pixels between the eyes that a selfie needs"""
    portrait_eyes_apart_least: float
    share_most: float
    rival_share: float
    """of the largest face's side: from here on a second face is a second person, not a poster far behind"""
    outside_most: float
    light_least: float
    light_most: float
    burnt_most: float
    unevenness_most: float
    sharpness_least: float
    yaw_most: float
    pitch_most: float
    roll_most: float
    eye_opening_least: float
    eye_light_least: float
    colour_step_most: float
    mouth_relief_least: float
    mouth_colour_least: float

    def for_picture(self) -> Self:
        """A picture on file cannot be asked to come closer or move back, and does not pass by itself: it is held to a portrait's size."""
        return replace(self, eyes_apart_least=self.portrait_eyes_apart_least, share_most=math.inf)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises KeyError for a missing bound."""
        return cls(**{f.name: float(data[f.name]) for f in fields(cls)})


@dataclass(frozen=True, slots=True)
class Device:
    """How one class of cameras scores: log-odds are multiplied by `scale`, then moved by `shift`, before the band is applied."""

    scale: float
    shift: float
    band: Band
    calibrated: bool
    """False: nobody has measured this deployment's own cameras, and what lies within the band goes to a person"""
    cut: float | None = None
    """The score from which this class is called live; None: `Fusion.cut`."""
    groups: tuple[tuple[str, ...], ...] = ()
    """Of `fusion.json`, sorted: each set of kinds of evidence with which the band was measured. It holds for no other set."""

    def __post_init__(self) -> None:
        told = (self.scale, self.shift, self.band.sure, self.band.doubt, 0.5 if self.cut is None else self.cut)
        if not (all(map(math.isfinite, told)) and self.scale > 0 and all(0 <= value <= 1 for value in told[2:])):
            raise ValueError("a class of cameras needs finite numbers, a scale above 0, and bounds from 0 to 1")

    def measured(self, groups: Iterable[str]) -> bool:
        """Whether this deployment measured the band on captures about which just these kinds of evidence spoke."""
        return self.calibrated and tuple(sorted(set(groups))) in self.groups

    def calibrate(self, log_odds: float) -> float:
        """0-1."""
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, self.scale * log_odds + self.shift))))

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        band = Band(float(data["sure"]), float(data["doubt"]))
        cut = None if data.get("cut") is None else float(data["cut"])
        return cls(float(data["scale"]), float(data["shift"]), band, bool(data["calibrated"]), cut, _sets(data.get("groups", ())))

    def record(self) -> dict[str, Any]:
        """As `parse` reads it."""
        whole = {"scale": self.scale, "shift": self.shift, "sure": self.band.sure, "doubt": self.band.doubt, "calibrated": self.calibrated}
        groups = {"groups": [list(one) for one in self.groups]} if self.groups else {}
        return whole | groups | ({} if self.cut is None else {"cut": self.cut})


def _sets(data: object) -> tuple[tuple[str, ...], ...]:
    """Raises ValueError for what is no list of lists of names."""
    if not isinstance(data, list | tuple) or not all(isinstance(one, list | tuple) and one for one in data):
        raise ValueError("groups is a list of lists of names of kinds of evidence")
    if not all(isinstance(name, str) for one in data for name in one):
        raise ValueError("a kind of evidence has a name")
    return tuple(sorted({tuple(sorted(set(one))) for one in data}))


ANY_DEVICE = "any"


@dataclass(frozen=True, slots=True)
class Fusion:
    cut: float
    """The fused score from which a capture is called live, where one word is asked for; the band decides what happens to it."""
    devices: Mapping[str, Device]

    def device(self, name: str) -> tuple[str, Device]:
        """The class asked for, or ANY_DEVICE when it was never calibrated."""
        known = name if name in self.devices else ANY_DEVICE
        return known, self.devices[known]

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Raises KeyError when there is no bound for any device."""
        devices = {name: Device.parse(one) for name, one in data["devices"].items()}
        return cls(float(data["cut"]), {ANY_DEVICE: devices.pop(ANY_DEVICE)} | devices)


@dataclass(frozen=True, slots=True)
class Thresholds:
    version: str
    match: Band
    """Cosine of portrait and selfie."""
    one_person: Band
    """Smallest cosine between two frames of the clip."""
    quality: Gates
    liveness: Fusion

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `thresholds.json`. Raises KeyError or ValueError when a bound is missing or a band upside down."""
        data = json.loads(text)
        bands = (Band(float(data[name]["sure"]), float(data[name]["doubt"])) for name in ("match", "one_person"))
        return cls(data["version"], *bands, quality=Gates.parse(data["quality"]), liveness=Fusion.parse(data["liveness"]))
