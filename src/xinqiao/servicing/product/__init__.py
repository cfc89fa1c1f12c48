"""Loan products as data. The vocabulary is in `model`; `check` says what contradicts itself."""

from .check import check_product, check_request
from .model import Product
from .request import Request, Tranche

__all__ = ["Product", "Request", "Tranche", "check_product", "check_request"]
