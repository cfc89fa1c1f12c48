"""`up`, `demo` and `apply`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter

from xinqiao.terminal import Json, console, refusals, show, table


def add(app: cyclopts.App) -> None:
    app.command(up)
    app.command(demo)
    app.command(apply)


def up(*, host: str | None = None, port: int | None = None, workers: int = 1) -> int:
    """Serve the API, the applicant's pages and the console, and run the background work.

    Parameters
    ----------
    host
        Address to listen on (XINQIAO_HOST, 127.0.0.1).
    port
        Port to listen on (XINQIAO_PORT, 8600).
    workers
        Processes that share the port and the database.
    """
    import uvicorn

    from xinqiao.kit import Settings

    settings = Settings(**{name: value for name, value in {"host": host, "port": port}.items() if value is not None})
    os.environ |= {"XINQIAO_HOST": settings.host, "XINQIAO_PORT": str(settings.port)}
    console.print(f"[bold]Xinqiao[/] serves {settings.address}/console")
    uvicorn.run("xinqiao.app:create_app", factory=True, host=settings.host, port=settings.port, workers=workers, log_level="warning")
    return 0


def demo(*, people: int = 12, book: int = 160, as_json: Json = False) -> int:
    """Run real applications through the whole path on the embedded database, then serve the console (DEMO_SERVE=0 ends instead).

    Parameters
    ----------
    people
        How many invented people apply.
    book
        How many past loans the demo book holds.
    """
    from xinqiao.demo import run

    return run.main(people=people, book=book, as_json=as_json, serve=os.environ.get("DEMO_SERVE", "1") != "0")


def apply(
    file: Path,
    *,
    selfie: Path,
    portrait: Path,
    scene: Annotated[str, Parameter(help="The code of the scene that sends the application.")] = "shop",
    as_json: Json = False,
) -> int:
    """Carry one application from its file to the decision and the offer, agreeing to each consent in turn.

    Parameters
    ----------
    file
        The application as JSON, in the shape of POST /v1/applications.
    selfie
        A clip of about one second (webm, mp4, mov).
    portrait
        The portrait page of the ID card (JPEG, PNG).
    """
    from xinqiao import partners
    from xinqiao.demo import robot
    from xinqiao.kit import new_id

    from .house import opened

    with refusals(as_json=as_json):
        body = _read_json(file)
        with opened() as house:
            with house.begin() as db:
                sender = partners.get(db=db, code=scene)
            result = robot.apply(
                house, scene=sender, body=body, portrait=portrait.read_bytes(), clip=selfie.read_bytes(), key=str(new_id())
            )
        show(result.plain(), as_json=as_json, human=lambda: _outcome(result))
    return 0 if result.accepted else 1


def _outcome(result: Any) -> Any:
    rows = [[name, value] for name, value in result.plain().items() if value not in (None, [], "")]
    return table("Application", ["", ""], [[name, ", ".join(value) if isinstance(value, list) else value] for name, value in rows])


def _read_json(file: Path) -> dict[str, Any]:
    from xinqiao.kit import Refused

    class FileUnreadable(Refused):
        code = "cli.file_unreadable"
        says = "{0} cannot be read as JSON: {1}. Give one object in the shape of POST /v1/applications."

    try:
        return json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise FileUnreadable(str(file), str(error)) from None
