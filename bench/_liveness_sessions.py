"""Simulated capture sessions, each filmed once, sent as its phone would send it, and checked under every set of sensors. *All of it is simulated.*

The clip alone and everything together are checked outright, and so is every set in dark rooms; else, for the sets between, the signals of the sensors
left out are taken away and the rest fused again, which every SPOT-th session compares with an outright check. One line of JSON a session, kept under the hash of the weights and of the identity room's code, so that a broken-off run goes on where it stopped
and no line outlives the code that made it. Sessions are numbered: a larger run begins with the smaller one's.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, field, fields, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from xinqiao import identity
from xinqiao.identity import FaceModels
from xinqiao.identity.liveness import Beside, Verdict, check_capture, read_capture, simulate
from xinqiao.identity.liveness.challenge import answer as light
from xinqiao.identity.liveness.decide import Evidence, fuse
from xinqiao.identity.liveness.decode import Capture
from xinqiao.identity.liveness.simulate.write import Order, challenge_of, clip_of, session_of
from xinqiao.identity.media import CHALLENGED, FILE, Limits
from xinqiao.identity.model import Signal, State
from xinqiao.kit import Settings

Row = dict[str, Any]
SEED = 7_000_001
"""Seeds of the bench's sessions begin at 7 million millions; development and tests used 1 to 900 thousand millions."""
WRONG = 8
"""Other challenges that each clip is held against."""
SENSORS = {
    "clip alone": (),
    "clip + challenge": ("challenge",),
    "clip + challenge + near infrared": ("challenge", "near_infrared"),
    "clip + challenge + depth": ("challenge", "depth"),
    "all": ("challenge", "near_infrared", "depth"),
}
FAMILIES = {"challenge": ("light_", "challenge"), "near_infrared": ("infrared", "near_infrared"), "depth": ("depth",)}
"""How the names of a sensor's signals begin."""
SPOT = 20
ROOM = Path(identity.__file__).parent


def models() -> FaceModels:
    """Those in use here, a deployment's guests with them."""
    return FaceModels.load(Settings())


def version() -> str:
    """Of all that a session's answer depends on: code, and the weights and thresholds in use here (a deployment's own where it has some)."""
    files = sorted(p for p in ROOM.rglob("*") if p.is_file() and p.suffix in (".py", ".json", ".onnx", ".npz"))
    made = hashlib.sha256(Path(__file__).read_bytes() + json.dumps(dict(models().versions), sort_keys=True).encode())
    for path in files:
        made.update(str(path.relative_to(ROOM)).encode() + path.read_bytes())
    return made.hexdigest()[:12]


def order_of(sessions: int, height: int) -> Order:
    rooms = tuple(name for name in simulate.ROOMS if name != "outdoors")
    size = (height // 16 * 16, height // 16 * 12)
    return Order(Path(), sessions, SEED, simulate.SPECIES, rooms, tuple(simulate.DEVICES), size, "webm", infrared=True, depth=True)


def rows(folder: Path, order: Order, *, jobs: int, until: float, step: Callable[[int], None]) -> list[Row]:
    """Every session of the order that was checked before `until` (of time.monotonic), those of earlier runs included, by number."""
    file = folder / f"sessions-{order.size[0]}.jsonl"
    done = {row["number"]: row for row in _kept(file) if row["number"] < order.sessions}
    step(len(done))
    todo = (number for number in range(order.sessions) if number not in done)
    with file.open("a", encoding="utf-8") as out:
        for row in _checked(order, todo, jobs, until):
            done[row["number"]] = row
            out.write(json.dumps(row) + "\n")
            out.flush()
            step(1)
    return [done[number] for number in sorted(done)]


def _kept(file: Path) -> Iterator[Row]:
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        try:
            yield json.loads(line)
        except ValueError:  # the last line of a run that was killed
            continue


def _checked(order: Order, todo: Iterator[int], jobs: int, until: float) -> Iterator[Row]:
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_start) as pool:
        waiting: set[Future[Row]] = set()
        for number in todo:
            if time.monotonic() > until:
                break
            waiting.add(pool.submit(one, order, number))
            if len(waiting) > 2 * jobs:
                ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in ended)
        yield from (one.result() for one in wait(waiting).done)


class Remembered:
    """An onnxruntime session that answers the same question once: the sensors' sets share their pictures."""

    def __init__(self, session: Any) -> None:
        self.session, self.known = session, {}

    def run(self, outputs: Any, given: dict[str, np.ndarray]) -> list[np.ndarray]:
        key = tuple((name, value.shape, hashlib.blake2b(np.ascontiguousarray(value)).digest()) for name, value in given.items())
        if key not in self.known:
            self.known[key] = self.session.run(outputs, given)
        return self.known[key]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)


def remembering(value: Any) -> tuple[Any, list[Remembered]]:
    """The models (a dataclass of sessions, or of such) with every session remembering, and all those."""
    made: list[Remembered] = []
    changes: dict[str, Any] = {}
    for each in fields(value):
        one = getattr(value, each.name)
        if hasattr(one, "run") and hasattr(one, "get_inputs"):
            changes[each.name] = Remembered(one)
            made.append(changes[each.name])
        elif isinstance(one, tuple) and one and all(hasattr(part, "session") for part in one):
            pairs = [remembering(part) for part in one]
            changes[each.name] = tuple(part for part, _ in pairs)
            made += [session for _, sessions in pairs for session in sessions]
    return replace(value, **changes), made


@dataclass(slots=True)
class Ears:
    """What went into the last fusion, and what the light was read from: overheard, since a verdict does not tell it."""

    fused: tuple[Any, Any] | None = None
    samples: Any = None


