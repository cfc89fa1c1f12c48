"""`evidence`: hand out what proves a loan, and verify it without a database."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID

import cyclopts

from xinqiao.kit import plain
from xinqiao.terminal import OK, REFUSED, USAGE, Json, errors, refusals, show

group = cyclopts.App(name="evidence", help="Evidence packs: one file that proves a loan.")


def add(app: cyclopts.App) -> None:
    app.command(group)


@group.command
def export(application: UUID, *, out: Path | None = None, receiver: str | None = None, as_json: Json = False) -> int:
    """Write the evidence pack of an application.

    Parameters
    ----------
    out
        Folder to write to (by default `evidence` under XINQIAO_HOME).
    receiver
        The receiver's X25519 public key (64 hexadecimal digits): personal fields are encrypted for it instead of masked.
    """
    from xinqiao.journeys import evidence

    from .house import opened

    with refusals(as_json=as_json), opened() as house:
        folder = out or house.settings.home / "evidence"
        folder.mkdir(parents=True, exist_ok=True)
        path = evidence.export(house, application, receiver=_hex(receiver), out=folder)
        show({"file": str(path)}, as_json=as_json, human=lambda: f"evidence pack: [bold]{path}[/]")
    return OK


@group.command
def verify(
    file: Path, *, key: list[str] | None = None, receiver_key: str | None = None, language: str = "en", as_json: Json = False
) -> int:
    """Check an evidence pack; names what was altered. Needs no database. Exit code 1 when something is wrong.

    Parameters
    ----------
    key
        The operator's public key as `xinqiao audit keys` prints it (hexadecimal); without it the pack's own key is only shown.
    receiver_key
        Your X25519 private key (hexadecimal), to open and check the encrypted part.
    """
    from xinqiao.journeys import evidence
    from xinqiao.vault.audit import proof

    trusted = {proof.key_id(raw): raw for raw in (_hex(one) for one in key or []) if raw}
    report = evidence.verify(file, trusted=trusted or None, receiver_key=_hex(receiver_key))
    facts = {**plain(report), "ok": report.ok, "complete": report.complete, "open": plain(report.open)}
    show(facts, as_json=as_json, human=lambda: evidence.render_report(report, language))
    return OK if report.ok else REFUSED


def _hex(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        errors.print("A key is 64 hexadecimal digits.")
        sys.exit(USAGE)
    return raw
