"""All tables of all rooms: importing every `store` module fills `kit.tables`."""

import importlib
import pkgutil
import warnings

from sqlalchemy import MetaData

import xinqiao
from xinqiao.kit import idempotency, tables

__all__ = ["all_tables", "idempotency"]


def all_tables() -> MetaData:
    """Import each room's store (a module `store`, or a package of that name) and return the one metadata."""
    for module in pkgutil.walk_packages(xinqiao.__path__, "xinqiao.", onerror=lambda name: warnings.warn(name, stacklevel=2)):
        if "store" in module.name.split(".")[2:]:
            try:
                importlib.import_module(module.name)
            except Exception as error:
                warnings.warn(f"{module.name}: {error}", stacklevel=2)
    return tables
