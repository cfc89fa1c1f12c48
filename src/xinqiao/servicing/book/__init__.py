"""The whole book: balances, vintages, roll rates, cash flows, and the daily ageing of all loans.

`balances` and `vintage_curves` ask the loans as they stand now; the others tell of a closed day, from sums that its close wrote.
"""

from .days import save_day
from .forecast import ILLUSTRATION, Assumptions, Expected, Per
from .model import By, Concentration, Figure, Line, Point, Share
from .service import age_all, balances, cash_flow, closed_day, concentration, curves, lines, roll_rates, vintage_curves

__all__ = [
    "ILLUSTRATION",
    "Assumptions",
    "By",
    "Concentration",
    "Expected",
    "Figure",
    "Line",
    "Per",
    "Point",
    "Share",
    "age_all",
    "balances",
    "cash_flow",
    "closed_day",
    "concentration",
    "curves",
    "lines",
    "roll_rates",
    "save_day",
    "vintage_curves",
]
