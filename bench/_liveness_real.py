"""What was measured on real faces: NUAA (one room, one camera, prints) and ORL (match), from ../shared, which never ships."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import _liveness_sessions as sessions
import cv2
import numpy as np
from _liveness_rates import ablation
from _liveness_sessions import inputs

from xinqiao.identity import FaceModels
from xinqiao.identity.liveness import Capture, check_capture
from xinqiao.identity.liveness import check as checking
from xinqiao.identity.liveness.decode import Kind
from xinqiao.identity.liveness.evaluate import Answer, measure
from xinqiao.identity.media import Clip, read_image
from xinqiao.identity.networks import folder_of
from xinqiao.kit import Settings

Found = dict[str, Any]
HERE = Path(__file__).parent
SHARED = HERE.parent.parent / "shared" / "data" / "face"
TOGETHER = 8
"""Frames of one NUAA film that make a clip."""
KINDS = {"live": "live", "print": "print"}


def nuaa(step: Callable[[int], None]) -> Found:
    """The shipped weights through the whole check, every frame as a picture and every eight as a clip; the recipe's folds stand beside."""
    folder = SHARED / "nuaa"
    if not folder.is_dir():
        return {"skipped": f"{folder} is not here: NUAA is free for research and never ships"}
    models = sessions.models()
    frames, clips, cases = [], [], []
    for person, kind, films in _films(folder):
        for film in films:
            pictures = tuple(read_image(path.read_bytes()) for path in film)
            frames += [_answer(models, person, kind, Capture(Kind.IMAGE, Clip((one,), (0.0,), 1, "image"))) for one in pictures]
            step(len(film))
            for start in range(0, len(film) - TOGETHER + 1, TOGETHER):
                some = pictures[start : start + TOGETHER]
                times = tuple(n / 25 for n in range(TOGETHER))
                said, given = _overheard(models, person, kind, Capture(Kind.CLIP, Clip(some, times, TOGETHER, "none", times)))
                clips.append(said)
                cases.append((kind, given))
    return {
        "never seen": told(),
        "shipped weights by frame": _rates(frames),
        f"shipped weights by clip of {TOGETHER}": _rates(clips),
        "ablation by clip": ablation(cases, models),
        "note": "the shipped weights were trained on these very people: only the folds of scripts/train_liveness.py, by person, tell how the recipe does on strangers (identity/CARD.md)",
    }


def _films(folder: Path) -> Iterator[tuple[str, str, list[list[Path]]]]:
    """Person, kind and that person's films, each a list of frames in their order."""
    for kind, name in KINDS.items():
        for person in sorted((folder / name).iterdir()):
            films: dict[str, list[Path]] = defaultdict(list)
            for path in person.glob("*.jpg"):
                films[path.stem.rpartition("_")[0]].append(path)
            yield person.name, kind, [sorted(film, key=lambda p: int(p.stem.rpartition("_")[2])) for film in films.values()]


def count() -> int:
    return sum(1 for _ in (SHARED / "nuaa").glob("*/*/*.jpg"))


def _answer(models: FaceModels, person: str, kind: str, capture: Capture) -> Answer:
    verdict = check_capture(models=models, capture=capture)
    reason = verdict.reasons[0].code if verdict.reasons else None
    return Answer(
        person, kind, verdict.label.value if verdict.label else None, verdict.outcome.value, verdict.score, verdict.took_ms, reason
    )


def _overheard(models: FaceModels, person: str, kind: str, capture: Capture) -> tuple[Answer, Found]:
    """The answer, and what its fusion was given."""
    heard: list[Any] = []
    fuse = checking.fuse
    checking.fuse = lambda found, evidence, *rest, **named: heard.append((found, evidence)) or fuse(found, evidence, *rest, **named)
    try:
        said = _answer(models, person, kind, capture)
    finally:
        checking.fuse = fuse
    return said, inputs(*heard[0])


def _rates(answers: list[Answer]) -> Found:
    found = measure(answers)
    kept = ("apcer", "bpcer", "acer", "eer", "people", "captures", "intervals", "non_response", "referred", "passed")
    return {key: found[key] for key in kept}


def told() -> Found:
    """What scripts/train_liveness.py measured on people and on attacks that the network had not seen, as written beside the weights in use."""
    file = folder_of(Settings()) / "liveness_texture.measured.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def match(step: Callable[[int], None]) -> Found:
    """1:1 match of ORL and NUAA, and what links templates across keys: `scripts/calibrate_match.py` does it."""
    if not SHARED.is_dir():
        return {"skipped": f"{SHARED} is not here: ORL and NUAA are for evaluation and never ship"}
    sys.path.insert(0, str(HERE.parent / "scripts"))
    import calibrate_match as calibrating

    models, found = sessions.models(), {}
    for name, pictures in (("orl", calibrating.enlarged(SHARED / "orl")), ("nuaa", calibrating.photographs(SHARED / "nuaa" / "live"))):
        people, vectors = calibrating.embeddings(models, _counted(pictures, step))
        with calibrating.turns_kept():
            found[name] = calibrating.measure(people, vectors)
        found[name] |= {"eer_interval": _eer_interval(people, vectors)}
    return found


def _counted(pictures: Iterator[tuple[str, np.ndarray]], step: Callable[[int], None]) -> Iterator[tuple[str, np.ndarray]]:
    for one in pictures:
        step(1)
        yield one


def _eer_interval(people: np.ndarray, vectors: np.ndarray, draws: int = 200) -> list[float]:
    """95 %, people drawn with replacement with all their pictures (a person drawn twice is no pair with itself)."""
    one, other = np.triu_indices(len(vectors), 1)
    cosine = (vectors @ vectors.T)[one, other]
    names, owner = np.unique(people, return_inverse=True)
    rng, found = np.random.default_rng(3), []
    order = np.argsort(cosine)
    same = (owner[one] == owner[other])[order]
    for _ in range(draws):
        weight = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))
        pairs = (weight[owner[one]] * np.where(owner[one] == owner[other], 1, weight[owner[other]]))[order].astype(float)
        miss, hit = np.cumsum(pairs * same), np.cumsum(pairs * ~same)
        miss, hit = miss / miss[-1], 1 - hit / hit[-1]
        at = int(np.argmin(np.abs(miss - hit)))
        found.append((miss[at] + hit[at]) / 2)
    return [round(float(np.nanquantile(found, q)), 4) for q in (0.025, 0.975)]


cv2.setNumThreads(1)
