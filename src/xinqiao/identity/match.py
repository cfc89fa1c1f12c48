"""1:1 match: five-point alignment to 112 pixels, a 192-number embedding (Chen et al. 2018, MobileFaceNets, arXiv 1804.07573), cosine."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import onnxruntime

from .media import Picture
from .mesh import Mesh
from .networks import run

SIDE = 112
LENGTH = 192
# Where the five points of an upright face come to lie (Deng et al. 2019, ArcFace, arXiv 1801.07698).
PLACES = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])


def align(picture: Picture, five: np.ndarray) -> Picture:
    """The face turned, scaled and moved onto PLACES: (112, 112, 3) uint8."""
    return cv2.warpAffine(picture, _similarity(five, PLACES)[:2], (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Least-squares similarity, (3, 3) (Umeyama 1991)."""
    a, b = source - source.mean(0), target - target.mean(0)
    u, spread, v = np.linalg.svd(b.T @ a)
    keep = np.diag([1.0, np.sign(np.linalg.det(u) * np.linalg.det(v))])
    turn = u @ keep @ v * (spread @ np.diag(keep)) / max(1e-9, (a**2).sum())
    out = np.eye(3)
    out[:2, :2], out[:2, 2] = turn, target.mean(0) - turn @ source.mean(0)
    return out


def embed(session: onnxruntime.InferenceSession, faces: Sequence[Picture]) -> np.ndarray:
    """Unit embeddings, (n, 192), of aligned faces; each is the mean of the face and its mirror image."""
    return unit(np.stack([_both_ways(session, face) for face in faces]))


def _both_ways(session: onnxruntime.InferenceSession, face: Picture) -> np.ndarray:
    """One face at a time: a larger batch falls out of the processor's cache and takes half as long again."""
    stack = np.stack([face, face[:, ::-1]]).astype(np.float32) / 127.5 - 1
    return unit(run(session, stack)[0]).sum(0)


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def embed_face(session: onnxruntime.InferenceSession, picture: Picture, mesh: Mesh) -> np.ndarray:
    return embed(session, [align(picture, mesh.five())])[0]


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """Cosine, -1 to 1."""
    return float(np.dot(unit(a), unit(b)))
