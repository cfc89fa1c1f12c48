"""What the shipped network knows of each capture just before it answers, on all cores: the material that `training` fits a new answer to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np
import onnxruntime

from xinqiao.kit import Refused, Settings

from ..networks import FaceModels, load_session
from ..observe import Sight, look
from . import onnx_head, signals, texture
from .crops import two_crops
from .decode import Kind, read_file

LOOKED_AT = 24
"""Frames of a clip, spread evenly, among which the best are sought."""
VARIANTS = 2
"""Changed copies of each frame, such as another camera of the same class might have made of it."""
TOGETHER = 4


@dataclass(frozen=True, slots=True)
class Known:
    """One capture. `answers` (m,) log-odds and `features` (m, k) of its best frames; `varied` and `varied_answers` of their changed copies."""

    answers: np.ndarray
    features: np.ndarray
    varied_answers: np.ndarray
    varied: np.ndarray


def known_of(paths: Sequence[Path], *, settings: Settings, weights: bytes, jobs: int) -> Iterator[tuple[int, Known | None]]:
    """(number, what is known) as they come; None for a capture that shows no usable face or cannot be read. `weights`: the shipped network."""
    todo = list(enumerate(paths))
    if jobs == 1 or len(todo) <= TOGETHER:
        _start(settings, weights)
        yield from ((number, _known(path)) for number, path in todo)
        return
    batches = [todo[i : i + TOGETHER] for i in range(0, len(todo), TOGETHER)]
    with ProcessPoolExecutor(min(jobs, len(batches)), get_context("spawn"), initializer=partial(_start, settings, weights)) as pool:
        for batch in pool.map(_batch, batches):
            yield from batch


@dataclass(frozen=True, slots=True)
class _Worker:
    models: FaceModels
    session: onnxruntime.InferenceSession


_worker: list[_Worker] = []


def _start(settings: Settings, weights: bytes) -> None:
    cv2.setNumThreads(1)
    _worker[:] = [_Worker(FaceModels.load(settings), load_session(onnx_head.with_features(weights)))]


def _batch(todo: list[tuple[int, Path]]) -> list[tuple[int, Known | None]]:
    return [(number, _known(path)) for number, path in todo]


def _known(path: Path) -> Known | None:
    (worker,) = _worker
    try:
        capture = read_file(path)
    except Refused:
        return None
    frames = capture.film.frames
    chosen = np.unique(np.linspace(0, len(frames) - 1, LOOKED_AT).round().astype(int))
    sights = [look(worker.models, frames[n]) for n in chosen]
    if capture.kind is Kind.IMAGE:
        sights = [s and _as_picture(s) for s in sights]
    crops = [two_crops(s.picture, s.face) for s in signals.best(sights)[: signals.JUDGED]]
    if not crops:
        return None
    rng = np.random.default_rng(crc32(path.name.encode()))
    views = texture.looks(crops)
    answers, features = ask(worker.session, views)
    varied_answers, varied = ask(worker.session, [vary(crop, rng) for crop in crops for _ in range(VARIANTS)])
    return Known(answers, features, varied_answers, varied)


def _as_picture(sight: Sight) -> Sight:
    return replace(sight, gates=sight.gates.for_picture())


def ask(session: onnxruntime.InferenceSession, views: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds (m,) and features (m, k) of `views`, each (2, side, side, 3) uint8."""
    answers, features = session.run(None, {session.get_inputs()[0].name: texture.fed(views)})
    return answers.reshape(len(views)).astype(np.float64), features.astype(np.float64)


def vary(crops: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light, colour, tone, sharpness and coding as another camera of the class might give: what tells an attack must outlast it."""
    value = crops[:, :, :: 1 if rng.random() < 0.5 else -1].astype(np.float32) / 255
    value = np.clip(value * rng.uniform(0.8, 1.2) * rng.uniform(0.93, 1.07, 3), 0, 1) ** rng.uniform(0.8, 1.25)
    sigma = float(rng.uniform(0, 0.8))
    out = []
    for view in value:
        soft = cv2.GaussianBlur(np.ascontiguousarray(view), (0, 0), sigma) if sigma > 0.25 else view
        pixels = np.ascontiguousarray((soft * 255).astype(np.uint8))
        if rng.random() < 0.5:
            pixels = cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 95))])[1], cv2.IMREAD_COLOR)
        out.append(pixels)
    return np.stack(out)
