"""The ONNX sessions of this room. Weights are files with a hash in `weights/manifest.json`; a file that does not fit is not run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from xinqiao.kit import Settings

from .errors import ModelsUnavailable
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

    @classmethod
    def load(cls, settings: Settings | None = None) -> FaceModels:
        """The packaged weights, or a deployment's own: a folder `models/identity` under `settings.home` with the same file names.

        Raises ModelsUnavailable when a file is missing, altered, or not loadable.
        """
        folder = folder_of(settings)
        try:
            manifest = {entry["name"]: entry for entry in json.loads((folder / "manifest.json").read_text("utf-8"))}
            sessions = {name: _session(folder, entry) for name, entry in manifest.items()}
            thresholds = Thresholds.parse((folder / "thresholds.json").read_text("utf-8"))
        except (OSError, KeyError, ValueError, RuntimeError) as problem:
            raise ModelsUnavailable(type(problem).__name__) from problem
        versions = {name: f"{entry['version']}@{entry['sha256'][:8]}" for name, entry in manifest.items()}
        return cls(
            detector=sessions["face_detector"],
            mesh=sessions["face_mesh"],
            embedder=sessions["face_embedder"],
            texture=sessions.get("liveness_texture"),
            thresholds=thresholds,
            versions=versions | {"thresholds": thresholds.version},
        )


def folder_of(settings: Settings | None) -> Path:
    """Where the weights lie: a deployment's own, or the packaged ones."""
    own = settings.home / "models" / "identity" if settings else None
    return own if own and (own / "manifest.json").is_file() else PACKAGED


def _session(folder: Path, entry: Mapping[str, str]) -> onnxruntime.InferenceSession:
    weights = (folder / entry["file"]).read_bytes()
    if hashlib.sha256(weights).hexdigest() != entry["sha256"]:
        raise ModelsUnavailable(f"{entry['file']} is not the file its manifest names")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # the web server's workers are the parallelism
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def run(session: onnxruntime.InferenceSession, value: np.ndarray) -> list[np.ndarray]:
    """All outputs for the single input of `session`."""
    return session.run(None, {session.get_inputs()[0].name: value})
