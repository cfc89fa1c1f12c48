"""The whole book: balances, vintages, and the daily ageing of all loans."""

from .model import By, Line, Point
from .service import age_all, balances, vintage_curves

__all__ = ["By", "Line", "Point", "age_all", "balances", "vintage_curves"]
