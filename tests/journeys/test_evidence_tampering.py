"""Whoever alters a pack is found, and what was altered is named: by a stranger, by someone who can list but not sign, and by the signer himself."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xinqiao.journeys.case import take
from xinqiao.journeys.evidence import export, pack, verify
from xinqiao.journeys.evidence.export import _signature  # the operator's own seal, for tests of a dishonest operator
from xinqiao.kit import canonical
from xinqiao.vault import Vault, audit
from xinqiao.vault.audit import proof

from .evidencing import Lent, changed, lent, listed

__all__ = ["lent"]

QUICK = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
SEALS = {pack.MANIFEST, pack.SIGNATURE}


def resealed(lent: Lent, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """As the operator could do it: a manifest over the altered members, signed and witnessed by the log with the true key."""
    made = listed(files)
    manifest = made[pack.MANIFEST]
    with lent.house.begin() as db:
        made[pack.SIGNATURE] = _signature(lent.house, db, take(db, lent.application), manifest, json.loads(manifest)["files"])
    return made


# ── Somebody on the way ─────────────────────────────────────────────────────────────────────────────────────────────────────


@QUICK
@given(data=st.data())
def test_one_flipped_bit_of_any_member_is_found_and_named(lent: Lent, tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(lent.files)))
    content = bytearray(lent.files[name])
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    report = lent.tampered({**lent.files, name: bytes(content)}, tmp_path / "flipped.zip")
    assert not report.ok
    assert name in report.altered


@QUICK
@given(data=st.data())
def test_a_member_changed_together_with_the_manifest_is_named_by_the_logs_witness(lent: Lent, tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(set(lent.files) - SEALS)))
    content = bytearray(lent.files[name])
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    report = lent.tampered(listed({**lent.files, name: bytes(content)}), tmp_path / "listed.zip")
    assert not report.ok
    assert {name, pack.MANIFEST} <= set(report.altered)


@QUICK
@given(data=st.data())
def test_a_missing_an_added_and_a_renamed_member_are_named(lent: Lent, tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(lent.files)))
    without = {one: content for one, content in lent.files.items() if one != name}
    gone = lent.tampered(without, tmp_path / "gone.zip")
    renamed = lent.tampered({**without, "renamed.json": lent.files[name]}, tmp_path / "renamed.zip")
    added = lent.tampered({**lent.files, "added.json": b"{}"}, tmp_path / "added.zip")
    assert not gone.ok
    assert not renamed.ok
    assert not added.ok
    assert name in gone.altered
    assert name in renamed.altered
    assert added.altered == ("added.json",)


@QUICK
@given(data=st.data())
def test_two_members_exchanged_are_both_named(lent: Lent, tmp_path: Path, data: st.DataObject) -> None:
    one, other = data.draw(st.lists(st.sampled_from(sorted(set(lent.files) - SEALS)), min_size=2, max_size=2, unique=True))
    report = lent.tampered({**lent.files, one: lent.files[other], other: lent.files[one]}, tmp_path / "exchanged.zip")
    assert not report.ok
    assert {one, other} <= set(report.altered)


def forged(lent: Lent, files: Mapping[str, bytes], home: Path) -> dict[str, bytes]:
    """As a stranger could do it: the manifest lists the stranger's key too, who signs it and invents a log of one entry as its witness."""
    stranger = Vault.open(lent.house.settings.model_copy(update={"home": home})).signer
    made = listed(files)
    manifest = json.loads(made[pack.MANIFEST])
    manifest["keys"] |= {name: public.hex() for name, public in stranger.public_keys.items()}
    made[pack.MANIFEST] = canonical(manifest)
    key, signature = stranger.sign_document(made[pack.MANIFEST], pack.FORMAT)
    sealed = json.loads(made[pack.SIGNATURE])
    made[pack.SIGNATURE] = canonical({**sealed, "key": key, "signature": signature})
    return made


def test_a_strangers_signature_is_refused_with_and_without_trusted_keys(lent: Lent, tmp_path: Path) -> None:
    files = forged(lent, changed(lent.files, "offer.json", _cheaper), tmp_path / "stranger")
    trusting, comparing = lent.tampered(files, tmp_path / "a.zip"), verify(tmp_path / "a.zip")
    assert not trusting.ok
    assert pack.SIGNATURE in trusting.altered
    assert not comparing.ok, "the log's witness is of another manifest"
    assert {"offer.json", pack.MANIFEST} <= set(comparing.altered)
    assert len(comparing.signers) == 2


def _cheaper(offer: dict[str, Any]) -> None:
    offer["disclosed"]["annual_cost_percent"] = "1.00"


