"""The 468-point face mesh (Kartynnik et al. 2019, arXiv 1907.06724) and what is read off it: five points, pose, eye opening."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import onnxruntime

from .detection import Face
from .media import Picture
from .networks import run

SIDE = 192
MARGIN = 1.5
PITCH_AT_REST = 0.0

OUTER_EYES, NOSE_TIP, MOUTH_CORNERS, FOREHEAD, CHIN = (33, 263), 1, (61, 291), 10, 152
EYES = ((33, 133), (362, 263))
LIDS = (((160, 144), (158, 153)), ((385, 380), (387, 373)))


@dataclass(frozen=True, slots=True)
class Mesh:
    """`points`: (468, 3) in pixels of the picture, z away from the camera; `presence`: the network's belief that this is a face, 0-1."""

    points: np.ndarray
    presence: float

    def five(self) -> np.ndarray:
        """(5, 2): eye centres, nose tip, mouth corners, each pair from the picture's left."""
        flat = self.points[:, :2]
        eyes = [flat[list(pair)].mean(0) for pair in EYES]
        return np.stack([*eyes, flat[NOSE_TIP], *flat[list(MOUTH_CORNERS)]])

    def eye_distance(self) -> float:
        """Pixels between the eye centres, in the picture's plane."""
        eyes = self.five()[:2]
        return float(np.linalg.norm(eyes[1] - eyes[0]))

    def pose(self) -> tuple[float, float, float]:
        """Yaw, pitch, roll in degrees; zero is facing the camera upright."""
        across = self.points[OUTER_EYES[1]] - self.points[OUTER_EYES[0]]
        down = self.points[CHIN] - self.points[FOREHEAD]
        yaw = np.degrees(np.arctan2(across[2], np.hypot(across[0], across[1])))
        pitch = np.degrees(np.arctan2(down[2], np.hypot(down[0], down[1]))) - PITCH_AT_REST
        return float(yaw), float(pitch), float(np.degrees(np.arctan2(across[1], across[0])))

    def eye_opening(self) -> float:
        """Lid gap over eye width, mean of both eyes (Soukupova and Cech 2016); about .3 open, under .15 closed."""
        flat = self.points[:, :2]
        ratios = []
        for (outer, inner), lids in zip(EYES, LIDS, strict=True):
            gap = np.mean([np.linalg.norm(flat[a] - flat[b]) for a, b in lids])
            ratios.append(gap / max(1e-6, np.linalg.norm(flat[outer] - flat[inner])))
        return float(np.mean(ratios))


def fit_mesh(session: onnxruntime.InferenceSession, picture: Picture, face: Face) -> Mesh:
    """Fit the mesh inside a square turned so that the eyes are level and 1.5 times as wide as the face."""
    forward = _to_square(face)
    crop = cv2.warpAffine(picture, forward, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    points, flag = sorted(run(session, crop[None].astype(np.float32) / 255), key=lambda o: -o.size)
    local = points.reshape(-1, 3)
    back = cv2.invertAffineTransform(forward)
    flat = local[:, :2] @ back[:, :2].T + back[:, 2]
    depth = local[:, 2:] * np.hypot(back[0, 0], back[1, 0])
    return Mesh(np.concatenate([flat, depth], axis=1), float(1 / (1 + np.exp(-float(flag.reshape(-1)[0])))))


def _to_square(face: Face) -> np.ndarray:
    (x, y), across = face.centre, face.eyes[1] - face.eyes[0]
    angle = np.arctan2(across[1], across[0])
    scale = SIDE / (face.side * MARGIN)
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    turn = np.array([[cos, sin], [-sin, cos]])
    shift = np.array([SIDE / 2, SIDE / 2]) - turn @ np.array([x, y])
    return np.concatenate([turn, shift[:, None]], axis=1)
