"""`xinqiao`: serve, demonstrate, apply, train, look at loans, verify the log and the evidence."""

from __future__ import annotations

import sys
import warnings

import cyclopts

from xinqiao import __doc__ as about

app = cyclopts.App(name="xinqiao", help=about, version_flags=["--version"], result_action="return_value")


def main() -> None:
    """The console script. Exit codes: 0 done, 1 refused or a check failed, 2 wrong usage, 3 something outside does not answer."""
    warnings.filterwarnings("ignore", category=RuntimeWarning, module="platformdirs")
    from . import audit, bench, credit, db, evidence, ledger, liveness, loan, serve

    for group in (serve, credit, loan, ledger, liveness, audit, evidence, db, bench):
        group.add(app)
    code = app(exit_on_error=True, print_error=True)
    sys.exit(code if isinstance(code, int) else 0)
