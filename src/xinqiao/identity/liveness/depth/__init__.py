"""Depth: a plane or a bent sheet where a face should be, relief that is not this face's, a surface that does not agree with the picture on it."""

from .face import patch
from .judge import judge
from .measure import measure
from .read import read_depth
from .stereo import Pair, ranged

__all__ = ["Pair", "judge", "measure", "patch", "ranged", "read_depth"]
