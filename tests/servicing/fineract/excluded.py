"""Recorded scenarios that are left out, each with its reason. One that passes all the same is a failure of this table."""

EXCLUDED: dict[tuple[str, str], str] = {}
