"""The demo book: real credit histories and outcomes under invented names."""

from .data import SOURCE, TARGET, frame, part_of, rows
from .identities import NTD_TO_CNY, bureau_records, people
from .vintages import Booked, book

__all__ = ["NTD_TO_CNY", "SOURCE", "TARGET", "Booked", "book", "bureau_records", "frame", "part_of", "people", "rows"]
