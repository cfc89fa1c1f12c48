"""The face mesh in every frame of a clip whose colours jump: found in grey, followed from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ...detection import Face, find_faces
from ...media import Picture
from ...mesh import EYES, Mesh, fit_mesh
from ...networks import FaceModels
from ...quality import PRESENCE

LIGHT = 110.0
"""Mean grey level to which a frame is brought before a face is sought in it."""
MANY = 24
LOOK_AGAIN = 8
"""Frames after which the detector is asked anew even where the mesh holds."""


def follow(models: FaceModels, frames: Sequence[Picture]) -> list[Mesh | None]:
    """One mesh a frame, None where no face is believed in.

    Under one colour of light a face may be black in two channels, so faces are sought in the brightest, evenly lit. The detector looks at
    every eighth frame and wherever the mesh was lost; between, the mesh starts from where it was. Of many frames every second is looked
    at, and a face seen on both sides is taken to have moved evenly between.
    """
    step = 2 if len(frames) > MANY else 1
    looked = _look(models, frames[::step])
    found: list[Mesh | None] = [None] * len(frames)
    found[::step] = looked
    if step == 2:
        for n in range(1, len(frames), 2):
            before, after = found[n - 1], found[n + 1] if n + 1 < len(frames) else found[n - 1]
            if before and after:
                found[n] = Mesh((before.points + after.points) / 2, min(before.presence, after.presence))
    return found


def _look(models: FaceModels, frames: Sequence[Picture]) -> list[Mesh | None]:
    found: list[Mesh | None] = []
    for number, frame in enumerate(frames):
        grey = evened(frame)
        last = found[-1] if found and number % LOOK_AGAIN else None
        mesh = fit_mesh(models.mesh, grey, _around(last)) if last else None
        if mesh is None or mesh.presence < PRESENCE:
            face = next(iter(find_faces(models.detector, grey)), None)
            mesh = fit_mesh(models.mesh, grey, face) if face else None
        found.append(mesh if mesh and mesh.presence >= PRESENCE else None)
    return found


def evened(frame: Picture) -> Picture:
    """A grey picture of the light that there is, three equal channels."""
    means = np.maximum(frame.reshape(-1, 3).mean(0), 1)
    weights = means / means.sum()
    grey = frame @ weights.astype(np.float32)
    rows, columns = grey.shape
    middle = grey[rows // 5 : rows * 4 // 5, columns // 5 : columns * 4 // 5].mean()
    bright = np.clip(grey * min(4.0, LIGHT / max(float(middle), 1)), 0, 255).astype(np.uint8)
    return cv2.cvtColor(bright, cv2.COLOR_GRAY2RGB)


def _around(mesh: Mesh) -> Face:
    flat = mesh.points[:, :2]
    low, high = flat.min(0), flat.max(0)
    return Face((*map(float, low), *map(float, high)), 1.0, np.stack([flat[list(pair)].mean(0) for pair in EYES]))
