"""A child process for test_decode: reads every given file under an address-space limit and prints what came of it."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from xinqiao.identity.liveness.decode import read_file
from xinqiao.kit import Refused


def used() -> int:
    """Bytes of address space in use."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def main(more: int, files: list[str]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (used() + more, resource.RLIM_INFINITY))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answers = {}
    for file in files:
        started = time.process_time()
        try:
            answer = f"frames:{len(read_file(Path(file)).film.frames)}"
        except Refused as refusal:
            answer = refusal.code
        answers[Path(file).name] = [answer, time.process_time() - started]
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"answers": answers, "grown_mb": grown / 1024}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
