"""The loan contract: one template a language, rendered to the same bytes for the same terms."""

from .model import Contract, Cost, Party, Prepayment, Terms, costs
from .render import LANGUAGES, render

__all__ = ["LANGUAGES", "Contract", "Cost", "Party", "Prepayment", "Terms", "costs", "render"]
