"""Does the machine come to the same answer again? Face checks, fraud rules, the credit decision; and what is sealed for the receiver."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from xinqiao import credit, fraud
from xinqiao.credit.errors import ArtifactMissing
from xinqiao.fraud import FraudEvidence, UnknownRules
from xinqiao.fraud.errors import ReplayDiffers
from xinqiao.identity import FusionUnknown, replay
from xinqiao.kit import sha256_hex
from xinqiao.vault import Field, mask

from ..gather import public_part
from ..pack import PERSONAL_SEALED
from ..personal import MASKED as MASKED_FIELDS
from ..personal import unseal
from .opened import Malformed, Opened, Problem, differing, same

EVENTS = "events.json"
IDENTITY, FRAUD, DECISION, MASKED = "identity.json", "fraud.json", "decision.json", "personal.masked.json"


def identity(pack: Opened) -> None:
    """Each face check as its event tells it, and as its own signals give it again."""
    kinds = {"checks": "identity.checked", "refused": "face.refused"}
    found = pack.object(IDENTITY)
    told = {
        "checks": [{"event": one["id"], "at": one["at"], **one["data"]} for one in pack.events if one["kind"] == kinds["checks"]],
        "refused": [{"event": one["id"], "at": one["at"]} for one in pack.events if one["kind"] == kinds["refused"]],
    }
    problems = differing(IDENTITY, found, told, ("checks", "refused"), "the events", "事件")
    problems += [*_judged_again(pack), *_challenges(pack)]
    count = len(told["checks"])
    says = f"{count} face checks are as their events tell, and their signals give the same outcome again"
    pack.found.settle("identity", problems, says, f"{count} 次人脸核验与事件一致，按其信号重算结果相同")


def _judged_again(pack: Opened) -> Iterator[Problem]:
    """Each check's outcome and score come out of its own signals, by the rules that it names."""
    for event in (one for one in pack.events if one["kind"] == "identity.checked" and "bounds" in one["data"]):
        try:
            _, differs = replay(event["data"])
        except FusionUnknown as error:
            pack.found.unsure("identity replay", f"not judged again: {error}", f"未能重算：{error.message('zh')}")
            return
        if differs:
            yield (
                EVENTS,
                f"face check {event['data']['check']!s:.40}: {differs}",
                f"人脸核验 {event['data']['check']!s:.40}：按其信号重算，结果不同",
            )


def _challenges(pack: Opened) -> Iterator[Problem]:
    """A recording answers a light challenge that this application was given before, in its time, and that no other recording answered."""
    issued = {one["data"]["challenge"]: one for one in pack.events if one["kind"] == "face.challenge_issued"}
    answered: set[str] = set()
    for event in (one for one in pack.events if one["kind"] in ("identity.checked", "identity.unreadable")):
        name = event["data"].get("challenge")
        if name is None:
            continue
        known = issued.get(name)
        if known is None or not _time(known["at"]) <= _time(event["data"]["taken_at"]) <= _time(known["data"]["expires_at"]):
            yield EVENTS, f"challenge {name!s:.40} was not issued before, or had run out", f"光线验证 {name!s:.40} 未曾签发或已过期"
        if name in answered:
            yield EVENTS, f"challenge {name!s:.40} was answered twice", f"光线验证 {name!s:.40} 被使用两次"
        answered.add(name)


def _time(text: str) -> datetime:
    """Raises ValueError, TypeError."""
    return datetime.fromisoformat(text)


def screening(pack: Opened) -> None:
    """The fraud record is the one that its event hashed, and its rules give it again to the byte."""
    record, event = pack.files[FRAUD], pack.last("fraud.screened")
    problems: list[Problem] = []
    if event is None or event["sha256"] != sha256_hex(record):
        problems.append((FRAUD, "the record is not the one that its event hashed", "反欺诈记录与事件中的哈希不符"))
    found = pack.object(FRAUD)
    if found["application_id"] != pack.manifest["application"]:
        problems.append((FRAUD, "the record is of another application", "反欺诈记录属于其他申请"))
    try:
        again = fraud.replay(FraudEvidence.read(found))
    except (UnknownRules, ReplayDiffers) as error:
        pack.found.unsure("fraud replay", f"its rules are not in this release: {error}", f"本版本没有相应规则：{error.message('zh')}")
        again = record
    if again != record:
        problems.append((FRAUD, "its rules give another answer for these signals", "按相应规则重算，结果不同"))
    pack.found.settle("fraud", problems, "the fraud rules give the same answer again, to the byte", "反欺诈规则重算结果逐字节一致")


