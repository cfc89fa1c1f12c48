"""Measure fraud screening: rules alone, a screening among many applications, and the scan for near faces.

    .venv/bin/python bench/fraud.py [--rows 100000]

Fills an embedded PostgreSQL of its own with `rows` applications of the last 90 days and prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import text

from xinqiao import fraud
from xinqiao.fraud import store
from xinqiao.fraud.model import SIGNALS
from xinqiao.kit import Database, FixedClock, embedded, new_id
from xinqiao.migrations.run import upgrade

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
KINDS = ("device", "phone", "id", "face", "address")

FILL = text(
    """INSERT INTO fraud_index (kind, value, at, application_id, person_id)
       SELECT kind, CASE WHEN kind = 'device' AND n % 50 = 0 THEN sha256(CAST('shop' || n % 200 AS bytea)) ELSE sha256(CAST(kind || n AS bytea)) END,
              :now - random() * interval '90 days', CAST(md5('a' || n) AS uuid), CAST(md5('p' || n) AS uuid)
       FROM generate_series(1, :rows) AS n, unnest(CAST(:kinds AS text[])) AS kind"""
)

FILL_FACES = text(
    """INSERT INTO fraud_face (at, application_id, person_id, bits)
       SELECT at, application_id, person_id, CAST('x' || encode(value, 'hex') AS bit varying) FROM fraud_index WHERE kind = 'face'"""
)


def rules_alone(runs: int = 2_000) -> float:
    """Microseconds to judge the shipped rules on a quiet application."""
    signals = {name: False if name.endswith("truncated") else 0 for name in SIGNALS}
    rules, start = fraud.load(), time.process_time()
    for _ in range(runs):
        rules.judge(signals)
    return round((time.process_time() - start) / runs * 1e6, 1)


def screenings(database: Database, count: int) -> dict[str, float]:
    took, clock = [], FixedClock(NOW)
    for number in range(count):
        chance = random.Random(number)
        indexes = {kind: chance.randbytes(32) for kind in KINDS}
        tokens = [chance.randbytes(8) for _ in range(12)]
        start = time.perf_counter()
        with database.begin() as db:
            fraud.screen(db=db, clock=clock, application_id=new_id(), person_id=new_id(), indexes=indexes, facts={}, tokens=tokens)
        took.append((time.perf_counter() - start) * 1000)
    return {"p50_ms": round(float(np.percentile(took, 50)), 1), "p99_ms": round(float(np.percentile(took, 99)), 1)}


def faces(database: Database, runs: int = 15) -> float:
    """Milliseconds to compare one face with all of the last 90 days."""
    took = []
    for number in range(runs):
        start = time.perf_counter()
        with database.begin() as db:
            face = random.Random(number).randbytes(32)
            store.near_faces(db, face, person=new_id(), most_bits=64, since=NOW - timedelta(days=90), now=NOW)
        took.append((time.perf_counter() - start) * 1000)
    return round(float(np.median(took)), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        database = Database(embedded.start(Path(home)))
        upgrade(database)
        with database.begin() as db:
            db.execute(FILL, {"rows": rows, "kinds": list(KINDS), "now": NOW})
            db.execute(FILL_FACES)
        with database.admin.begin() as db:
            db.execute(text("ANALYZE fraud_index, fraud_face"))
        found = {"rules_us": rules_alone(), "applications": rows, "faces_ms": faces(database), "screening": screenings(database, 100)}
        database.close()
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