def test_the_sealed_part_of_another_pack_does_not_open_here(lent: Lent, tmp_path: Path) -> None:
    manifest = json.loads(lent.files[pack.MANIFEST])
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from xinqiao.journeys.evidence import personal

    public = X25519PrivateKey.from_private_bytes(lent.private).public_key()
    foreign = personal.SUITE.encrypt(b"{}", public, personal.info(manifest["tenant"], "another application"))
    report = lent.tampered(resealed(lent, {**lent.files, "personal.hpke": foreign}), tmp_path / "foreign.zip")
    assert not report.ok
    assert "personal.hpke" in report.altered


# ── The operator, who holds the key ─────────────────────────────────────────────────────────────────────────────────────────


def test_an_honest_reseal_verifies(lent: Lent, tmp_path: Path) -> None:
    """So that what the next tests find is what they altered, and not the resealing."""
    assert lent.tampered(resealed(lent, lent.files), tmp_path / "resealed.zip").complete


def _row(key: str, index: int, **changes: Any) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        value[key][index] |= changes

    return change


def _swap(value: Any) -> None:
    value["events"][3], value["events"][4] = value["events"][4], value["events"][3]


def _exchange(value: Any) -> None:
    """Two events keep their places and exchange what they say."""
    first, second = value["events"][1], value["events"][2]
    first["data"], second["data"] = second["data"], first["data"]


def _forget(key: str, index: int) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        del value[key][index]

    return change


def _audit_data(value: Any) -> None:
    row = next(one for one in value["entries"] if one["entry"]["kind"] == "vault.read")
    row["entry"]["actor"] = "service:nobody"


def _path(value: Any) -> None:
    row = next(one for one in value["entries"] if one["path"])
    row["path"][0] = "00" * 32


def _principal(value: Any) -> None:
    value["instalments"][0]["principal"]["amount"] = "1.00"


def _paid(value: Any) -> None:
    value["repayments"][0]["allocation"]["principal"] += 100
    value["repayments"][0]["allocation"]["interest"] -= 100


def _bid(value: Any) -> None:
    value["bids"][0]["all_in"] = "0.5"


def _score(value: Any) -> None:
    value["decisions"][0]["score"] += 1


def _reason(value: Any) -> None:
    value["decisions"][0]["reasons"] = [{"code": "invented", "zh": "无", "en": "none", "help_zh": "", "help_en": ""}]


def _signals(value: Any) -> None:
    value["signals"]["links.applications"] = 99


def _masked(value: Any) -> None:
    value["fields"]["name"] = "**"


def _set(**changes: Any) -> Callable[[Any], None]:
    return lambda value: value.update(changes)


def _terms(value: Any) -> None:
    value["terms"]["annual_rate"] = "0.01"


def _event(value: Any) -> None:
    value["life"][2]["data"]["amount"] += 1


def _promised(value: Any) -> None:
    value["schedule"][0]["principal"]["amount"] = "1.00"


def _lent(value: Any) -> None:
    value["life"][1]["data"]["amount"] -= 100


def _again(value: Any) -> None:
    """A second payout, which the log does not tell of."""
    value["life"].append({**value["life"][1], "id": "more", "number": len(value["life"]) + 1})


def _sharing(value: Any) -> None:
    """The fees become the funder's, who gets the interest already."""
    value["splits"]["fee"] = value["splits"]["interest"]


def _standing(value: Any) -> None:
    value["standing"]["paid"]["amount"] = "1.00"


def _owed(value: Any) -> None:
    value["standing"]["owed"]["payoff"]["amount"] = "1.00"


def _late(value: Any) -> None:
    value["standing"] |= {"days_past_due": 31, "bucket": "M2"}


def _product(value: Any) -> None:
    value["agreement"]["product"]["late"]["annual_rate"] = "0.01"


def _access(value: Any) -> None:
    value["accesses"][0]["purpose"] = "marketing"


