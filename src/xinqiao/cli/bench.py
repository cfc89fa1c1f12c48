"""`bench`: run the benchmarks that docs/benchmarks.md reports."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import cyclopts

from xinqiao.terminal import OK, USAGE, console, errors

NIGHTLY = ("liveness",)
"""Hours long: run when named."""


def add(app: cyclopts.App) -> None:
    app.command(bench)


def bench(*names: str) -> int:
    """Run the scripts of bench/, each beside its peer in the same run: those named, or all that end within an hour. Needs the project's own checkout.

    Parameters
    ----------
    names
        Such as `ledger`, `credit`, `liveness` (hours: 10,000 simulated sessions; XINQIAO_BENCH_SESSIONS says how many).
    """
    folder = Path.cwd() / "bench"
    found = {path.stem: path for path in sorted(folder.glob("*.py")) if not path.stem.startswith("_")}
    unknown = [name for name in names if name not in found]
    if not found or unknown:
        errors.print(f"There is no benchmark {', '.join(unknown) or 'here'}; run this in the checkout, with some of: {', '.join(found)}")
        return USAGE
    return max([_run(found[name]) for name in names or [name for name in found if name not in NIGHTLY]])


def _run(script: Path) -> int:
    """One that fails does not keep the others from running."""
    console.rule(script.stem)
    sys.argv = [str(script)]
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else OK if end.code is None else USAGE
    return OK
