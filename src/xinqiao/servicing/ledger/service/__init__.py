"""What the ledger does, a concern to a file. The caller owns the transaction."""
