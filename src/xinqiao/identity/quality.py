"""Is this face good enough to judge? Gates in the spirit of ISO/IEC 29794-5, each with an instruction a person can follow.

The bounds are data (`quality` in weights/thresholds.json), this product's own, set so that hardly any live NUAA frame is turned away (CARD.md);
the standard's measures differ in detail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .detection import Face
from .match import align
from .media import Picture
from .mesh import Mesh
from .thresholds import Gates

PRESENCE = 0.5
# Where things lie in a face aligned to 112 pixels (match.PLACES), as rows and columns.
EYES = (slice(43, 60), (slice(26, 51), slice(61, 86)))
CHEEKS = (slice(64, 80), (slice(28, 40), slice(72, 84)))
UPPER = ((slice(60, 66), slice(50, 62)), (slice(22, 34), slice(40, 72)))
LOWER = ((slice(100, 110), slice(44, 68)), (slice(80, 86), slice(46, 66)))
MOUTH = (slice(82, 102), slice(44, 68))


@dataclass(frozen=True, slots=True)
class Quality:
    eyes_apart: float
    """pixels"""
    share: float
    """face width over picture width"""
    outside: float
    """share of the mesh's points that lie beyond the picture's edge"""
    light: float
    """mean luma of the face, 0-255"""
    burnt: float
    """share of the face's pixels at 250 or above"""
    unevenness: float
    """brighter half's luma over darker half's"""
    sharpness: float
    """variance of the Laplacian of the aligned face, after a light blur that takes sensor noise away"""
    yaw: float
    pitch: float
    roll: float
    eye_opening: float
    """lid gap over eye width"""
    eye_light: float
    """the brightest tenth around the darker eye over the cheeks' luma: dark glasses leave no bright spot"""
    colour_step: float
    """chroma distance between the face above and below the nose: a coloured mask"""
    mouth_relief: float
    """contrast between the rows of the mouth: a mask has no lips"""
    mouth_colour: float
    """spread of redness between the rows of the mouth"""

    def problem(self, gates: Gates, *, portrait: bool = False) -> str | None:
        """The first gate that does not hold, as a code of REASONS; None when all hold. A portrait is held to the first gates alone."""
        g = gates
        common = (
            ("too_small", self.eyes_apart < (g.portrait_eyes_apart_least if portrait else g.eyes_apart_least)),
            ("too_close", not portrait and self.share > g.share_most),
            ("cut_off", not portrait and self.outside > g.outside_most),
            ("turned_away", abs(self.yaw) > g.yaw_most or abs(self.pitch) > g.pitch_most or abs(self.roll) > g.roll_most),
            ("too_dark", self.light < g.light_least),
            ("too_bright", self.light > g.light_most or self.burnt > g.burnt_most),
            ("uneven_light", self.unevenness > g.unevenness_most),
            ("blurred", self.sharpness < g.sharpness_least),
        )
        covered = self.mouth_relief < g.mouth_relief_least and self.mouth_colour < g.mouth_colour_least
        selfie = (
            ("eyes_hidden", self.eye_light < g.eye_light_least),
            ("eyes_closed", self.eye_opening < g.eye_opening_least),
            ("face_covered", covered or self.colour_step > g.colour_step_most),
        )
        return next((code for code, broken in (common if portrait else common + selfie) if broken), None)

    def rank(self) -> float:
        """Larger is better: how well this frame will serve the match."""
        return min(self.sharpness, 400.0) / 400 - (abs(self.yaw) + abs(self.pitch)) / 30 - abs(self.light - 125) / 250


def measure(picture: Picture, face: Face, mesh: Mesh) -> Quality:
    aligned = align(picture, mesh.five())
    colours = cv2.cvtColor(aligned, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    luma = colours[24:104, 16:96, 0]
    halves = sorted([float(luma[:, :40].mean()), float(luma[:, 40:].mean())])
    return Quality(
        eyes_apart=mesh.eye_distance(),
        share=(face.box[2] - face.box[0]) / picture.shape[1],
        outside=_outside(mesh, picture),
        light=float(luma.mean()),
        burnt=float((luma >= 250).mean()),
        unevenness=(halves[1] + 1) / (halves[0] + 1),
        sharpness=float(cv2.Laplacian(cv2.GaussianBlur(luma, (0, 0), 1.0), cv2.CV_32F).var()),
        **dict(zip(("yaw", "pitch", "roll"), mesh.pose(), strict=True)),
        eye_opening=mesh.eye_opening(),
        eye_light=_eye_light(colours[..., 0]),
        **_lower_face(colours),
    )


def _outside(mesh: Mesh, picture: Picture) -> float:
    x, y = mesh.points[:, 0], mesh.points[:, 1]
    return float(((x < 0) | (y < 0) | (x >= picture.shape[1]) | (y >= picture.shape[0])).mean())


def _eye_light(luma: np.ndarray) -> float:
    cheeks = np.mean([luma[CHEEKS[0], columns].mean() for columns in CHEEKS[1]])
    return float(min(np.percentile(luma[EYES[0], columns], 90) for columns in EYES[1]) / (cheeks + 1))


def _lower_face(colours: np.ndarray) -> dict[str, float]:
    upper, lower = (np.median(np.concatenate([colours[part].reshape(-1, 3) for part in parts]), axis=0) for parts in (UPPER, LOWER))
    rows = cv2.GaussianBlur(colours[MOUTH], (0, 0), 1.5).mean(1)
    return {
        "colour_step": float(np.hypot(*(upper - lower)[1:])),
        "mouth_relief": float(np.ptp(rows[:, 0]) / (rows[:, 0].mean() + 1)),
        "mouth_colour": float(np.ptp(rows[:, 1])),
    }


def rivals(faces: Sequence[Face], gates: Gates) -> bool:
    """Whether a second face is large enough to be a second person rather than a poster far behind."""
    return len(faces) > 1 and faces[1].side > gates.rival_share * faces[0].side
