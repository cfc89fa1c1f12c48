"""The JSON Schema (2020-12) of a product and of a document, from the same annotations that the codec reads. Pure.

`product.schema.json` beside this file is what `json_schema` returns; `scripts/product_schema.py` writes it.
"""

from __future__ import annotations

import ast
import inspect
import types
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin

from xinqiao.kit import Money

from . import model, request
from .codec import hints, pair_names, to_json, words
from .model import DayCount, Product
from .request import Request

DECIMAL = {"type": "string", "pattern": r"^-?\d{1,15}(\.\d{1,20})?$"}
LEAVES: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    str: {"type": "string"},
    date: {"type": "string", "format": "date"},
    Decimal: DECIMAL,
    Money: DECIMAL,
    DayCount: {"type": "string", "pattern": "^(30|30E|actual)/(360|364|365|actual)$"},
}


def json_schema() -> dict[str, Any]:
    """The document {"product", "request"}; a product alone is `#/$defs/Product`."""
    defs: dict[str, Any] = {}
    for kind in (Product, Request):
        _object(kind, defs)
    product = {"anyOf": [{"$ref": "#/$defs/Product"}, {"type": "string", "description": "The code of a shipped product."}]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A loan product and a request",
        "type": "object",
        "properties": {"product": product, "request": {"$ref": "#/$defs/Request"}},
        "required": ["product", "request"],
        "additionalProperties": False,
        "$defs": dict(sorted(defs.items())),
    }


def _of(hint: Any, field: str, defs: dict[str, Any]) -> dict[str, Any]:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of(next(one for one in inner if one is not type(None)), field, defs), {"type": "null"}]}
    if origin is tuple and inner[-1] is Ellipsis:
        return {"type": "array", "items": _of(inner[0], field, defs)}
    if origin is tuple:
        sides = {name: _of(one, "", defs) for name, one in zip(pair_names(field), inner, strict=True)}
        return {"type": "object", "properties": sides, "additionalProperties": False}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(inner[1], "", defs)}
    if hint in LEAVES:
        return dict(LEAVES[hint])
    return _named(hint, defs)


def _named(kind: type, defs: dict[str, Any]) -> dict[str, Any]:
    if issubclass(kind, StrEnum):
        said = [f"{word}: {_docs(kind).get(one.name, '')}".rstrip(": ") for word, one in words(kind).items()]
        defs[kind.__name__] = {"enum": list(words(kind)), "description": "; ".join(said)}
    elif kind.__name__ not in defs:
        _object(kind, defs)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _object(kind: type, defs: dict[str, Any]) -> None:
    known, docs = fields(kind), _docs(kind)
    defs[kind.__name__] = made = {"type": "object", "description": inspect.cleandoc(kind.__doc__ or kind.__name__).splitlines()[0]}
    made["properties"] = {one.name: _property(kind, one, docs, defs) for one in known}
    made["required"] = [one.name for one in known if one.default is MISSING and one.default_factory is MISSING]
    made["additionalProperties"] = False


def _property(kind: type, field: Field[Any], docs: dict[str, str], defs: dict[str, Any]) -> dict[str, Any]:
    shape = _of(hints(kind)[field.name], field.name, defs)
    if field.name in docs:
        shape["description"] = docs[field.name]
    if field.default is not MISSING and not is_dataclass(field.default):
        shape["default"] = to_json(field.default, field.name)
    return shape


@cache
def _docs(kind: type) -> dict[str, str]:
    """The texts that follow a class's fields in its source."""
    source = next(module for module in (model, request) if module.__name__ == kind.__module__)
    tree = next(n for n in ast.parse(inspect.getsource(source)).body if isinstance(n, ast.ClassDef) and n.name == kind.__name__)
    found, last = {}, None
    for node in tree.body:
        if isinstance(node, ast.AnnAssign | ast.Assign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            last = target.id if isinstance(target, ast.Name) else None
        elif last and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found[last] = " ".join(str(node.value.value).split())
    return found
