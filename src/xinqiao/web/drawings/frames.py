"""A frame of a recording with what was found in it: the face's box, the mesh, how strongly each place answered the screen's light."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .canvas import Element, add, label, near, picture, text_of

LONGEST = 480
"""Pixels of the longer side, as sent."""
STEPS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Bounds of the seven colours of an answer; plain skin answers 1 in the mean."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame, and what was found in it, in its own pixels."""

    pixels: np.ndarray
    """uint8, (height, width, 3), RGB"""
    box: tuple[float, float, float, float] | None
    """left, top, right, bottom"""
    points: np.ndarray | None
    """(468, 2) or (468, 3)"""
    answer: np.ndarray | None = None
    """(468,)"""


def frame(name: str, seen: Seen, *, title: str, desc: str, said: str, language: str) -> str:
    """One SVG that holds the frame itself as JPEG and each finding as a layer that a style sheet can hide: `box`, `mesh`, `answer`.

    `said` is what is wrong with the frame, drawn at its foot; empty where nothing is.
    """
    small, by = _small(seen.pixels)
    tall, wide = small.shape[:2]
    svg = picture(name, (wide, tall), title=title, desc=desc, language=language, kind="chart seen")
    add(svg, "image", href=_jpeg(small), width=wide, height=tall)
    if seen.points is not None:
        places = seen.points[:, :2] * by
        if seen.answer is not None:
            _answer(svg, places, seen.answer, wide / 60)
        add(svg, "path", d=_dots(places), class_="layer mesh")
    if seen.box is not None:
        left, top, right, bottom = (value * by for value in seen.box)
        add(svg, "rect", x=left, y=top, width=right - left, height=bottom - top, class_="layer box under")
        add(svg, "rect", x=left, y=top, width=right - left, height=bottom - top, class_="layer box")
    if said:
        add(svg, "rect", x=0, y=tall - 34, width=wide, height=34, class_="layer wrong")
        label(svg, wide / 2, tall - 12, said, anchor="middle", kind="layer wrong-word")
    return text_of(svg)


def _small(pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """The frame as sent, and its share of the size that it had."""
    by = min(1.0, LONGEST / max(pixels.shape[:2]))
    if by == 1.0:
        return pixels, by
    size = (round(pixels.shape[1] * by), round(pixels.shape[0] * by))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)), by


def _jpeg(pixels: np.ndarray) -> str:
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(held.getvalue()).decode()}"


def _answer(svg: Element, places: np.ndarray, answer: np.ndarray, width: float) -> None:
    """Each place in the colour of its answer; the colours run from dark blue to yellow, which every kind of sight tells apart."""
    layer = add(svg, "g", class_="layer answer", stroke_width=max(3.0, width))
    steps = np.searchsorted(STEPS, answer, side="right")
    for step in range(len(STEPS) + 1):
        chosen = places[steps == step]
        if len(chosen):
            add(layer, "path", d=_dots(chosen), class_=f"a{step}")


def _dots(places: np.ndarray | Sequence[Sequence[float]]) -> str:
    """Lines without length: round ends make them dots."""
    return "".join(f"M{near(float(x))} {near(float(y))}h0" for x, y in places)
