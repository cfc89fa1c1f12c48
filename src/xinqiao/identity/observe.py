"""One picture's face, with all that later steps ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import quality
from .detection import Face, find_faces
from .match import LENGTH, align, embed
from .media import Picture
from .mesh import Mesh, fit_mesh
from .networks import FaceModels
from .quality import Quality
from .thresholds import Gates


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


def embed_sights(models: FaceModels, sights: Sequence[Sight]) -> np.ndarray:
    """Unit embeddings, (n, 192)."""
    if not sights:
        return np.empty((0, LENGTH), np.float32)
    return embed(models.embedder, [align(s.picture, s.mesh.five()) for s in sights])
