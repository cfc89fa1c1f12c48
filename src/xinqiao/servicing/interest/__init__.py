"""Interest that is worked out anew, going forward, as payouts, rates and payments come."""

from .factors import annuity, context, growth, rate_factor
from .model import Due, InterestModel, Payoff, Period, Stretch

__all__ = ["Due", "InterestModel", "Payoff", "Period", "Stretch", "annuity", "context", "growth", "rate_factor"]
