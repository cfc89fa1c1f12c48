"""The whole book at once."""
