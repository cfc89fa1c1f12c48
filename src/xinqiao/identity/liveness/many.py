"""Many captures on all cores: one process a core, each with its own models, so that a decoder that dies takes no other file with it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2

from xinqiao.kit import Refused, Settings, Unavailable

from ..errors import CaptureCrashed
from ..networks import FaceModels
from ..reasons import Reason
from . import sensors
from .challenge import Challenge
from .check import Beside, check_file
from .decide import Verdict

FEW = 6
"""Files up to which starting processes costs more than it saves."""
TOGETHER = 4
"""Files handed to a process at once."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that is missing or cannot be read: nothing was judged, and there is nothing to record again."""

    why: Reason

    @classmethod
    def of(cls, refusal: Refused) -> Unread:
        return cls(Reason(refusal.code, refusal.message("zh"), refusal.message("en")))

    def record(self) -> dict[str, Any]:
        told = {"code": self.why.code, "zh": self.why.zh, "en": self.why.en}
        return {"label": None, "outcome": None, "score": None, "error": told}


Answered = Verdict | Unread
Challenges = Mapping[Path, Challenge]


@dataclass(frozen=True, slots=True)
class _Worker:
    models: FaceModels
    beside: Beside
    challenges: Challenges


_worker: list[_Worker] = []


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_files(
    paths: Sequence[Path], *, settings: Settings, beside: Beside, challenges: Mapping[Path, Challenge] | None = None
) -> Iterator[tuple[int, Answered]]:
    """(number of the file, its answer) as they come; `challenges`: what the screen showed, for the files of which it is known. Raises ModelsUnavailable."""
    if len(paths) <= FEW or cores() == 1:
        models = FaceModels.load(settings)
        yield from ((n, answer(models, path, beside, challenges)) for n, path in enumerate(paths))
        return
    FaceModels.load(settings)  # refuses here, once, rather than in each process
    yield from _on_all_cores(list(enumerate(paths)), settings, beside, challenges or {})


def _on_all_cores(
    todo: list[tuple[int, Path]], settings: Settings, beside: Beside, challenges: Challenges
) -> Iterator[tuple[int, Answered]]:
    left = dict(todo)
    batches = [todo[i : i + TOGETHER] for i in range(0, len(todo), TOGETHER)]
    try:
        with _pool(min(cores(), len(batches)), settings, beside, challenges) as pool:
            waiting: list[Future[list[tuple[int, Answered]]]] = [pool.submit(_batch, batch) for batch in batches]
            for done in as_completed(waiting):
                for number, answered in done.result():
                    left.pop(number, None)
                    yield number, answered
    except BrokenProcessPool:
        yield from _one_by_one(left, settings, beside, challenges)


def _one_by_one(left: dict[int, Path], settings: Settings, beside: Beside, challenges: Challenges) -> Iterator[tuple[int, Answered]]:
    """Some file killed its process: each that is left gets a process of its own."""
    for number, path in left.items():
        try:
            with _pool(1, settings, beside, challenges) as pool:
                yield from pool.submit(_batch, [(number, path)]).result()
        except BrokenProcessPool:
            yield number, Unread.of(CaptureCrashed(path.name))


def _pool(workers: int, settings: Settings, beside: Beside, challenges: Challenges) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, get_context("spawn"), initializer=partial(_start, settings, beside, challenges))


def _start(settings: Settings, beside: Beside, challenges: Challenges) -> None:
    cv2.setNumThreads(1)
    _worker[:] = [_Worker(FaceModels.load(settings), beside, challenges)]


def _batch(files: list[tuple[int, Path]]) -> list[tuple[int, Answered]]:
    (worker,) = _worker
    return [(number, answer(worker.models, path, worker.beside, worker.challenges)) for number, path in files]


def answer(models: FaceModels, path: Path, beside: Beside, challenges: Challenges | None) -> Answered:
    known = (challenges or {}).get(path)
    try:
        beside = _with_sensors(replace(beside, challenge=known) if known else beside, path)
        return check_file(models=models, path=path, beside=beside)
    except Unavailable:
        raise
    except Refused as refusal:
        return Unread.of(refusal)


def _with_sensors(beside: Beside, path: Path) -> Beside:
    if beside.folder is None:
        return beside
    found = sensors.lying(beside.folder, path.stem)
    return replace(beside, near_infrared=found.near_infrared, depth=found.depth, right=found.right, stereo=found.stereo)
