"""The application: checked field by field, taken in once, moved from stage to stage."""

from .errors import FieldError, InvalidFields
from .links import issue_link, open_link, revoke_links
from .model import TRANSITIONS, Application, Kind, Stage
from .products import FORBIDDEN_PURPOSES, LOAN_PURPOSES, PRODUCTS, Product
from .service import Page, counts, erase, get, get_many, move, submit
from .service import list_applications as list

__all__ = [
    "FORBIDDEN_PURPOSES",
    "LOAN_PURPOSES",
    "PRODUCTS",
    "TRANSITIONS",
    "Application",
    "FieldError",
    "InvalidFields",
    "Kind",
    "Page",
    "Product",
    "Stage",
    "counts",
    "erase",
    "get",
    "get_many",
    "issue_link",
    "list",
    "move",
    "open_link",
    "revoke_links",
    "submit",
]
