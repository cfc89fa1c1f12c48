"""Long flows that survive the process: DBOS on the same PostgreSQL, known to this file alone.

For lifecycles of days and weeks, never for the live decision (a flow costs some 4 ms of CPU, a step 2 to 5). Steps run at least
once, so every step given here must be safe to repeat: our verbs are, by their idempotency keys and stage checks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID
from sqlalchemy import create_engine

from .database import Database

VERSION = "flows-1"
"""Pinned: a flow begun by one release is resumed by the next, so flows change only by a new name."""


class Durable:
    """The one durable-flow runtime of a process."""

    def __init__(self, database: Database, *, executor: str = "local") -> None:
        logging.getLogger("dbos").setLevel(logging.WARNING)
        self._engine = create_engine(database.url, pool_size=8, max_overflow=8, pool_pre_ping=True)
        config: DBOSConfig = {
            "name": "xinqiao",
            "system_database_engine": self._engine,
            "system_database_url": database.url.render_as_string(hide_password=False),
            "application_version": VERSION,
            "executor_id": executor,
            "log_level": "WARNING",
            "scheduler_polling_interval_sec": 5.0,
        }
        DBOS(config=config)
        self._flows: dict[str, Callable[..., Any]] = {}

    def flow(self, name: str, body: Callable[..., Any]) -> None:
        """Register a flow under a name that never changes. Its arguments are JSON-like."""
        self._flows[name] = DBOS.workflow(name=name)(body)

    def launch(self) -> None:
        """Begin running; flows that a dead process of this executor left behind go on."""
        DBOS.launch()

    def start(self, name: str, key: str, *args: Any) -> None:
        """Start a flow once: the same key again is the same flow."""
        with SetWorkflowID(f"{name}:{key}"):
            DBOS.start_workflow(self._flows[name], *args)

    def wait(self, name: str, key: str) -> Any:
        """The flow's result; blocks until it has one."""
        return DBOS.retrieve_workflow(f"{name}:{key}").get_result()

    def status(self, name: str, key: str) -> str | None:
        """PENDING, SUCCESS, ERROR …; None when there is no such flow."""
        found = DBOS.get_workflow_status(f"{name}:{key}")
        return found.status if found else None

    def has_failed(self, name: str, key: str) -> bool:
        """Whether the flow ended without a result: its key is then used up, and what it was to do must be done in another way."""
        return self.status(name, key) in ("ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")

    @staticmethod
    def step(name: str, work: Callable[..., Any], *args: Any) -> Any:
        """Inside a flow: do `work` and remember its result, so that a resumed flow does not do it again."""
        return DBOS.run_step({"name": name, "retries_allowed": True, "max_attempts": 8, "interval_seconds": 1.0}, work, *args)

    @staticmethod
    def sleep(span: timedelta) -> None:
        """Inside a flow: sleep until the span is over, through restarts."""
        DBOS.sleep(max(span.total_seconds(), 0.0))

    def close(self) -> None:
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=10)
        self._engine.dispose()
