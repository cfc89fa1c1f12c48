"""One capture, checked: decoded frames in, `Verdict` out. Nothing is stored, logged or fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from ..media import CHALLENGED, FILE, Clip, Limits
from ..model import Signal, State
from ..networks import FaceModels
from ..observe import Sight, follow, look, watch
from ..thresholds import ANY_DEVICE
from . import injection, sensors, signals
from .challenge import Challenge, analyse_meshes
from .decide import Evidence, Verdict, fuse
from .decode import Capture, Kind, read_file
from .depth import Pair

MOVING = ("length", "motion", "one_person", "timing", "repeats")
"""What a single picture cannot show."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What came with the capture. A thing that was given and cannot be tested here is said to be unchecked, and nothing passes on it."""

    device: str = ANY_DEVICE
    from_page: bool = False
    """the page's own recorder claims to have made it"""
    camera: injection.Camera | None = None
    clip_key: bytes | None = None
    """the tenant's key for clip marks"""
    nearest: injection.Nearest | None = None
    """looks among the clips sent before (`store.nearest`); needs `clip_key`"""
    near_infrared: bytes | None = None
    """a picture of the same moment near 900 nm"""
    depth: bytes | None = None
    """a map of the same moment: PNG, 16 bits, millimetres"""
    right: bytes | None = None
    """what a second colour camera saw, to the right of the first; needs `stereo`, and counts where there is no depth map"""
    stereo: Pair | None = None
    challenge: Challenge | None = None
    """what the screen showed; its seal and expiry are `challenge.verify`'s affair, before"""
    folder: Path | None = None
    """of a set of test captures: where what the sensors saw lies beside each (`many` reads it)"""


def check_capture(*, models: FaceModels, capture: Capture, beside: Beside | None = None) -> Verdict:
    """Every test that this capture allows, fused. Raises KeyTooShort."""
    started = perf_counter()
    given = beside or Beside()
    sights = _sights(models, capture, given.challenge)
    seen, evidence = _evidence(models, signals.best(sights), given.device)
    light = _light(capture, sights, given.challenge)
    if light and light.evidence:
        evidence["light_shape"] = light.evidence
    others, beside_colour = _others(models, capture.film, sights, given)
    evidence |= beside_colour
    found = (
        signals.quality_signal(sights, capture.film.frames),
        *(_still() if capture.kind is Kind.IMAGE else _moving(models, capture.film, sights)),
        *seen,
        *_marks(capture, given),
        *(light.signals if light else (Signal("challenge", State.NOT_CHECKED, None, "not_asked"),)),
        *others,
    )
    verdict = fuse(found, evidence, models.thresholds.liveness, device=given.device)
    return replace(verdict, took_ms=(perf_counter() - started) * 1000)


def _sights(models: FaceModels, capture: Capture, challenge: Challenge | None) -> list[Sight | None]:
    """One a frame. Where the screen played colours the face is followed through them, once for every test."""
    frames = capture.film.frames
    if capture.kind is Kind.CLIP:
        return watch(models, frames, follow(models, frames)) if challenge else [look(models, frame) for frame in frames]
    sights = [look(models, frame) for frame in frames]
    return [replace(sight, gates=sight.gates.for_picture()) if sight else None for sight in sights]


def _evidence(models: FaceModels, usable: Sequence[Sight], device: str) -> tuple[list[Signal], dict[str, Evidence]]:
    """Our network and the deployment's own models: what each says, and with what weight."""
    score, texture = signals.texture_signal(models, usable, device)
    found, evidence = [texture], {"texture": Evidence(score)} if score is not None else {}
    for guest in models.guests:
        value, signal = signals.guest_signal(guest, usable)
        found.append(signal)
        if value is not None:
            evidence[signal.name] = Evidence(value, guest.weight)
    return found, evidence


def _still() -> tuple[Signal, ...]:
    return tuple(Signal(name, State.NOT_RUN, None, "one_picture") for name in MOVING)


def _moving(models: FaceModels, film: Clip, sights: Sequence[Sight | None]) -> tuple[Signal, ...]:
    return (
        signals.length_signal(film),
        signals.motion_signal(sights),
        signals.one_person_signal(models, sights),
        injection.timing_signal(film),
        injection.repeats_signal(film),
    )


def _marks(capture: Capture, given: Beside) -> tuple[Signal, ...]:
    mark = injection.clip_mark(capture.film, given.clip_key) if given.clip_key and given.nearest else None
    return (
        injection.recorder_signal(capture.film, from_page=given.from_page),
        injection.camera_signal(given.camera),
        injection.sent_before_signal(mark, given.nearest),
    )


OTHER_LIGHT = 0.02
"""The probability of life that a face leaves which follows another light than this screen's."""


@dataclass(frozen=True, slots=True)
class _Light:
    signals: tuple[Signal, ...]
    evidence: Evidence | None


def _light(capture: Capture, sights: Sequence[Sight | None], challenge: Challenge | None) -> _Light | None:
    """The answer to the screen's colours; None when there was no challenge."""
    if challenge is None:
        return None
    if capture.kind is Kind.IMAGE:
        return _Light((Signal("light_sequence", State.NOT_RUN, None, "one_picture"),), None)
    meshes = [sight.mesh if sight else None for sight in sights]
    answer = analyse_meshes(challenge, frames=capture.film.frames, times=capture.film.times, meshes=meshes)
    if answer.sequence.state is State.FAIL:
        return _Light(answer.signals, Evidence(OTHER_LIGHT))
    return _Light(answer.signals, Evidence(answer.shape.value) if answer.shape.value is not None else None)


def _others(
    models: FaceModels, film: Clip, sights: Sequence[Sight | None], given: Beside
) -> tuple[tuple[Signal, ...], Mapping[str, Evidence]]:
    return sensors.ask(models, film, sights, sensors.Given(given.near_infrared, given.depth, given.right, given.stereo))


def check_file(*, models: FaceModels, path: Path, beside: Beside | None = None, limits: Limits | None = None) -> Verdict:
    """Raises what `read_file` raises: a file that cannot be read is no capture, and gets no verdict."""
    started = perf_counter()
    verdict = check_capture(models=models, capture=read_file(path, limits or _limits(beside)), beside=beside)
    return replace(verdict, took_ms=(perf_counter() - started) * 1000)


def _limits(beside: Beside | None) -> Limits:
    return CHALLENGED if beside and beside.challenge else FILE