LIES: list[tuple[str, Callable[[Any], Any], str]] = [
    ("events.json", _swap, "events"),
    ("events.json", _exchange, "events"),
    ("events.json", _row("events", 0, at="2026-03-01T00:00:00Z"), "events"),
    ("events.json", _row("events", 5, kind="application.closed"), "events"),
    ("audit.json", _audit_data, "audit"),
    ("audit.json", _path, "audit"),
    ("audit.json", _forget("checkpoints", 0), "audit"),
    ("application.json", _set(stage="closed"), "application"),
    ("application.json", _set(term_months=36), "application"),
    ("accesses.json", _forget("accesses", 0), "accesses"),
    ("accesses.json", _access, "accesses"),
    ("fraud.json", _signals, "fraud"),
    ("decision.json", _score, "decision"),
    ("decision.json", _reason, "decision"),
    ("bids.json", _bid, "bids"),
    ("bids.json", _forget("bids", 0), "bids"),
    ("offer.json", _cheaper, "annual cost"),
    ("offer.json", _terms, "contract"),
    ("signature.json", _set(value="A" * 86), "device signature"),
    ("signature.json", _set(contract_sha256="0" * 64), "device signature"),
    ("schedule.json", _principal, "life"),
    ("schedule.json", _forget("instalments", 0), "life"),
    ("offer.json", _promised, "annual cost"),
    ("loan.json", _set(disbursed_on="2026-02-01"), "loan"),
    ("loan.json", _paid, "loan"),
    ("loan.json", _event, "life"),
    ("loan.json", _product, "life"),
    ("loan.json", _forget("life", 2), "life"),
    ("loan.json", _row("life", 2, on="2026-03-03", recorded_on="2026-03-03"), "life"),
    ("loan.json", _row("life", 2, recorded_on="2026-03-03"), "life"),
    ("loan.json", _lent, "life"),
    ("loan.json", _row("life", 1, on="2026-03-01"), "life"),
    ("loan.json", _row("life", 1, kind="approved"), "life"),
    ("loan.json", _again, "life"),
    ("loan.json", _sharing, "life"),
    ("loan.json", _standing, "life"),
    ("loan.json", _owed, "life"),
    ("loan.json", _late, "life"),
    ("loan.json", _set(paid=1), "life"),
    ("loan.json", _set(funder_id="00000000-0000-0000-0000-000000000001"), "loan"),
    ("schedule.json", _row("instalments", 0, settled=False), "life"),
    ("ledger.json", _row("transfers", 0, minor=1), "ledger"),
    ("ledger.json", _forget("transfers", 0), "ledger"),
    ("identity.json", _set(refused=[]), "identity"),
    ("personal.masked.json", _masked, "personal"),
]


@pytest.mark.parametrize(
    ("name", "change", "check"), LIES, ids=[f"{name}-{change.__name__}-{n}" for n, (name, change, _) in enumerate(LIES)]
)
def test_even_the_signer_cannot_tell_a_member_to_lie(
    lent: Lent, tmp_path: Path, name: str, change: Callable[[Any], Any], check: str
) -> None:
    report = lent.tampered(resealed(lent, changed(lent.files, name, change)), tmp_path / "lie.zip")
    assert next(one for one in report.checks if one.name == "signature").ok
    assert next(one for one in report.checks if one.name == check).ok is False
    assert name in report.altered


def _texts(lent: Lent, folder: str) -> str:
    return next(name for name in sorted(lent.files) if name.startswith(folder))


@pytest.mark.parametrize(
    ("folder", "check"), [("texts/", "consents"), ("contract.zh", "contract"), ("contract.zh", "device signature"), ("index", "page")]
)
def test_even_the_signer_cannot_change_the_words(lent: Lent, tmp_path: Path, folder: str, check: str) -> None:
    name = _texts(lent, folder)
    files = resealed(lent, {**lent.files, name: lent.files[name].replace("。".encode(), "！".encode(), 1)})
    report = lent.tampered(files, tmp_path / "words.zip")
    assert next(one for one in report.checks if one.name == check).ok is False
    assert name in report.altered


@pytest.mark.parametrize(
    "changes", [{"agreed": False}, {"purpose": "marketing"}, {"at": "2026-03-01T00:00:00Z"}, {"ended_at": "2026-03-01T00:00:00Z"}]
)
def test_even_the_signer_cannot_rewrite_a_receipt(lent: Lent, tmp_path: Path, changes: dict[str, Any]) -> None:
    name = _texts(lent, "consents/")
    report = lent.tampered(
        resealed(lent, changed(lent.files, name, lambda value: value["receipt"].update(changes))), tmp_path / "receipt.zip"
    )
    assert not report.ok
    assert name in report.altered


def test_a_read_without_its_receipt_is_named(lent: Lent, tmp_path: Path) -> None:
    name = _texts(lent, "consents/")
    without = {one: data for one, data in lent.files.items() if one != name}
    report = lent.tampered(resealed(lent, without), tmp_path / "unread.zip")
    assert name in report.altered
    assert next(one for one in report.checks if one.name == "consents").ok is False


@QUICK
@given(data=st.data())
def test_no_nonsense_under_a_good_seal_makes_verifying_raise(lent: Lent, tmp_path: Path, data: st.DataObject) -> None:
    """One value somewhere in one JSON member becomes another, sealed as only the operator could: an answer comes, in both languages."""
    name = data.draw(st.sampled_from(sorted(one for one in set(lent.files) - SEALS if one.endswith(".json"))))
    value = json.loads(lent.files[name])
    holder, key = data.draw(st.sampled_from(list(_places(value))))
    holder[key] = data.draw(
        st.sampled_from([None, True, -1, 10**30, "", "9" * 5000, "1E+999999", [], {}, [[]], {"a": None}, "\u0000", "２０"])
    )
    report = lent.tampered(resealed(lent, {**lent.files, name: canonical(value)}), tmp_path / "nonsense.zip")
    assert len(report.checks) > 10
    assert all(check.says and check.says_zh for check in report.checks)
    assert report.ok is (not report.altered)


