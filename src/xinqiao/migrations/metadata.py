"""All tables of all rooms: importing every `store` module fills `kit.tables`."""

import importlib
from pathlib import Path

from sqlalchemy import MetaData

import xinqiao
from xinqiao.kit import idempotency, tables

__all__ = ["all_tables", "idempotency"]

ROOT = Path(xinqiao.__file__).parent


def all_tables() -> MetaData:
    """Import each room's `store.py`, or the modules of its `store/`, and return the one metadata."""
    for path in sorted([*ROOT.glob("*/**/store.py"), *ROOT.glob("*/**/store/*.py")]):
        module = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
        importlib.import_module(module)
    return tables
