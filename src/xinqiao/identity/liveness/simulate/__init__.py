"""Capture sessions with ground truth, rendered: people, prints, replays, masks, in colour, near infrared and depth. All *simulated*."""

from .camera import decode, encode
from .film import Session, film
from .scene import DEVICES, ROOMS, SPECIES, Scene, draw

__all__ = ["DEVICES", "ROOMS", "SPECIES", "Scene", "Session", "decode", "draw", "encode", "film"]
