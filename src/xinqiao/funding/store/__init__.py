"""Tables of funding and every query on them."""
