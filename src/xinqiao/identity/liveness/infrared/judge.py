"""Near infrared, judged: is the face there, lit, in its place and not made from the colour picture; and does it look like skin?"""

from __future__ import annotations

import cv2
import numpy as np

from ...detection import Face, find_faces
from ...media import Picture
from ...mesh import Mesh, fit_mesh
from ...model import Signal, State
from ...networks import FaceModels, run
from ...quality import PRESENCE
from ..decide import Evidence
from ..found import Found
from .crop import square, views
from .model import bounds

DARK, BURNT = 22, 250
"""Grey levels: a face whose brightest tenth lies below `DARK` shows nothing; `BURNT` and above is lost."""
BURNT_MOST = 0.35
"""Share of the face that may be burnt out: a lamp's glare on glasses is less."""
EYES_APART_LEAST = 24.0
"""Pixels."""
ELSEWHERE = 0.55
"""Face widths between its place in colour and in near infrared: two cameras side by side at arm's length differ by less."""
COPIED = 0.97
"""Correlation of the finest detail of both pictures, noise included: two sensors never share their noise."""
TIGHT = 96
"""Pixels a side of the face alone, for what is measured without a network."""
AROUND = 1.7
SURE = 0.75
"""The detector's belief from which the mesh is not asked as well: 98 of 100 living faces (simulated) reach it, hardly a print does."""
NOT_THERE = 0.01
"""The probability of life that a face leaves which near infrared does not see."""


def judge(models: FaceModels, picture: np.ndarray, mesh: Mesh | None = None, *, colour: Picture | None = None) -> Found:
    """`picture`: uint8, (rows, columns) or (rows, columns, 3); `mesh`: the face in the colour picture `colour` of the same view, where one was found."""
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    place = _expected(mesh, colour, grey)
    face = _face(models, grey, place)
    if face is None:
        return _absent(grey, place)
    tight = square(grey, face, 1.0, TIGHT)
    if trouble := _unfit(tight, face):
        return _again(face.score, trouble)
    if place is not None and _away(face, place) > ELSEWHERE:
        return _refused(_away(face, place), "infrared_elsewhere")
    if colour is not None and (alike := _alike(tight, grey, colour, face)) > COPIED:
        return _refused(alike, "infrared_copy")
    return _texture(models, grey, face)


def _expected(mesh: Mesh | None, colour: Picture | None, grey: np.ndarray) -> np.ndarray | None:
    """Middle and width of the face in near infrared (x, y, width), if both cameras had the same view."""
    if mesh is None or colour is None:
        return None
    scale = np.array([grey.shape[1] / colour.shape[1], grey.shape[0] / colour.shape[0]])
    low, high = mesh.points[:, :2].min(0) * scale, mesh.points[:, :2].max(0) * scale
    return np.array([*((low + high) / 2), float(high[0] - low[0])])


def _face(models: FaceModels, grey: np.ndarray, place: np.ndarray | None) -> Face | None:
    """In the whole picture, or else around the place where colour shows one: a second look costs as much as the first."""
    found = find_faces(models.detector, grey, closer=False) or _nearby(models, grey, place)
    if not found or (found[0].score < SURE and fit_mesh(models.mesh, cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), found[0]).presence < PRESENCE):
        return None  # a glare on glass now and then looks a little like a face
    return found[0]


def _nearby(models: FaceModels, grey: np.ndarray, place: np.ndarray | None) -> list[Face]:
    if place is None:
        return []
    half = place[2] * AROUND
    left, top = (int(max(0, v - half)) for v in place[:2])
    part = grey[top : int(place[1] + half), left : int(place[0] + half)]
    near = find_faces(models.detector, part, closer=False) if min(part.shape[:2]) >= 32 else []
    return [_moved(face, left, top) for face in near]


def _moved(face: Face, x: int, y: int) -> Face:
    left, top, right, bottom = face.box
    return Face((left + x, top + y, right + x, bottom + y), face.score, face.eyes + np.array([x, y]))


def _absent(grey: np.ndarray, place: np.ndarray | None) -> Found:
    """No face: the picture's fault, the lamp's, or an attack's. Without a colour picture to compare with, nobody knows."""
    if place is None:
        trouble = "infrared_dark" if np.percentile(grey, 98) < DARK else "no_face"
        return _again(None, trouble)
    half = place[2] / 2
    (left, right), (top, bottom) = ((int(max(0, v - half)), int(max(1, v + half))) for v in place[:2])
    part = grey[top:bottom, left:right]
    if part.size and (part >= BURNT).mean() > BURNT_MOST:
        return _again(None, "infrared_bright")
    if np.percentile(grey, 98) < DARK:
        return _again(None, "infrared_dark")
    return _refused(0.0, "infrared_no_face")


def _unfit(crop: np.ndarray, face: Face) -> str | None:
    if float(np.linalg.norm(face.eyes[1] - face.eyes[0])) < EYES_APART_LEAST:
        return "too_small"
    if (crop >= BURNT).mean() > BURNT_MOST:
        return "infrared_bright"
    return "infrared_dark" if np.percentile(crop, 90) < DARK else None


def _away(face: Face, place: np.ndarray) -> float:
    """Face widths from where it was expected, in place or in size."""
    size = abs(float(np.log(max(face.side, 1.0) / max(place[2], 1.0))))
    return max(float(np.hypot(face.centre[0] - place[0], face.centre[1] - place[1]) / max(place[2], 1.0)), size - 0.25)


def _alike(crop: np.ndarray, grey: np.ndarray, colour: Picture, face: Face) -> float:
    if grey.shape != colour.shape[:2]:
        return 0.0
    fine = []
    for part in (crop, square(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), face, 1.0, TIGHT)):
        value = part.astype(np.float32)
        fine.append((value - cv2.GaussianBlur(value, (0, 0), 1.2)).ravel())
    return float(np.corrcoef(*fine)[0, 1]) if min(float(f.std()) for f in fine) > 0.3 else 0.0


def _texture(models: FaceModels, grey: np.ndarray, face: Face) -> Found:
    there = Signal("infrared_face", State.PASS, face.score)
    if models.infrared is None:
        return Found((there, Signal("infrared_texture", State.NOT_RUN, None, "not_run")), None)
    known = bounds()
    odds = float(run(models.infrared, views(square(grey, face)))[0].mean())
    score = float(1 / (1 + np.exp(-np.clip(known.scale * odds + known.shift, -30, 30))))
    state = known.band.state(score)
    texture = Signal("infrared_texture", state, score, {State.REFER: "infrared_unsure", State.FAIL: "infrared_mask"}.get(state))
    return Found((there, texture), Evidence(score))


def _again(value: float | None, reason: str) -> Found:
    return Found((Signal("infrared_face", State.RETRY, value, reason), Signal("infrared_texture", State.NOT_RUN, None, "not_run")), None)


def _refused(value: float, reason: str) -> Found:
    silent = Signal("infrared_texture", State.NOT_RUN, None, "not_run")
    return Found((Signal("infrared_face", State.FAIL, value, reason), silent), Evidence(NOT_THERE))
