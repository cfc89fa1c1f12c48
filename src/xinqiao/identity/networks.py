"""The ONNX sessions of this room. Weights are files with a hash in `weights/manifest.json`; a file that does not fit is not run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
import onnxruntime

from xinqiao.kit import Settings

from . import own
from .errors import ModelsUnavailable
from .guests import Guest, load_guests
from .sources import shipped
from .thresholds import Thresholds

PACKAGED = Path(__file__).parent / "weights"


@dataclass(frozen=True, slots=True)
class FaceModels:
    """Loaded once a process, shared by threads (onnxruntime sessions allow it)."""

    detector: onnxruntime.InferenceSession
    mesh: onnxruntime.InferenceSession
    embedder: onnxruntime.InferenceSession
    texture: onnxruntime.InferenceSession | None
    """None where a deployment ships none: its signal is then `not_run`, and nobody passes without a person's look."""
    thresholds: Thresholds
    versions: Mapping[str, str]
    """Name -> version and the first eight hex digits of its hash, as evidence records them."""
    guests: tuple[Guest, ...] = ()
    """A deployment's own liveness models (`guests`); each joins the fusion."""
    infrared: onnxruntime.InferenceSession | None = None
    """Near infrared; None where a deployment ships none, and then what comes from such a camera is `not_run`."""

    @classmethod
    def load(cls, settings: Settings | None = None) -> FaceModels:
        """The packaged weights, or a deployment's own: a folder `models/identity` under `settings.home` with the same file names, and what
        `liveness train` and `liveness calibrate` made (`own`).

        Raises ModelsUnavailable when a file is missing, altered, or not loadable.
        """
        folder = folder_of(settings)
        try:
            manifest = {entry["name"]: entry for entry in json.loads((folder / "manifest.json").read_text("utf-8"))}
            places = dict.fromkeys(manifest, folder)
            if settings and (mine := own.own_texture(settings.home)):
                places[own.TEXTURE], manifest[own.TEXTURE] = mine
            sessions = {name: _session(places[name], entry) for name, entry in manifest.items()}
            thresholds = Thresholds.parse((folder / "thresholds.json").read_text("utf-8"))
        except (OSError, KeyError, ValueError, RuntimeError) as problem:
            raise ModelsUnavailable(type(problem).__name__) from problem
        guests = load_guests(settings.home / "models" / "liveness", load_session) if settings else ()
        versions = {name: f"{entry['version']}@{entry['sha256'][:8]}" for name, entry in manifest.items()} | {
            g.name: g.version for g in guests
        }
        versions |= {"fusion": shipped().version, **own.fitted()}
        told = None
        if settings:
            thresholds, told = own.calibrated(settings.home, thresholds, versions)
        return cls(
            detector=sessions["face_detector"],
            mesh=sessions["face_mesh"],
            embedder=sessions["face_embedder"],
            texture=sessions.get("liveness_texture"),
            thresholds=thresholds,
            versions=versions | {"thresholds": thresholds.version} | ({"calibration": told} if told else {}),
            guests=guests,
            infrared=sessions.get("liveness_infrared"),
        )


def folder_of(settings: Settings | None) -> Path:
    """Where the weights lie: a deployment's own, or the packaged ones."""
    mine = settings.home / "models" / "identity" if settings else None
    return mine if mine and (mine / "manifest.json").is_file() else PACKAGED


def shipped_texture(settings: Settings | None) -> tuple[bytes, str]:
    """The texture network that would be used without `liveness train`, and its version. Raises ModelsUnavailable where there is none."""
    folder = folder_of(settings)
    try:
        entry = next(e for e in json.loads((folder / "manifest.json").read_text("utf-8")) if e["name"] == own.TEXTURE)
        _session(folder, entry)
        return (folder / entry["file"]).read_bytes(), f"{entry['version']}@{entry['sha256'][:8]}"
    except (OSError, KeyError, ValueError, RuntimeError, StopIteration) as problem:
        raise ModelsUnavailable(type(problem).__name__) from problem


def _session(folder: Path, entry: Mapping[str, str]) -> onnxruntime.InferenceSession:
    weights = (folder / entry["file"]).read_bytes()
    if hashlib.sha256(weights).hexdigest() != entry["sha256"]:
        raise ModelsUnavailable(f"{entry['file']} is not the file its manifest names")
    return load_session(weights)


def load_session(weights: bytes) -> onnxruntime.InferenceSession:
    """On one core: the web server's workers are the parallelism."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # the web server's workers are the parallelism
    options.enable_mem_pattern = False  # planned for every batch size apart, it costs 50 MB and saves no time
    options.log_severity_level = 3
    with _sharing:
        _share_memory()
    options.add_session_config_entry("session.use_env_allocators", "1")
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


_sharing = Lock()


@cache
def _share_memory() -> None:
    """One pool for all networks of the process, grown by what is asked for and not by doubling: a check holds 15 MB less, at no cost in time."""
    place = onnxruntime.OrtMemoryInfo("Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT)
    onnxruntime.create_and_register_allocator(place, onnxruntime.OrtArenaCfg({"arena_extend_strategy": 1}))


def run(session: onnxruntime.InferenceSession, value: np.ndarray) -> list[np.ndarray]:
    """All outputs for the single input of `session`."""
    return session.run(None, {session.get_inputs()[0].name: value})