def _places(value: Any) -> Any:
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(item, dict | list):
            yield from _places(item)


# ── Files that were never packs ─────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.binary(max_size=400))
def test_any_bytes_are_answered_and_never_raised_over(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "junk.zip"
    path.write_bytes(junk)
    report = verify(path)
    assert not report.ok
    assert report.altered == ("junk.zip",)


@QUICK
@given(data=st.data())
def test_a_damaged_container_never_passes_for_another_pack(lent: Lent, tmp_path: Path, data: st.DataObject) -> None:
    """A flipped byte of the zip itself is either found, or leaves every member as it was."""
    raw = bytearray(lent.path.read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path / "damaged.zip"
    path.write_bytes(raw)
    assert not lent.check(path).ok or pack.read(path) == lent.files


def zipped(*members: tuple[str, bytes], **changes: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=changes.get("method", zipfile.ZIP_DEFLATED))
        archive.comment = changes.get("comment", b"")
    return buffer.getvalue()


HOSTILE = {
    "climbs out": zipped(("../manifest.json", b"{}")),
    "absolute": zipped(("/etc/passwd", b"x")),
    "backslash": zipped(("texts\\a.txt", b"x")),
    "a folder": zipped(("texts/", b"")),
    "strange name": zipped(("run.exe", b"x")),
    "bomb": zipped(("manifest.json", bytes(pack.MOST_MEMBER_BYTES + 1))),
    "many bombs": zipped(*((f"{name}.json", bytes(pack.MOST_MEMBER_BYTES)) for name in "abcdef")),
    "many members": zipped(*((f"m{number}.json", b"{}") for number in range(pack.MOST_MEMBERS + 1))),
    "other packing": zipped(("manifest.json", b"{}"), method=zipfile.ZIP_LZMA),
    "comment": zipped(("manifest.json", b"{}"), comment=b"hidden"),
    "prefix": b"#!/bin/sh\n" + zipped(("manifest.json", b"{}")),
    "suffix": zipped(("manifest.json", b"{}")) + b"more",
    "nothing": zipped(),
    "no seal": zipped(("manifest.json", b"{}")),
    "deep": zipped(("manifest.json", b"[" * 200_000)),
    "deep objects": zipped(("manifest.json", b'{"a":' * 200_000)),
    "endless number": zipped(("manifest.json", b"9" * 1_000_000)),
    "not a number": zipped(("manifest.json", b'{"format":NaN}')),
    "twice": zipped(("manifest.json", b'{"format":1,"format":2}')),
    "not text": zipped(("manifest.json", b"\xff\xfe")),
    "lone surrogate": zipped(("manifest.json", b'{"format":"\\ud800"}')),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_within_bounds(tmp_path: Path, name: str) -> None:
    path = tmp_path / "hostile.zip"
    path.write_bytes(HOSTILE[name])
    report = verify(path)
    assert not report.ok
    assert report.altered


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_occurs_twice_is_refused(tmp_path: Path, lent: Lent) -> None:
    buffer = io.BytesIO(lent.path.read_bytes())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("offer.json", b"{}")
    path = tmp_path / "twice.zip"
    path.write_bytes(buffer.getvalue())
    report = lent.check(path)
    assert not report.ok
    assert "twice" in report.checks[0].says


def test_what_is_no_file_is_answered_too(tmp_path: Path) -> None:
    assert not verify(tmp_path).ok
    assert not verify(tmp_path / "nowhere.zip").ok


def test_a_document_signature_holds_for_its_document_label_and_key_alone(lent: Lent) -> None:
    signer = lent.house.vault.signer
    key, signature = signer.sign_document(b"words", "a label")
    public = signer.public_keys[key]
    assert proof.document_signature_holds(b"words", "a label", signature, public)
    assert not proof.document_signature_holds(b"word", "a label", signature, public)
    assert not proof.document_signature_holds(b"words", "another label", signature, public)
    assert not proof.document_signature_holds(b"words", "a label", signature[:-1], public)
    assert not proof.document_signature_holds(b"words", "a label", signature, bytes(31))
    with lent.house.begin() as db:
        last = audit.checkpoint(db, lent.house.vault, lent.house.clock)
    assert last is not None
    assert not proof.document_signature_holds(canonical(last.body()), "a label", last.signature, public)


def test_the_exporter_writes_whole_files_only(lent: Lent, tmp_path: Path) -> None:
    path = export(lent.house, lent.application, receiver=None, out=tmp_path / "deep" / "er" / "pack.zip")
    assert [one.name for one in path.parent.iterdir()] == ["pack.zip"]
