"""What credit costs in a year: one number that holds interest, guarantee premium and fees together. Pure.

The shown digits are certain: roots are bracketed in 40-digit decimals until both ends round alike. Only `xirr_many`, for whole books, computes
in binary floats, and nothing that a person is shown comes from it.
"""

from .breakdown import breakdown
from .cases import case_of, dated_flows, of_case, read_case
from .chinese import chinese_rate, monthly
from .dates import lent, repaid
from .european import effective_percent, european_percent, years_between
from .model import AnnualRate, Breakdown, Convention, Dated, Flow, Part, Rates, as_percent
from .periods import UnitPeriod, unit_period
from .plans import plan_breakdown
from .rates import of_schedule, rates_of
from .regulation_z import actuarial_percent, regulation_z_percent
from .solving import solve
from .xirr import xirr, xirr_many

__all__ = [
    "AnnualRate",
    "Breakdown",
    "Convention",
    "Dated",
    "Flow",
    "Part",
    "Rates",
    "UnitPeriod",
    "actuarial_percent",
    "as_percent",
    "breakdown",
    "case_of",
    "chinese_rate",
    "dated_flows",
    "effective_percent",
    "european_percent",
    "lent",
    "monthly",
    "of_case",
    "of_schedule",
    "plan_breakdown",
    "rates_of",
    "read_case",
    "regulation_z_percent",
    "repaid",
    "solve",
    "unit_period",
    "xirr",
    "xirr_many",
    "years_between",
]
