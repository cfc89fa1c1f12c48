"""Export: gather, seal, bind, sign, write. One transaction reads and binds; the file is written once it has committed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import canonical, sha256_hex
from xinqiao.vault import SYSTEM, Purpose, audit
from xinqiao.vault.audit.proof import key_id

from ..case import Case, take
from ..house import House
from . import agreements, gather, log, pack, page, personal
from .gather import Sections


def export(house: House, application_id: UUID, *, receiver: bytes | None, out: Path) -> Path:
    """Write the application's evidence pack to `out` (a file, or a folder to put it in) and return where it lies.

    `receiver` is an X25519 public key (32 bytes): with it, and while the person's consent to sharing with the named funder is in force, the
    pack also holds the personal data and the decision's inputs, sealed for that key. Who exported what is entered in the audit log.
    Raises ApplicationUnknown, ReceiverKeyUnusable.
    """
    key = personal.receiver_key(receiver) if receiver is not None else None
    with house.begin() as db:
        files = _bound(house, db, take(db, application_id), receiver, key)
    target = Path(out) / f"evidence-{application_id}.zip" if Path(out).is_dir() else Path(out)
    return pack.write(target, files)


def _bound(house: House, db: Connection, case: Case, receiver: bytes | None, key: Any) -> dict[str, bytes]:
    found = Sections()
    recipient = str(case.progress.reserved["funder"]) if case.progress.reserved else None
    opened = personal.records(house, db, case, Purpose.FUNDER_SHARING if key and recipient else Purpose.APPLICATION)
    personal.masked(house, db, case, found)
    personal.sealed(house, db, case, key, opened, recipient, found)
    gather.decided(db, case, {one: json.loads(record) for one, record in opened.items()}, found)
    gather.of_rooms(house, db, case, found)
    recent, older = log.entries(db, case.person, case.application.created_at)
    receipts = agreements.concerning(db, case, recent)
    agreements.gather(db, receipts, found)
    proven = log.proofs(house, db, [*(one for one in older if agreements.related(one, receipts)), *recent])
    found.put("audit.json", log.written(proven))
    found.put("accesses.json", {"accesses": log.accesses([one.entry for one in proven])})
    head = _head(house, case, receiver)
    found.files["index.html"] = page.render(found.files, found.absent, head)
    return _signed(house, db, case, found, head)


def _head(house: House, case: Case, receiver: bytes | None) -> dict[str, Any]:
    return {
        "format": pack.FORMAT,
        "tenant": house.settings.tenant,
        "application": str(case.id),
        "made_at": house.clock.now(),
        "receiver": key_id(receiver) if receiver is not None else None,
    }


def _signed(house: House, db: Connection, case: Case, found: Sections, head: Mapping[str, Any]) -> dict[str, bytes]:
    """Put the manifest over everything, sign it, and have the log witness it. The page and the manifest have one head, of one instant."""
    described = pack.described(found.files)
    absent = {name: {"en": english, "zh": chinese} for name, (english, chinese) in sorted(found.absent.items())}
    manifest = canonical({**head, "keys": house.vault.signer.public_keys, "files": described, "absent": absent})
    return {**found.files, pack.MANIFEST: manifest, pack.SIGNATURE: _signature(house, db, case, manifest, described)}


def _signature(house: House, db: Connection, case: Case, manifest: bytes, described: Mapping[str, Any]) -> bytes:
    """The signature, and the proof that the export itself was logged with the hash of every file: so a file that is changed together with
    the manifest can still be named."""
    files = {name: one["sha256"] for name, one in described.items()}
    data = {"application": case.id, "manifest_sha256": sha256_hex(manifest), "files": files}
    audit.append(db, house.clock, [audit.Entry(log.EXPORTED, SYSTEM, case.person, data)])
    audit.checkpoint(db, house.vault, house.clock)
    mine = audit.of(db, person=case.person)
    entry = next(one for one in reversed(mine) if one.kind == log.EXPORTED and one.data["manifest_sha256"] == data["manifest_sha256"])
    logged = audit.prove(db, [entry])[0].to_json()
    signer, signature = house.vault.signer.sign_document(manifest, pack.FORMAT)
    return canonical({"format": pack.SIGNATURE_FORMAT, "algorithm": "Ed25519", "key": signer, "signature": signature, "logged": logged})
