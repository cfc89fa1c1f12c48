"""What funding does, a verb to a file. The caller owns the transaction."""
