"""A token bucket: `burst` tokens at most, refilled at a steady rate. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xinqiao.kit import Refused


class RateLimited(Refused):
    """`retry_after` is in whole seconds, as the Retry-After header wants it (RFC 9110 §10.2.3)."""

    code = "partners.rate_limited"
    status = 429
    says = "Too many requests to {0}; try again in {1} seconds."
    says_zh = "对 {0} 的请求过多；请在 {1} 秒后重试。"

    def __init__(self, route: str, retry_after: int) -> None:
        super().__init__(route, retry_after)
        self.retry_after = retry_after


SLACK = 1e-6
"""Of a token: what binary fractions may be short of a whole one."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `burst` requests at once, and `per_minute` in the long run."""

    burst: int
    per_minute: int

    def __post_init__(self) -> None:
        if self.burst < 1 or self.per_minute < 1:
            raise ValueError(f"a limit needs a burst and a rate of at least 1, got {self}")

    @property
    def per_second(self) -> float:
        return self.per_minute / 60

    def wait(self, tokens: float, cost: int) -> int:
        """Whole seconds until `cost` tokens are there; at least 1."""
        return max(1, math.ceil((cost - tokens - SLACK) / self.per_second))
