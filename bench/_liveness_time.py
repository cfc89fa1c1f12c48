"""Processor time and memory of the whole check, each in a process of its own on one core; and a batch on all cores beside one core."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2

Found = dict[str, Any]
SEED = 7_900_000_000_001
ROUNDS = 9
CLIP = {"room": "indoor", "device": "middle", "species": "live", "size": (640, 480)}


def run(images: int, step: Callable[[str], None]) -> Found:
    with TemporaryDirectory(prefix="xinqiao-bench-") as made:
        folder = Path(made)
        step("filming")
        _film(folder)
        found: Found = {"model_files_mb": weights()}
        for name in ("clip of 25 frames", "clip of 25 frames, challenge", "whole challenged clip", "near-infrared frame", "picture"):
            step(name)
            found[name] = _apart(["one", str(folder), name])
        step("batch")
        found[f"{images} pictures"] = batch(folder, images)
    return found


def weights() -> Found:
    """Megabytes of all files that hold what was learnt or fitted."""
    from xinqiao.identity.liveness.card import model_files
    from xinqiao.kit import Settings

    sizes = {path.name: path.stat().st_size for path in model_files(Settings())}
    return {**{name: round(size / 1e6, 3) for name, size in sizes.items()}, "all": round(sum(sizes.values()) / 1e6, 2)}


def _film(folder: Path) -> None:
    """One living person before the challenge: all frames; 25 of them in one second; 25 of them over the whole challenge; and pictures."""
    from xinqiao.identity.liveness import simulate
    from xinqiao.identity.liveness.simulate.write import challenge_of, clip_of

    challenge = challenge_of(SEED)
    whole = simulate.film(simulate.draw(SEED, **CLIP), challenge, infrared=True)
    count = len(whole.frames)
    spread = [round(n * (count - 1) / 24) for n in range(25)]
    (folder / "challenge.json").write_text(challenge.to_json(), "utf-8")
    for name, kept in (("whole", range(count)), ("second", range(25)), ("spread", spread)):
        part = replace(whole, frames=[whole.frames[n] for n in kept], times=[whole.times[n] for n in kept])
        (folder / f"{name}.webm").write_bytes(clip_of(part))
    for n, frame in enumerate(whole.frames[:25]):
        cv2.imwrite(str(folder / f"frame{n}.jpg"), frame[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    if whole.infrared is not None:
        cv2.imwrite(str(folder / "nir.png"), whole.infrared)


def _apart(arguments: list[str], cores: set[int] | None = None) -> Found:
    """This file in a fresh process on one core (or on those given)."""
    pinned = cores or {min(os.sched_getaffinity(0))}
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, __file__, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        preexec_fn=lambda: os.sched_setaffinity(0, pinned),
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-1500:])
    return json.loads(done.stdout)


def one(folder: Path, name: str) -> Found:
    """Processor time of a whole check from the file on, first and again, and this process's greatest memory."""
    from xinqiao.identity import FaceModels
    from xinqiao.identity.liveness import Beside, check_file
    from xinqiao.identity.liveness.challenge import Challenge

    file = {"clip of 25 frames": "second.webm", "clip of 25 frames, challenge": "spread.webm", "whole challenged clip": "whole.webm"}
    challenge = Challenge.parse((folder / "challenge.json").read_text("utf-8")) if "challenge" in name else None
    before = peak_mb()
    models = FaceModels.load()
    loaded = peak_mb()
    if name == "near-infrared frame":
        return _infrared(models, folder)
    path = folder / file.get(name, "frame3.jpg")
    took, verdict = [], None
    for _ in range(ROUNDS):
        began = time.process_time()
        verdict = check_file(models=models, path=path, beside=Beside(challenge=challenge))
        took.append((time.process_time() - began) * 1000)
    told = {"label": verdict.label, "outcome": verdict.outcome, "frames": _value(verdict, "length")}
    return {**_milliseconds(took), "program_mb": before, "with_models_mb": loaded, "peak_mb": peak_mb(), **told}


def _milliseconds(took: list[float]) -> Found:
    """Others' work on the machine only ever adds, so the least is nearest to the program's own."""
    return {"first_ms": round(took[0]), "least_ms": round(min(took), 1), "median_ms": round(statistics.median(took), 1)}


def _value(verdict: Any, name: str) -> float | None:
    return next((s.value for s in verdict.signals if s.name == name), None)


def peak_mb() -> int:
    """The kernel's high-water mark of this program alone; what getrusage tells begins with the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024)


def _infrared(models: Any, folder: Path) -> Found:
    """One still frame as it comes from the sensor: the network and the physical tests, the mesh of the colour picture known."""
    try:
        from xinqiao.identity.liveness import infrared
    except ImportError:
        return {"left_out": "there is no test of near infrared here"}
    from xinqiao.identity.media import read_image
    from xinqiao.identity.observe import look

    picture = cv2.imread(str(folder / "nir.png"), cv2.IMREAD_UNCHANGED)
    sight = look(models, read_image((folder / "frame12.jpg").read_bytes()))
    took = []
    for _ in range(30):
        began = time.process_time()
        found = infrared.judge(models, picture, sight.mesh if sight else None, colour=sight.picture if sight else None)
        took.append((time.process_time() - began) * 1000)
    return {**_milliseconds(took), "signals": [s.name for s in found.signals]}


def batch(folder: Path, images: int) -> Found:
    """`images` pictures through `check_files` on one core, then on all."""
    found: Found = {}
    for cores in ({min(os.sched_getaffinity(0))}, os.sched_getaffinity(0)):
        found[f"{len(cores)} cores" if len(cores) > 1 else "1 core"] = _apart(["batch", str(folder), str(images)], cores)
    walls = [one["wall_s"] for one in found.values()]
    return {**found, "times_faster": round(walls[0] / walls[-1], 2), "pictures_a_second": round(images / walls[-1], 1)}


def many(folder: Path, images: int) -> Found:
    from xinqiao.identity.liveness import Beside
    from xinqiao.identity.liveness.many import check_files
    from xinqiao.kit import Settings

    files = [folder / f"frame{n % 25}.jpg" for n in range(images)]
    began = time.perf_counter()
    count = sum(1 for _ in check_files(files, settings=Settings(), beside=Beside()))
    wall = time.perf_counter() - began
    spent = sum(
        resource.getrusage(who).ru_utime + resource.getrusage(who).ru_stime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return {"pictures": count, "wall_s": round(wall, 2), "cpu_s": round(spent, 2)}


if __name__ == "__main__":
    cv2.setNumThreads(1)
    what, where, which = sys.argv[1:]
    print(json.dumps(one(Path(where), which) if what == "one" else many(Path(where), int(which))))
