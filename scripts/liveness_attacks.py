"""Presentation attacks made from live frames: what paper and screens do to light, in image operations.

Each function takes an RGB frame and the face's square (centre x, centre y, side) and gives both back, attacked and moved. After the
winner of the CVPR 2024 face anti-spoofing challenge and FAS-Aug (Cai et al. 2024), who found that such images teach more than real prints do.
"""

from __future__ import annotations

import cv2
import numpy as np

Square = tuple[float, float, float]


def replay(frame: np.ndarray, face: Square, rng: np.random.Generator) -> tuple[np.ndarray, Square]:
    """A screen: its own gamma and blue white, lifted black, pixel grid beating with the sensor (moire), refresh bands, glare, bezel."""
    linear = (frame.astype(np.float32) / 255) ** np.float32(2.2 * rng.uniform(0.8, 1.3)) * rng.uniform(0.6, 1.1) + rng.uniform(0.0, 0.06)
    linear *= np.array([rng.uniform(0.85, 1.0), rng.uniform(0.92, 1.02), rng.uniform(1.0, 1.2)], np.float32)
    linear *= moire(frame.shape, rng)
    if rng.random() < 0.4:
        rows = np.arange(frame.shape[0], dtype=np.float32)[:, None, None]
        linear *= 1 + rng.uniform(0.03, 0.15) * np.sin(2 * np.pi * (rows / frame.shape[0] * rng.uniform(0.7, 4) + rng.random()))
    screen = np.clip(linear, 0, 1) ** np.float32(1 / 2.2) * 255
    dark = rng.uniform(2, 50, 3)
    return present(screen, face, rng, edge=rng.integers(4, 30), colour=dark, glare=rng.random() < 0.5)


def moire(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Beat of two grids: one or two low-frequency waves, slightly curved, a third of a turn apart between the sub-pixels' colours."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    out = np.ones(shape, np.float32)
    for _ in range(rng.integers(1, 3)):
        angle, period, bend = rng.uniform(0, np.pi), rng.uniform(2.2, 28), rng.uniform(-4e-4, 4e-4, 2)
        phase = (x * np.cos(angle) + y * np.sin(angle)) / period + bend[0] * x * x / period + bend[1] * y * y / period
        split, depth = rng.uniform(0, 1 / 3), rng.uniform(0.02, 0.16)
        for channel in range(3):
            out[:, :, channel] *= 1 + depth * np.sin(2 * np.pi * (phase + channel * split))
    return out


def paper(frame: np.ndarray, face: Square, rng: np.random.Generator) -> tuple[np.ndarray, Square]:
    """A print: narrower gamut, colour cast, halftone dots, paper grain, bend with its shading, gloss, white or cut edge."""
    image = frame.astype(np.float32)
    grey = image.mean(-1, keepdims=True)
    image = grey + (image - grey) * rng.uniform(0.45, 0.95)
    image = rng.uniform(10, 50) + image * rng.uniform(0.55, 0.85)
    image *= rng.uniform(0.88, 1.1, 3).astype(np.float32)
    image *= halftone(frame.shape, rng)
    image += cv2.GaussianBlur(rng.standard_normal(frame.shape[:2], np.float32), (0, 0), 0.8)[..., None] * rng.uniform(1, 7)
    image, face = bend(image, face, rng)
    return present(
        image, face, rng, edge=int(rng.integers(0, 40)), colour=rng.uniform(190, 250) * rng.uniform(0.95, 1.0, 3), glare=rng.random() < 0.35
    )


def halftone(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    period, depth = rng.uniform(1.8, 5), rng.uniform(0.0, 0.14)
    out = np.empty(shape, np.float32)
    for channel, angle in enumerate(np.radians([15, 75, 45])):
        u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        out[:, :, channel] = 1 + depth * np.cos(2 * np.pi * u / period) * np.cos(2 * np.pi * v / period)
    return out


def bend(image: np.ndarray, face: Square, rng: np.random.Generator) -> tuple[np.ndarray, Square]:
    """A sheet rolled about an upright or level axis: stretched in the middle, shaded to one side."""
    height, width = image.shape[:2]
    strength = rng.uniform(0, 0.12)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    if rng.random() < 0.5:
        u = x / width - 0.5
        x = x + width * strength * (u**3 * 2 - u * 0.5)
        shade = 1 + rng.uniform(-0.35, 0.35) * u
    else:
        u = y / height - 0.5
        y = y + height * strength * (u**3 * 2 - u * 0.5)
        shade = 1 + rng.uniform(-0.35, 0.35) * u
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) * shade[..., None], face


def present(
    image: np.ndarray,
    face: Square,
    rng: np.random.Generator,
    *,
    edge: int,
    colour: np.ndarray,
    glare: bool,
    corners: np.ndarray | None = None,
) -> tuple[np.ndarray, Square]:
    """Hold the flat picture before a camera: cut around the face, framed, in perspective, before a backdrop, blurred and re-coded.

    The cut is sometimes so wide that no edge shows.
    """
    height, width = image.shape[:2]
    if glare:
        image = image + spot(image.shape, rng)
    framed = cv2.copyMakeBorder(
        np.clip(image, 0, 255).astype(np.float32), *(4 * [edge]), cv2.BORDER_CONSTANT, value=tuple(map(float, colour))
    )
    tall, wide = framed.shape[:2]
    source = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float32)
    shown = rng.uniform(0.55, 1.25)
    centre = np.array([width, height]) / 2 + rng.normal(0, 0.04, 2) * width
    target = (source - [wide / 2, tall / 2]) * shown + rng.normal(0, 0.02, (4, 2)) * width + centre if corners is None else corners
    matrix = cv2.getPerspectiveTransform(source, target.astype(np.float32))
    back = backdrop(image, rng)
    mask = cv2.warpPerspective(np.ones((tall, wide), np.float32), matrix, (width, height), flags=cv2.INTER_AREA)[..., None]
    seen = cv2.warpPerspective(framed, matrix, (width, height), flags=cv2.INTER_LINEAR) * mask + back * (1 - mask)
    seen = cv2.GaussianBlur(seen, (0, 0), float(rng.uniform(0.3, 1.3)))
    seen = np.clip(seen + rng.standard_normal(seen.shape, np.float32) * rng.uniform(0.5, 4), 0, 255).astype(np.uint8)
    return seen, moved(face, matrix, edge)


def moved(face: Square, matrix: np.ndarray, edge: int) -> Square:
    x, y, side = face
    ends = np.array([[[x + edge - side / 2, y + edge], [x + edge + side / 2, y + edge]]], np.float32)
    a, b = cv2.perspectiveTransform(ends, matrix)[0]
    return float((a[0] + b[0]) / 2), float((a[1] + b[1]) / 2), float(np.linalg.norm(b - a))


def backdrop(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture's own surroundings, blurred and mirrored, so that a backdrop's look tells nothing."""
    blurred = cv2.GaussianBlur(image[:, ::-1].astype(np.float32), (0, 0), float(rng.uniform(3, 25)))
    return np.clip(blurred * rng.uniform(0.5, 1.3) + rng.uniform(-20, 20), 0, 255)


def spot(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """A lamp mirrored in glass or gloss."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    cx, cy, sx, sy = rng.uniform(0, shape[1]), rng.uniform(0, shape[0]), rng.uniform(15, 140), rng.uniform(15, 140)
    return (rng.uniform(20, 130) * np.exp(-(((x - cx) / sx) ** 2) - ((y - cy) / sy) ** 2))[..., None]


ATTACKS = {"replay": replay, "paper": paper}
