"""Is a living person before the camera? Signals on crops (texture) and on the clip (temporal); `identity.service` asks them all."""

from . import temporal, texture
from .crops import two_crops

__all__ = ["temporal", "texture", "two_crops"]
