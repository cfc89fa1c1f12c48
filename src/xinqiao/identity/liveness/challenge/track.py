"""The face mesh in every frame of a clip whose colours jump."""

from __future__ import annotations

from collections.abc import Sequence

from ... import observe
from ...media import Picture
from ...mesh import Mesh
from ...networks import FaceModels


def follow(models: FaceModels, frames: Sequence[Picture]) -> list[Mesh | None]:
    """One mesh a frame, None where no face is believed in (`observe.follow`)."""
    return [spot.mesh if spot else None for spot in observe.follow(models, frames)]
