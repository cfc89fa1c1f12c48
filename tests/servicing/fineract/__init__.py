"""Recorded end-to-end scenarios of Apache Fineract, replayed by our engine and compared cell by cell."""
