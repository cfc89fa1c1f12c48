"""One application with its evidence, gathered room by room for one page. What personal data it shows is masked, or was asked for by name."""

from .accessed import accesses
from .decided import replays
from .held import UNMASK_FOR
from .page import gather
from .receipts import consent_row
from .telling import timeline

__all__ = ["UNMASK_FOR", "accesses", "consent_row", "gather", "replays", "timeline"]
