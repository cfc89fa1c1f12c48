"""Is this the pack that was signed? Manifest, signature, the log's witness of the export, every file, and by whose key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from xinqiao.kit import canonical, sha256_hex
from xinqiao.vault.audit import Inclusion, proof

from ..log import EXPORTED
from ..pack import FORMAT, MANIFEST, SIGNATURE, SIGNATURE_FORMAT, strict_json
from .opened import Malformed, Opened, Problem

HEAD = ("format", "tenant", "application", "made_at")
MOST_KEYS = 100


def read_manifest(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Raises Malformed."""
    if MANIFEST not in files:
        raise Malformed(MANIFEST, "it is missing")
    try:
        manifest = strict_json(files[MANIFEST])
        _check_manifest(manifest)
        if canonical(manifest) != files[MANIFEST]:
            raise ValueError("its bytes are not in canonical form")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed(MANIFEST, str(error)[:160]) from error
    return manifest


def _check_manifest(manifest: Any) -> None:
    if manifest["format"] != FORMAT:
        raise ValueError(f"its format is {manifest['format']!r:.40}, not {FORMAT}")
    if not all(isinstance(manifest[name], str) for name in HEAD) or not isinstance(manifest["receiver"], str | None):
        raise ValueError("its head is incomplete")
    if not all(isinstance(one["sha256"], str) and isinstance(one["bytes"], int) for one in manifest["files"].values()):
        raise ValueError("its list of files is incomplete")
    if not all(isinstance(one["en"], str) and isinstance(one["zh"], str) for one in manifest["absent"].values()):
        raise ValueError("what is absent has no reason")
    keys_of(manifest)


