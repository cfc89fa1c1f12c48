"""What came beside the colour camera: a near-infrared picture, a depth map, a second camera. Each is read within bounds and asked its own questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from xinqiao.kit import Refused

from .. import quality
from ..detection import find_faces
from ..media import Clip, Picture, read_image
from ..mesh import Mesh, fit_mesh
from ..model import Signal, State
from ..networks import FaceModels
from ..observe import Sight
from . import depth, infrared
from .decide import Evidence
from .decode import read_bytes
from .found import Found


@dataclass(frozen=True, slots=True)
class Given:
    """As it was sent, undecoded; None: not sent."""

    near_infrared: bytes | None = None
    depth: bytes | None = None
    right: bytes | None = None
    stereo: depth.Pair | None = None


def lying(folder: Path, name: str) -> Given:
    """What lies in a folder of test captures beside the one of this name: NAME.nir.png, NAME.depth.png, NAME.right.png and NAME.stereo.json."""
    told = {kind: folder / f"{name}.{kind}.png" for kind in ("nir", "depth", "right")}
    data = {kind: read_bytes(file) if file.is_file() else None for kind, file in told.items()}
    stereo = folder / f"{name}.stereo.json"
    try:
        pair = depth.Pair.parse(read_bytes(stereo).decode("utf-8", "replace")) if stereo.is_file() else None
    except Refused:
        pair = None  # a second picture without a sound calibration is answered as such
    return Given(data["nir"], data["depth"], data["right"], pair)


def ask(models: FaceModels, film: Clip, sights: Sequence[Sight | None], given: Given) -> tuple[tuple[Signal, ...], Mapping[str, Evidence]]:
    """The signals of every sensor, and what each adds to the score, by its source. A file that cannot be read is to be sent again."""
    seen = nearest(film, sights, given.stereo.time if given.stereo else None)
    near = _infrared_picture(given)
    found = [_infrared(models, near, seen), _depth(models, given, near, seen, film)]
    signals = tuple(signal for one in found for signal in one.signals)
    names = ("infrared_texture", "depth_texture")
    return signals, {name: one.evidence for name, one in zip(names, found, strict=True) if one.evidence}


def nearest(film: Clip, sights: Sequence[Sight | None], time: float | None) -> Sight | None:
    """The face nearest to the instant at which the other sensors looked: `time` seconds into the clip, or else its middle."""
    wanted = film.times[-1] / 2 if time is None else time
    seen = [(abs(at - wanted), n) for n, at in enumerate(film.times[: len(sights)]) if sights[n] is not None]
    return sights[min(seen)[1]] if seen else None


def _infrared_picture(given: Given) -> np.ndarray | Refused | None:
    try:
        return None if given.near_infrared is None else infrared.read_infrared(given.near_infrared)
    except Refused as refusal:
        return refusal


def _infrared(models: FaceModels, picture: np.ndarray | Refused | None, seen: Sight | None) -> Found:
    if picture is None:
        return Found((Signal("near_infrared", State.NOT_CHECKED, None, "not_asked"),), None)
    if isinstance(picture, Refused):
        return _unread("infrared_face", "infrared_texture", "infrared_unreadable")
    return infrared.judge(models, picture, seen.mesh if seen else None, colour=seen.picture if seen else None)


def _depth(models: FaceModels, given: Given, near: np.ndarray | Refused | None, seen: Sight | None, film: Clip) -> Found:
    """A depth map if there is one, else depth from the second camera. In the dark the face's place comes from near infrared."""
    if given.depth is None and given.right is None:
        return Found((Signal("depth", State.NOT_CHECKED, None, "not_asked"),), None)
    mesh, picture = (seen.mesh, seen.picture) if seen else _in_the_dark(models, near)
    if mesh is None or picture is None:
        return _unread("depth_relief", "depth_texture", "no_face")
    try:
        if given.depth is not None:
            return depth.judge(depth.read_depth(given.depth), picture, mesh)
        if given.stereo is None or given.right is None or not seen:
            return _unread("depth_relief", "depth_texture", "stereo_unfit")
        return depth.judge(depth.ranged(picture, read_image(given.right), given.stereo, mesh), picture, mesh, kind="pair")
    except Refused as refusal:
        return _unread(
            "depth_relief", "depth_texture", "depth_unreadable" if refusal.code == "liveness.depth_unreadable" else "stereo_unfit"
        )


def _in_the_dark(models: FaceModels, near: np.ndarray | Refused | None) -> tuple[Mesh | None, Picture | None]:
    if not isinstance(near, np.ndarray):
        return None, None
    picture = cv2.cvtColor(near, cv2.COLOR_GRAY2RGB)
    faces = find_faces(models.detector, picture, closer=False)
    mesh = fit_mesh(models.mesh, picture, faces[0]) if faces else None
    return (mesh, picture) if mesh and mesh.presence >= quality.PRESENCE else (None, None)


def _unread(first: str, second: str, reason: str) -> Found:
    return Found((Signal(first, State.RETRY, None, reason), Signal(second, State.NOT_RUN, None, "not_run")), None)
