"""Loan products as data. The vocabulary is in `model`; `check` says what contradicts itself; versions are kept for ever."""

from .bounds import check_request
from .check import check_product
from .document import read_document
from .model import Product
from .request import Request, Tranche
from .service import get_product, products, register
from .standard import standard, standards

__all__ = [
    "Product",
    "Request",
    "Tranche",
    "check_product",
    "check_request",
    "get_product",
    "products",
    "read_document",
    "register",
    "standard",
    "standards",
]
