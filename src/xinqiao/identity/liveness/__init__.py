"""Is a living person before the camera? `check_file` and `check_capture` ask every signal and fuse them; `identity.service` asks some."""

from . import temporal, texture
from .check import Beside, check_capture, check_file
from .crops import two_crops
from .decide import Label, Verdict
from .decode import Capture, read_capture
from .signals import best, length_signal, motion_signal, one_person_signal, quality_signal, texture_signal

__all__ = [
    "Beside",
    "Capture",
    "Label",
    "Verdict",
    "best",
    "check_capture",
    "check_file",
    "length_signal",
    "motion_signal",
    "one_person_signal",
    "quality_signal",
    "read_capture",
    "temporal",
    "texture",
    "texture_signal",
    "two_crops",
]