def keys_of(manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """The keys that the manifest names. Raises ValueError when one does not fit its id."""
    keys = {name: bytes.fromhex(public) for name, public in manifest["keys"].items()}
    if not 1 <= len(keys) <= MOST_KEYS or any(proof.key_id(public) != name or len(public) != 32 for name, public in keys.items()):
        raise ValueError("a key does not fit its id")
    return keys


def fingerprint(public: bytes) -> str:
    """What an operator publishes of a key and a reader compares: all of its SHA-256, in groups of eight."""
    digits = hashlib.sha256(public).hexdigest()
    return " ".join(digits[i : i + 8] for i in range(0, 64, 8))


class Sealed:
    """The signature member, read."""

    def __init__(self, pack: Opened) -> None:
        """Raises Malformed."""
        if SIGNATURE not in pack.files:
            raise Malformed(SIGNATURE, "it is missing")
        try:
            given = strict_json(pack.files[SIGNATURE])
            self.key, self.value = str(given["key"]), bytes.fromhex(given["signature"])
            self.logged = Inclusion.from_json(given["logged"])
            again = {"format": SIGNATURE_FORMAT, "algorithm": "Ed25519", "key": self.key, "signature": self.value}
            if canonical(again | {"logged": self.logged.to_json()}) != pack.files[SIGNATURE]:
                raise ValueError("its bytes are not in canonical form")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Malformed(SIGNATURE, str(error)[:160]) from error
        manifest = pack.files[MANIFEST]
        public = pack.keys.get(self.key)
        self.known = public is not None
        self.holds = public is not None and proof.document_signature_holds(manifest, FORMAT, self.value, public)
        self.wrong = proof.check(self.logged, pack.keys)
        data = self.logged.entry.get("data")
        self.data: Mapping[str, Any] = data if isinstance(data, dict) and self.logged.entry.get("kind") == EXPORTED else {}
        mine = (self.data.get("manifest_sha256"), self.data.get("application"), self.logged.checkpoint.key)
        self.witnessed = mine == (sha256_hex(manifest), pack.manifest["application"], self.key)

    @property
    def witness(self) -> Mapping[str, str]:
        """The hash of every file as the log has it; nothing when the log's proof does not hold."""
        files = self.data.get("files")
        return files if not self.wrong and isinstance(files, dict) else {}


def ask(pack: Opened, trusted: bool) -> None:
    try:
        sealed: Sealed | None = Sealed(pack)
    except Malformed as error:
        sealed = None
        pack.found.failed("signature", str(error), f"签名文件无法读取：{error}", [SIGNATURE])
    if sealed is not None:
        _signature(pack, sealed)
    problems = list(_files(pack, sealed.witness if sealed else {}))
    count = len(pack.files)
    pack.found.settle("files", problems, f"all {count} files are as they were exported", f"全部 {count} 个文件与导出时一致")
    _signer(pack, sealed, trusted)


def _signature(pack: Opened, sealed: Sealed) -> None:
    if sealed.holds and not sealed.wrong and sealed.witnessed:
        says = f"key {sealed.key} signed the manifest, and the audit log recorded the export"
        pack.found.passed("signature", says, f"清单由密钥 {sealed.key} 签名，审计日志记录了此次导出")
        return
    if not sealed.known:
        says, zh = f"it is signed by key {sealed.key[:40]}, which is not trusted", f"签名密钥 {sealed.key[:40]} 不受信任"
        pack.found.failed("signature", says, zh, [SIGNATURE])
        return
    if not sealed.holds:
        altered = _whose_fault(sealed)
        says = "the signature does not hold over the manifest: " + (" and ".join(altered)) + " changed since the export"
        pack.found.failed("signature", says, f"签名与清单不符：{'、'.join(altered)} 在导出后被改动", altered)
        return
    why = "; ".join(sealed.wrong) or "the log recorded the export of another manifest"
    says = f"the manifest is signed, but the audit log does not witness this export: {why}"
    pack.found.failed(
        "signature", says, f"清单已签名，但审计日志未证明此次导出：{why}", [SIGNATURE] if sealed.wrong else [MANIFEST, SIGNATURE]
    )


def _whose_fault(sealed: Sealed) -> list[str]:
    """The log's witness tells whether the manifest or its signature changed; without it both stand accused."""
    if sealed.wrong:
        return [MANIFEST, SIGNATURE]
    return [SIGNATURE] if sealed.witnessed else [MANIFEST]


def _files(pack: Opened, witness: Mapping[str, str]) -> Iterator[Problem]:
    listed = pack.manifest["files"]
    present = {name: pack.sha256(name) for name in pack.files if name not in (MANIFEST, SIGNATURE)}
    for name in sorted(listed.keys() | witness.keys() | present.keys()):
        if name not in present:
            yield name, f"{name} is missing", f"缺少 {name}"
        elif name not in listed:
            yield name, f"{name} was added: the manifest does not list it", f"{name} 为后加文件，清单中没有"
        elif (present[name], len(pack.files[name])) != (listed[name]["sha256"], listed[name]["bytes"]):
            yield name, f"{name} was changed: its hash is not the manifest's", f"{name} 已被改动：哈希与清单不符"
        elif witness and witness.get(name) != present[name]:
            yield (
                name,
                f"{name} was changed together with the manifest: the log has another hash",
                f"{name} 与清单一同被改动：与审计日志不符",
            )


def _signer(pack: Opened, sealed: Sealed | None, trusted: bool) -> None:
    if not trusted:
        prints = "; ".join(signers(pack, sealed))
        pack.found.unsure(
            "signer",
            f"no trusted key was given: compare these fingerprints with those that the operator publishes: {prints}",
            f"未提供受信任的公钥：请将以下指纹与运营方公布的指纹核对：{prints}",
        )
        return
    strange = sorted(pack.manifest["keys"].keys() - pack.keys.keys())
    if sealed is not None and sealed.known:
        more = f" (the manifest also names {', '.join(strange)}, which counted for nothing)" if strange else ""
        pack.found.passed("signer", f"the signing key is one of those you trust{more}", "签名密钥在您信任的公钥之列")
    else:
        pack.found.failed("signer", "no trusted key signed the pack", "证据包并非由受信任的密钥签名", [SIGNATURE])


def signers(pack: Opened, sealed: Sealed | None) -> tuple[str, ...]:
    """Fingerprints of all keys in the pack, the signing one first."""
    first = sealed.key if sealed else ""
    return tuple(fingerprint(public) for _, public in sorted(pack.keys.items(), key=lambda item: (item[0] != first, item[0])))
