"""One picture's face, with all that later steps ask of it; and the same face through a clip whose colours may jump."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from . import quality
from .detection import Face, find_faces
from .match import LENGTH, align, embed
from .media import Picture
from .mesh import Mesh, fit_mesh
from .networks import FaceModels
from .quality import Quality
from .thresholds import Gates

LIGHT = 110.0
"""Mean grey level to which a frame is brought before a face is followed in it."""
MANY = 24
"""Of more frames than this every second is looked at."""
GRAIN = 1 / 270
"""Width of the blur before that, of the picture's longer side."""
LOOK_AGAIN = 8
"""Frames after which the detector is asked anew even where the mesh holds."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A picture in which a face was found."""

    picture: Picture
    face: Face
    mesh: Mesh
    quality: Quality
    crowd: bool
    """another face is large enough to be a second person"""
    gates: Gates

    def problem(self, *, portrait: bool = False) -> str | None:
        """Why this picture cannot be judged, as a code of REASONS; None when it can."""
        if self.crowd:
            return "portrait_many_faces" if portrait else "many_faces"
        return self.quality.problem(self.gates, portrait=portrait)


def look(models: FaceModels, picture: Picture) -> Sight | None:
    """The largest face; None when there is none, or when the mesh network does not believe in it."""
    faces = find_faces(models.detector, picture)
    if not faces:
        return None
    mesh = fit_mesh(models.mesh, picture, faces[0])
    if mesh.presence < quality.PRESENCE:
        return None
    gates = models.thresholds.quality
    return Sight(picture, faces[0], mesh, quality.measure(picture, faces[0], mesh), quality.rivals(faces, gates), gates)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the face is in one frame of a clip."""

    face: Face
    mesh: Mesh
    crowd: bool


def watch(models: FaceModels, frames: Sequence[Picture], spots: Sequence[Spot | None]) -> list[Sight | None]:
    """A sight of each frame in which `follow` has found the face."""
    gates = models.thresholds.quality
    return [
        Sight(frame, spot.face, spot.mesh, quality.measure(frame, spot.face, spot.mesh), spot.crowd, gates) if spot else None
        for frame, spot in zip(frames, spots, strict=True)
    ]


def follow(models: FaceModels, frames: Sequence[Picture]) -> list[Spot | None]:
    """The face in each frame of a clip whose colours jump; None where no face is believed in.

    Under one colour of light a face may be black in two channels, so faces are sought in the brightest, evenly lit. The detector looks at
    every eighth frame and wherever the mesh was lost; between, the mesh starts from where it was. Of many frames every second is looked
    at, and a face seen on both sides is taken to have moved evenly between.
    """
    step = 2 if len(frames) > MANY else 1
    found: list[Spot | None] = [None] * len(frames)
    found[::step] = _followed(models, frames[::step])
    for n in range(1, len(frames), 2) if step == 2 else ():
        before, after = found[n - 1], found[n + 1] if n + 1 < len(frames) else found[n - 1]
        if before and after:
            mesh = Mesh((before.mesh.points + after.mesh.points) / 2, min(before.mesh.presence, after.mesh.presence))
            found[n] = Spot(_moved(before.face, before.mesh, mesh), mesh, before.crowd)
    return found


def _followed(models: FaceModels, frames: Sequence[Picture]) -> list[Spot | None]:
    found: list[Spot | None] = []
    for number, frame in enumerate(frames):
        grey = evened(frame)
        last = found[-1] if found and number % LOOK_AGAIN else None
        mesh = fit_mesh(models.mesh, grey, _around(last.mesh)) if last else None
        if last and mesh and mesh.presence >= quality.PRESENCE:
            found.append(Spot(_moved(last.face, last.mesh, mesh), mesh, last.crowd))
        else:
            found.append(_sought(models, grey))
    return found


def _sought(models: FaceModels, grey: Picture) -> Spot | None:
    faces = find_faces(models.detector, grey)
    mesh = fit_mesh(models.mesh, grey, faces[0]) if faces else None
    if mesh is None or mesh.presence < quality.PRESENCE:
        return None
    return Spot(faces[0], mesh, quality.rivals(faces, models.thresholds.quality))


def evened(frame: Picture) -> Picture:
    """A grey picture of the light that there is, three equal channels, without the grain in which the networks lose a face in the dark."""
    means = np.maximum(cv2.mean(frame)[:3], 1)
    grey = cv2.transform(frame, (means / means.sum())[None].astype(np.float32))
    grey = cv2.GaussianBlur(grey, (0, 0), GRAIN * max(frame.shape))
    rows, columns = grey.shape
    middle = grey[rows // 5 : rows * 4 // 5, columns // 5 : columns * 4 // 5].mean()
    return cv2.cvtColor(cv2.convertScaleAbs(grey, alpha=min(4.0, LIGHT / max(float(middle), 1))), cv2.COLOR_GRAY2RGB)


def _around(mesh: Mesh) -> Face:
    """A face for the mesh network to start from, where the mesh was."""
    flat = mesh.points[:, :2]
    low, high = flat.min(0), flat.max(0)
    return Face((*map(float, low), *map(float, high)), 1.0, mesh.five()[:2])


def _moved(face: Face, before: Mesh, now: Mesh) -> Face:
    """The detector's face, carried along by the mesh: cut-outs that follow the box keep the size they were trained with."""
    turn = similarity(before.points[:, :2], now.points[:, :2])
    grown = float(np.hypot(turn[0, 0], turn[1, 0]))
    centre = turn[:, :2] @ np.array(face.centre) + turn[:, 2]
    half = np.array([face.box[2] - face.box[0], face.box[3] - face.box[1]]) / 2 * grown
    return Face((*map(float, centre - half), *map(float, centre + half)), face.score, face.eyes @ turn[:, :2].T + turn[:, 2])


def similarity(at: np.ndarray, home: np.ndarray) -> np.ndarray:
    """(2, 3): the turn, scale and shift that bring the points `at` (n, 2) nearest to `home` (least squares)."""
    a, b = at - at.mean(0), home - home.mean(0)
    power = max(float((a**2).sum()), 1e-6)
    cos, sin = float((a * b).sum()) / power, float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / power
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.concatenate([turn, (home.mean(0) - turn @ at.mean(0))[:, None]], axis=1)


def embed_sights(models: FaceModels, sights: Sequence[Sight]) -> np.ndarray:
    """Unit embeddings, (n, 192)."""
    if not sights:
        return np.empty((0, LENGTH), np.float32)
    return embed(models.embedder, [align(s.picture, s.mesh.five()) for s in sights])