def decision(pack: Opened, personal: Mapping[str, Any] | None, resolver: Any) -> None:
    """Each decision is the one that its event tells; with the receiver's key it is made again from its inputs."""
    rows = pack.rows(DECISION, "decisions")
    told = {one["decision"]: one for one in pack.told("credit.decided")}
    problems: list[Problem] = []
    if [row["id"] for row in rows] != list(told):
        problems.append((DECISION, "the decisions are not those that the events tell", "决定与事件不符"))
    for row in rows:
        problems += _as_told(row, told.get(row["id"], {}))
    pack.found.settle("decision", problems, f"{len(rows)} credit decisions are as their events tell", f"{len(rows)} 个授信决定与事件一致")
    if personal is None:
        says = "the inputs are sealed for the receiver: give its key to make the decision again"
        pack.found.unsure("decision replay", says, "决定的输入仅对接收方可见：提供其私钥方可重算")
    else:
        _replays(pack, rows, personal["decisions"], resolver)


def _as_told(row: Mapping[str, Any], event: Mapping[str, Any]) -> list[Problem]:
    names = ("outcome", "band", "score", "pd", "limit", "amount", "annual_rate", "model_sha256", "policy_sha256", "record_sha256")
    codes = {"reasons": [one["code"] for one in row["reasons"]]}
    return differing(DECISION, row, event, names, "its event", "其事件") + differing(
        DECISION, codes, event, ("reasons",), "its event", "其事件"
    )


def _replays(pack: Opened, rows: Any, records: Mapping[str, str], resolver: Any) -> None:
    shelf = resolver or credit.shipped.shelf()
    problems: list[Problem] = []
    for row in rows:
        record = records[row["id"]].encode()
        problems += _of_record(row, record)
        try:
            if credit.replay(record, shelf) != record:
                problems.append((PERSONAL_SEALED, "the decision does not come out the same from its inputs", "按输入重算，决定不同"))
        except ArtifactMissing as error:
            pack.found.unsure("decision replay", f"not made again: {error}", f"未能重算：{error.message('zh')}")
            return
    pack.found.settle(
        "decision replay", problems, "made again from its inputs, the decision is the same to the byte", "按输入重算，决定逐字节一致"
    )


def _of_record(row: Mapping[str, Any], record: bytes) -> Iterator[Problem]:
    if sha256_hex(record) != row["record_sha256"]:
        yield PERSONAL_SEALED, f"the record of decision {row['id']} is not the one that was hashed", f"决定 {row['id']} 的记录与哈希不符"
        return
    stored = {name: value for name, value in row.items() if name != "versions"}
    stored["reasons"] = [one["code"] for one in row["reasons"]]
    if not same(public_part(stored, json.loads(record)), dict(row)):
        yield DECISION, "decision.json says otherwise than the record", "decision.json 与决定记录不符"


def unsealed(pack: Opened, private: bytes) -> Mapping[str, Any] | None:
    """The receiver's part; None, with a failed check, when it does not open."""
    try:
        return unseal(pack.files[PERSONAL_SEALED], private, pack.manifest["tenant"], pack.manifest["application"])
    except Exception as error:
        # The library raises its own errors for a wrong key and for a changed byte, and rightly does not tell them apart.
        why = type(error).__name__
        pack.found.failed(
            "personal", f"the sealed part does not open with this key ({why})", f"密封部分无法用该私钥打开（{why}）", [PERSONAL_SEALED]
        )
        return None


def personal(pack: Opened, clear: Mapping[str, Any]) -> None:
    """What is shown masked is the mask of what is sealed."""
    if not pack.has(MASKED):
        return
    shown = pack.object(MASKED)["fields"]
    if not isinstance(clear["fields"], dict):
        raise Malformed(PERSONAL_SEALED, "it holds no fields")
    problems = [
        (MASKED, f"{name} is not the mask of the value sealed for the receiver", f"{name} 的掩码与密封的值不符")
        for name, value in clear["fields"].items()
        if Field(name) in MASKED_FIELDS and shown.get(name) != mask(Field(name), value)
    ]
    count = len(clear["fields"])
    pack.found.settle(
        "personal", problems, f"{count} personal values opened; the masked ones are theirs", f"已打开 {count} 项个人信息，掩码与其一致"
    )
