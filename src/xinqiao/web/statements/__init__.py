"""Statements as documents: PDF with its own fonts, the canonical file that its fingerprint covers, and a table for spreadsheets."""

from .layout import pdf
from .loan import loan_sheet, rows_of
from .model import Column, Sheet, Table
from .spreadsheet import spreadsheet
from .wallet import wallet_rows, wallet_sheet

__all__ = ["Column", "Sheet", "Table", "loan_sheet", "pdf", "rows_of", "spreadsheet", "wallet_rows", "wallet_sheet"]
