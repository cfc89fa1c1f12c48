"""Is this face good enough to judge? Gates in the spirit of ISO/IEC 29794-5, each with an instruction a person can follow.

The bounds are this product's own, set so that hardly any live NUAA frame is turned away (CARD.md); the standard's measures differ in detail.
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

EYES_APART = 36.0
"""Pixels between the eyes that a selfie needs; a portrait needs PORTRAIT_EYES_APART."""
PORTRAIT_EYES_APART = 24.0
WIDEST_SHARE = 0.95
RIVAL_SHARE = 0.45
DARKEST, BRIGHTEST = 40.0, 225.0
MOST_BURNT = 0.5
UNEVEN = 3.5
SHARPEST_BLUR = 12.0
YAW, PITCH, ROLL = 28.0, 28.0, 35.0
PRESENCE = 0.5


@dataclass(frozen=True, slots=True)
class Quality:
    eyes_apart: float
    """pixels"""
    share: float
    """face width over picture width"""
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

    def problem(self, *, portrait: bool = False) -> str | None:
        """The first gate that does not hold, as a code of REASONS; None when all hold."""
        gates = (
            ("too_small", self.eyes_apart < (PORTRAIT_EYES_APART if portrait else EYES_APART)),
            ("too_close", not portrait and self.share > WIDEST_SHARE),
            ("turned_away", abs(self.yaw) > YAW or abs(self.pitch) > PITCH or abs(self.roll) > ROLL),
            ("too_dark", self.light < DARKEST),
            ("too_bright", self.light > BRIGHTEST or self.burnt > MOST_BURNT),
            ("uneven_light", self.unevenness > UNEVEN),
            ("blurred", self.sharpness < SHARPEST_BLUR),
        )
        return next((code for code, broken in gates if broken), None)

    def rank(self) -> float:
        """Larger is better: how well this frame will serve the match."""
        return min(self.sharpness, 400.0) / 400 - (abs(self.yaw) + abs(self.pitch)) / 30 - abs(self.light - 125) / 250


def measure(picture: Picture, face: Face, mesh: Mesh) -> Quality:
    aligned = align(picture, mesh.five())
    luma = cv2.cvtColor(aligned, cv2.COLOR_RGB2GRAY).astype(np.float32)[24:104, 16:96]
    halves = sorted([float(luma[:, :40].mean()), float(luma[:, 40:].mean())])
    return Quality(
        eyes_apart=mesh.eye_distance(),
        share=(face.box[2] - face.box[0]) / picture.shape[1],
        light=float(luma.mean()),
        burnt=float((luma >= 250).mean()),
        unevenness=(halves[1] + 1) / (halves[0] + 1),
        sharpness=float(cv2.Laplacian(cv2.GaussianBlur(luma, (0, 0), 1.0), cv2.CV_32F).var()),
        **dict(zip(("yaw", "pitch", "roll"), mesh.pose(), strict=True)),
    )


def rivals(faces: Sequence[Face]) -> bool:
    """Whether a second face is large enough to be a second person rather than a poster far behind."""
    return len(faces) > 1 and faces[1].side > RIVAL_SHARE * faces[0].side
