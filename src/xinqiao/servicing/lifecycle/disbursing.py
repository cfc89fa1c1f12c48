"""What goes with paying out a tranche. Pure."""

from __future__ import annotations

from .model import Books
from .rounding import exact, to_multiple


def down_payment(books: Books, amount: int) -> int:
    """What falls due at once of a tranche of `amount`; nothing when the product takes no down payments."""
    rule = books.agreement.product.down_payment
    return to_multiple(amount * exact(rule.fraction), books.agreement.product) if rule else 0


def down_payment_taken(books: Books, amount: int) -> int:
    """What the lender takes of it on the day, as a payment of its own: nothing unless the product says so, and nothing that money paid
    in excess covers. `books` are those before the tranche."""
    rule = books.agreement.product.down_payment
    return max(0, down_payment(books, amount) - books.overpaid) if rule and rule.automatic else 0
