"""The ledger's tables and every query on them."""
