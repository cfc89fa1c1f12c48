"""The vault's verbs, a file each group."""

from .bases import bases, end_basis, grant_bases, grant_basis, has_basis
from .people import enrol, enrol_many, forget
from .reading import read, read_many, read_masked, read_masked_many
from .records import open_record, seal_record
from .rotation import rotate, stale
from .values import blind, drop, find, holds, put, put_many

__all__ = [
    "bases",
    "blind",
    "drop",
    "end_basis",
    "enrol",
    "enrol_many",
    "find",
    "forget",
    "grant_bases",
    "grant_basis",
    "has_basis",
    "holds",
    "open_record",
    "put",
    "put_many",
    "read",
    "read_many",
    "read_masked",
    "read_masked_many",
    "rotate",
    "seal_record",
    "stale",
]
