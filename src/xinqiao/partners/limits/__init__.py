"""Rate limits that hold across processes: a token bucket for each partner and route, in PostgreSQL."""

from .model import Limit, RateLimited
from .service import DEFAULTS, limit_of, take

__all__ = ["DEFAULTS", "Limit", "RateLimited", "limit_of", "take"]
