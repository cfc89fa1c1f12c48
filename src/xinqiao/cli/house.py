"""The house for one command: opened, used, closed."""

from __future__ import annotations

from contextlib import contextmanager

from xinqiao.kit import Settings
from xinqiao.kit.telemetry import configure_logs


@contextmanager
def opened(settings: Settings | None = None):  # type: ignore[no-untyped-def] - the house's modules load only when a command needs them
    from xinqiao.app import open_house

    settings = settings or Settings()
    configure_logs(as_json=settings.log_json)
    house = open_house(settings)
    try:
        yield house
    finally:
        house.database.close()
