"""`bench`: run the benchmarks that docs/benchmarks.md reports."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import cyclopts

from xinqiao.terminal import OK, USAGE, console, errors


def add(app: cyclopts.App) -> None:
    app.command(bench)


def bench(*names: str) -> int:
    """Run the scripts of bench/ (all, or those named), each beside its peer in the same run. Needs the project's own checkout.

    Parameters
    ----------
    names: Such as `ledger`, `credit`, `funding`.
    """
    folder = Path.cwd() / "bench"
    found = {path.stem: path for path in sorted(folder.glob("*.py")) if not path.stem.startswith("_")}
    unknown = [name for name in names if name not in found]
    if not found or unknown:
        errors.print(f"There is no benchmark {', '.join(unknown) or 'here'}; run this in the checkout, with some of: {', '.join(found)}")
        return USAGE
    for name in names or found:
        console.rule(name)
        sys.argv = [str(found[name])]
        runpy.run_path(str(found[name]), run_name="__main__")
    return OK