_ears = Ears()
_loaded: list[tuple[FaceModels, list[Remembered]]] = []


def _start() -> None:
    cv2.setNumThreads(1)
    _loaded[:] = [remembering(models())]
    checking = importlib.import_module("xinqiao.identity.liveness.check")
    real, judge = checking.fuse, light.judge

    def fusing(found: Any, evidence: Any, *rest: Any, **named: Any) -> Any:
        _ears.fused = (found, evidence)
        return real(found, evidence, *rest, **named)

    def judging(challenge: Any, samples: Any, *rest: Any, **named: Any) -> Any:
        _ears.samples = samples
        return judge(challenge, samples, *rest, **named)

    checking.fuse, light.judge = fusing, judging


def one(order: Order, number: int) -> Row:
    """Film, send, check under every set of sensors, and hold the recording against other challenges."""
    began = time.process_time()
    session = session_of(order, number)
    sent = clip_of(session)
    beside = {"challenge": session.challenge, "near_infrared": _png(session.infrared), "depth": _png(session.depth)}
    filmed = time.process_time() - began
    loaded, sessions = _loaded[0]
    outright = _Outright(loaded, sent, beside)
    whole = {name: outright(SENSORS[name]) for name in ("clip alone", "all")}
    answers = {name: _answer(verdict) for name, (verdict, _) in whole.items()}
    row = _about(session, number) | {"wrong": _wrong(number), "fused": {name: given for name, (_, given) in whole.items()}}
    between = [name for name in SENSORS if name not in whole]
    if row["room"] == "dark":  # there near infrared may lend depth the face's place: one sensor's signals hang on another's
        answers |= {name: _answer(outright(SENSORS[name])[0]) for name in between}
    else:
        answers |= {name: _answer(again(loaded, row["fused"]["all"], _spoken(SENSORS[name]))) for name in between}
    if number % SPOT == 0 and row["room"] != "dark":
        row["spot"] = sum(_answer(outright(SENSORS[name])[0])["outcome"] != answers[name]["outcome"] for name in between)
    for remembered in sessions:
        remembered.known.clear()
    return row | {"answers": answers, "cpu_s": [round(filmed, 2), round(time.process_time() - began - filmed, 2)]}


@dataclass(frozen=True, slots=True)
class _Outright:
    """The whole check of one recording with some of what came beside it: the verdict, and what its fusion was given."""

    models: FaceModels
    sent: bytes
    beside: dict[str, Any]
    decoded: dict[Limits, Capture] = field(default_factory=dict)

    def __call__(self, sensors: Sequence[str]) -> tuple[Any, Row]:
        capture = self._read(CHALLENGED if "challenge" in sensors else FILE)
        _ears.fused = None
        verdict = check_capture(models=self.models, capture=capture, beside=Beside(**{key: self.beside[key] for key in sensors}))
        return verdict, inputs(*_ears.fused)

    def _read(self, limits: Limits) -> Capture:
        """Decoded once for each of the two kinds of bounds."""
        if limits not in self.decoded:
            self.decoded[limits] = read_capture(self.sent, limits)
        return self.decoded[limits]


def _spoken(sensors: Sequence[str]) -> Callable[[str], bool]:
    silent = tuple(start for sensor, starts in FAMILIES.items() if sensor not in sensors for start in starts)
    return lambda name: not name.startswith(silent)


def again(models: FaceModels, given: Row, spoken: Callable[[str], bool], *, as_passed: bool = False) -> Verdict:
    """Fuse once more with the signals and the evidence that are `spoken`; the others are taken away or, `as_passed`, count as passed."""
    found = [
        Signal(name, State(state) if spoken(name) or state == State.NOT_CHECKED else State.PASS, value, reason if spoken(name) else None)
        for name, state, value, reason in given["signals"]
        if as_passed or spoken(name)
    ]
    evidence = {name: Evidence(**one) for name, one in given["evidence"].items() if spoken(name)}
    return fuse(found, evidence, models.thresholds.liveness)


def _png(picture: np.ndarray | None) -> bytes | None:
    return None if picture is None else cv2.imencode(".png", picture)[1].tobytes()


def _about(session: simulate.Session, number: int) -> Row:
    scene = session.scene
    return {
        "number": number,
        "label": "simulated",
        "species": scene.species,
        "person": f"p{scene.person:08x}",
        "room": scene.room,
        "lux": round(scene.lux, 2),
        "device": scene.device,
        "frames": len(session.frames),
    }


def _answer(verdict: Any) -> Row:
    reason = verdict.reasons[0].code if verdict.reasons else None
    label = verdict.label.value if verdict.label else None
    return {"label": label, "outcome": verdict.outcome.value, "score": verdict.score, "reason": reason}


def inputs(found: Any, evidence: Any) -> Row:
    """What `fuse` was given, so that it can be asked again with a signal less."""
    signals = [[s.name, s.state.value, None if s.value is None else round(float(s.value), 5), s.reason] for s in found]
    return {"signals": signals, "evidence": {name: asdict(one) for name, one in evidence.items()}}


def _wrong(number: int) -> Row | None:
    """The same recording held against challenges of other days; None where its light could not be read at all."""
    samples, _ears.samples = _ears.samples, None
    if samples is None:
        return None
    source = random.Random(f"wrong {SEED} {number}")
    answers = [light.judge(challenge_of(source.randrange(1 << 40)), samples) for _ in range(WRONG)]
    _ears.samples = None
    values = [a.sequence.value or 0.0 for a in answers]
    return {"held": WRONG, "passed": sum(a.sequence.state is State.PASS for a in answers), "highest": round(max(values), 4)}
