"""Verify a pack: no database, no network, no clock, and no trust in what the file says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from xinqiao.credit.decision import Resolver

from . import pack as container
from .checks import agreeing, binding, living, money, pages, replaying, seal
from .checks.opened import Malformed, Opened
from .errors import PackUnreadable
from .pack import MANIFEST, PERSONAL_SEALED
from .report import Check, Findings, Report

Ask = Callable[[Opened], None]

QUESTIONS: tuple[tuple[str, tuple[str, ...], Ask], ...] = (
    ("sections", (), binding.sections),
    ("audit", ("audit.json",), binding.proofs),
    ("events", ("events.json", "audit.json", "application.json"), binding.events),
    ("application", ("application.json", "events.json"), binding.application),
    ("accesses", ("accesses.json", "audit.json"), binding.accesses),
    ("consents", ("events.json", "audit.json"), agreeing.consents),
    ("reads", ("accesses.json",), agreeing.reads),
    ("identity", ("identity.json", "events.json"), replaying.identity),
    ("fraud", ("fraud.json", "events.json"), replaying.screening),
    ("bids", ("bids.json", "events.json"), money.bids),
    ("contract", ("offer.json", "events.json"), agreeing.contracts),
    ("device signature", ("signature.json", "offer.json", "events.json"), agreeing.signature),
    ("annual cost", ("schedule.json", "offer.json"), money.cost),
    ("loan", ("loan.json", "offer.json", "schedule.json", "events.json"), money.loan),
    ("life", ("loan.json", "offer.json", "schedule.json", "events.json"), living.life),
    ("ledger", ("ledger.json", "loan.json"), money.ledger),
    ("page", ("index.html",), pages.readable),
)
"""Name, the members without which it is not asked (that they are absent is another question's matter), and how it is asked."""


def verify(
    path: Path, *, trusted: Mapping[str, bytes] | None = None, receiver_key: bytes | None = None, shelf: Resolver | None = None
) -> Report:
    """Ask a pack everything that can be asked offline, and name the files that were altered. Never raises, whatever the file is.

    `trusted` are the operator's public keys (id -> 32 bytes): without them the report gives the fingerprints to compare. `receiver_key` is the
    receiver's X25519 private key (32 bytes), which opens the personal part and lets the decision be made again, with the models of `shelf`
    or those that come with this package.
    """
    try:
        return _verified(container.read(Path(path)), trusted, receiver_key, shelf)
    except PackUnreadable as error:
        return _refused(path, error.message("en"), error.message("zh"))
    except Exception as error:
        return _refused(path, f"it could not be read: {type(error).__name__}", f"无法读取：{type(error).__name__}")


def _refused(path: object, says: str, says_zh: str) -> Report:
    return Report((Check("container", False, says, says_zh),), (Path(str(path)).name or "pack",))


def _verified(
    files: Mapping[str, bytes], trusted: Mapping[str, bytes] | None, receiver_key: bytes | None, shelf: Resolver | None
) -> Report:
    found = Findings()
    try:
        manifest = seal.read_manifest(files)
    except Malformed as error:
        found.failed("manifest", str(error), f"清单无法读取：{error.why}", [MANIFEST])
        return Report(tuple(found.checks), tuple(found.altered), len(files))
    keys = seal.keys_of(manifest) if trusted is None else dict(trusted)
    pack = Opened(files, manifest, keys, found)
    seal.ask(pack, trusted is not None)
    for name, needs, ask in QUESTIONS:
        if pack.has(*needs):
            _ask(pack, name, needs, ask)
    _ask_decision(pack, receiver_key, shelf)
    signers = tuple(seal.fingerprint(public) for _, public in sorted(keys.items()))
    return Report(tuple(found.checks), tuple(sorted(found.altered)), len(files), manifest["application"], signers)


def _ask(pack: Opened, name: str, needs: tuple[str, ...], ask: Ask) -> None:
    """One question; a member so strange that the question cannot be put is a failed answer, never an escape."""
    try:
        ask(pack)
    except Malformed as error:
        pack.found.failed(name, str(error), f"{error.file} 无法理解：{error.why}", [error.file])
    except Exception as error:
        why = f"{type(error).__name__}: {error}"[:160]
        pack.found.failed(name, f"it cannot be understood: {why}", f"无法理解：{why}", needs[:1] or [MANIFEST])


def _ask_decision(pack: Opened, receiver_key: bytes | None, shelf: Resolver | None) -> None:
    clear = None
    if receiver_key is not None and pack.has(PERSONAL_SEALED):
        clear = replaying.unsealed(pack, receiver_key)
        if clear is not None:
            opened = clear
            _ask(pack, "personal", (PERSONAL_SEALED,), lambda one: replaying.personal(one, opened))
    if pack.has(replaying.DECISION, "events.json"):
        _ask(pack, "decision", (replaying.DECISION,), lambda one: replaying.decision(one, clear, shelf))
