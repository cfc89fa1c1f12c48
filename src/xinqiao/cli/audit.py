"""`audit`: seal and verify the log of who did what to whose data."""

from __future__ import annotations

import cyclopts

from xinqiao.kit import plain
from xinqiao.terminal import OK, REFUSED, Json, refusals, show, table

from .house import opened

group = cyclopts.App(name="audit", help="The tamper-evident log: verify it, sign a checkpoint, list the public keys.")


def add(app: cyclopts.App) -> None:
    app.command(group)


@group.command
def verify(*, as_json: Json = False) -> int:
    """Read the whole log and name every entry that is not as it was written. Exit code 1 when something is wrong."""
    from xinqiao.vault import audit

    with refusals(as_json=as_json), opened() as house:
        with house.begin() as db:
            report = audit.verify(db, house.vault)
        facts = {"ok": report.ok, **plain(report)}
        rows = [[p.kind, p.where, p.says] for p in report.problems]
        summary = f"{'[green]intact[/]' if report.ok else '[red]ALTERED[/]'}: {report.entries} entries, {report.checkpoints} checkpoints"
        show(facts, as_json=as_json, human=lambda: table(summary, ["what", "where", "why"], rows) if rows else summary)
    return OK if report.ok else REFUSED


@group.command
def checkpoint(*, as_json: Json = False) -> int:
    """Sign what the log has gained since the last checkpoint; print the checkpoint to keep outside."""
    from xinqiao.vault import audit

    with refusals(as_json=as_json), opened() as house:
        with house.begin() as db:
            made = audit.checkpoint(db, house.vault, house.clock)
        show(
            made.to_json() if made else None,
            as_json=as_json,
            human=lambda: f"checkpoint {made.number}: {made.total} entries" if made else "nothing to sign",
        )
    return OK


@group.command
def keys(*, as_json: Json = False) -> int:
    """The public keys that checkpoints and evidence packs are signed with: publish them where others can find them."""
    with refusals(as_json=as_json), opened() as house:
        found = {key: public.hex() for key, public in house.vault.signer.public_keys.items()}
        show(
            found, as_json=as_json, human=lambda: table("Public keys (Ed25519)", ["key", "hexadecimal"], [[k, v] for k, v in found.items()])
        )
    return OK
