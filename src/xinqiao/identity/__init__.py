"""Face evidence: a living person, the one on the ID portrait. Pure: no database."""

from .errors import FusionUnknown, IdNumberInvalid, ModelsUnavailable
from .media import read_clip, read_image
from .model import IdentityEvidence, Outcome, Signal, State
from .networks import FaceModels
from .reasons import REASONS, Reason
from .replay import replay
from .service import check, sent_meanwhile
from .template import SAME_FACE_BITS, distance

__all__ = [
    "REASONS",
    "SAME_FACE_BITS",
    "FaceModels",
    "FusionUnknown",
    "IdNumberInvalid",
    "IdentityEvidence",
    "ModelsUnavailable",
    "Outcome",
    "Reason",
    "Signal",
    "State",
    "check",
    "distance",
    "read_clip",
    "read_image",
    "replay",
    "sent_meanwhile",
]
