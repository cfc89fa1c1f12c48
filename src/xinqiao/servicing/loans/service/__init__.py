"""A loan's verbs, by what they are about. The caller owns the transaction."""
