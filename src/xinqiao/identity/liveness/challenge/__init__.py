"""A one-time sequence of colours that the applicant's screen shows while the camera records, and what the recording says of it."""

from .answer import Answer, analyse, analyse_meshes
from .model import Challenge, Slot
from .service import issue, verify

__all__ = ["Answer", "Challenge", "Slot", "analyse", "analyse_meshes", "issue", "verify"]
