"""The log of who did what with personal data, which cannot be changed unseen."""

from . import proof
from .errors import LogBroken, NotYetSealed
from .model import Entry, Problem, Recorded, Report
from .proof import Checkpoint, Inclusion
from .service import append, append_aside, append_at, checkpoint, checkpoints, latest, of, page, prove
from .signing import Signer
from .verification import verify

__all__ = [
    "Checkpoint",
    "Entry",
    "Inclusion",
    "LogBroken",
    "NotYetSealed",
    "Problem",
    "Recorded",
    "Report",
    "Signer",
    "append",
    "append_aside",
    "append_at",
    "checkpoint",
    "checkpoints",
    "latest",
    "of",
    "page",
    "proof",
    "prove",
    "verify",
]
