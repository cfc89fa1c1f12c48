"""The schema: every room's tables, and the versions it went through."""
