"""CPU time of one live credit decision beside LightGBM's prediction of one row, measured in the same run.

    python bench/credit.py [--decisions 5000] [--json]

Process CPU time (time.process_time), single thread, real applicants of the demo book; the median of five rounds. LightGBM is given the row
as a ready numpy matrix, which spares it computing features; the scorecard starts from the bureau's attributes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from xinqiao.credit import decide, replay, shipped
from xinqiao.credit.challenger import Challenger, matrix
from xinqiao.demo.book import frame, people
from xinqiao.demo.book.vintages import facts_of

ROUNDS = 5


def cpu_microseconds(work: Callable[[Any], Any], items: Sequence[Any]) -> float:
    """Median over the rounds of the mean CPU time per item, in microseconds."""
    for item in items[:50]:
        work(item)
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for item in items:
            work(item)
        rounds.append((time.process_time() - start) / len(items) * 1e6)
    return statistics.median(rounds)


def measure(decisions: int) -> dict[str, float]:
    model, policy, shelf = shipped.model(), shipped.policy(), shipped.shelf()
    challenger = Challenger.load(shipped.MODELS / "taiwan-1")
    made = [(person["attributes"], facts_of(person)) for person in people(decisions)]
    rows = [model.read(attributes) for attributes, _ in made]
    table = matrix(challenger.features, challenger.codes, frame("originate").head(min(decisions, 2000)))
    records = [decide(model=model, policy=policy, attributes=a, application_facts=f).record() for a, f in made[:1000]]
    whole = frame("originate")
    return {
        "scorecard_score": cpu_microseconds(model.score, rows),
        "decide": cpu_microseconds(lambda one: decide(model=model, policy=policy, attributes=one[0], application_facts=one[1]), made),
        "decide_and_record": cpu_microseconds(
            lambda one: decide(model=model, policy=policy, attributes=one[0], application_facts=one[1]).record(), made
        ),
        "replay": cpu_microseconds(lambda record: replay(record, shelf), records),
        "scorecard_batch_per_row": cpu_microseconds(model.score_all, [whole]) / len(whole),
        "lightgbm_one_row": cpu_microseconds(lambda row: challenger.booster.predict(row[None, :], num_threads=1), list(table)),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--decisions", type=int, default=5000)
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    found = measure(asked.decisions)
    if asked.json:
        print(json.dumps({name: round(value, 3) for name, value in found.items()}))
        return
    print("CPU microseconds each")
    for name, value in found.items():
        print(f"  {name:26}{value:10.2f}")


if __name__ == "__main__":
    main()
