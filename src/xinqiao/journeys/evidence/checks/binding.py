"""Does everything hang on the signed log? Proofs, events, accesses, the application's own facts, and sections that events promise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xinqiao.kit import canonical
from xinqiao.vault.audit import Checkpoint, proof

from ...house import event_hash
from .. import log
from .opened import Malformed, Opened, Problem, differing, same

AUDIT, EVENTS, ACCESSES, APPLICATION = "audit.json", "events.json", "accesses.json", "application.json"
MOST_STEPS = 50_000_000
"""Entries times the ranges of their checkpoints: some seconds of work."""
ALWAYS = (APPLICATION, EVENTS, AUDIT, ACCESSES, "index.html")
PROMISED = {
    "identity.checked": ("identity.json",),
    "fraud.screened": ("fraud.json",),
    "credit.decided": ("decision.json",),
    "funding.bids_taken": ("bids.json",),
    "servicing.offer_made": ("offer.json", "contract.zh-CN.txt", "contract.en.txt", "schedule.json"),
    "servicing.offer_signed": ("signature.json",),
    "servicing.disbursed": ("loan.json", "ledger.json"),
}
"""What an event says happened, and the members that must then be there."""


def proofs(pack: Opened) -> None:
    """Every entry leads to a root that a key signed."""
    checkpoints, problems = _checkpoints(pack)
    entries = pack.rows(AUDIT, "entries")
    if len(entries) * sum(len(one.ranges) for one in checkpoints.values()) > MOST_STEPS:
        raise Malformed(AUDIT, "it would take too long to prove")
    problems += [one for row in entries for one in _proof(row, checkpoints)]
    places = [(row["entry"].get("lane"), row["entry"].get("seq")) for row in entries]
    if len(set(places)) != len(places):
        problems.append((AUDIT, "an entry of the log occurs twice", "日志条目重复"))
    problems += _chain(entries)
    says = f"{len(entries)} entries of the audit log lead to {len(checkpoints)} signed checkpoints"
    pack.found.settle("audit", problems, says, f"{len(entries)} 条审计日志均可追溯到 {len(checkpoints)} 个已签名的检查点")


def _checkpoints(pack: Opened) -> tuple[dict[int, Checkpoint], list[Problem]]:
    found: dict[int, Checkpoint] = {}
    problems: list[Problem] = []
    tenant = pack.manifest["tenant"]
    for row in pack.rows(AUDIT, "checkpoints"):
        try:
            one = Checkpoint.from_json(row)
        except ValueError as error:
            raise Malformed(AUDIT, str(error)[:160]) from error
        if one.number in found or one.to_json() != row or one.tenant != tenant or not proof.signature_holds(one, pack.keys):
            says = f"checkpoint {one.number}: no trusted key signed it for this tenant as it stands"
            problems.append((AUDIT, says, f"检查点 {one.number}：并非由受信任的密钥为本租户签署"))
        found[one.number] = one
    for number, one in found.items():
        before = found.get(number - 1)
        if before is not None and before.digest != one.previous:
            problems.append((AUDIT, f"checkpoint {number} does not follow checkpoint {number - 1}", f"检查点 {number} 与前一个不相连"))
    return found, problems


def _proof(row: Mapping[str, Any], checkpoints: Mapping[int, Checkpoint]) -> Iterator[Problem]:
    entry, covering = row["entry"], checkpoints.get(row["checkpoint"])
    lane, seq = entry["lane"], entry["seq"]
    where = f"entry {lane}/{seq}"
    if covering is None or entry["tenant"] != covering.tenant or not (isinstance(lane, int) and isinstance(seq, int)):
        yield AUDIT, f"{where}: no checkpoint of the pack covers it", f"日志 {lane}/{seq}：没有检查点覆盖"
        return
    index, path = covering.index(lane, seq), [bytes.fromhex(node) for node in row["path"]]
    leaf = proof.leaf_hash(canonical(entry))
    if index is None or proof.root_by_path(leaf, index, covering.size, path) != covering.root:
        says = f"{where} ({entry.get('kind')!s:.40}) was altered: it does not lead to the signed root of checkpoint {covering.number}"
        yield AUDIT, says, f"日志 {lane}/{seq} 已被改动：无法追溯到检查点 {covering.number} 的签名根"


def _chain(rows: Any) -> Iterator[Problem]:
    """Neighbours in a lane name each other's hashes."""
    entries = {(row["entry"]["lane"], row["entry"]["seq"]): row["entry"] for row in rows}
    for (lane, seq), entry in entries.items():
        before = entries.get((lane, seq - 1))
        if before is not None and proof.leaf_hash(canonical(before)).hex() != entry["previous"]:
            yield AUDIT, f"entry {lane}/{seq} does not follow the one before it", f"日志 {lane}/{seq} 与前一条不相连"


def events(pack: Opened) -> None:
    """Each event is the one whose hash was bound into the log when it happened."""
    bound = {}
    for row in pack.rows(AUDIT, "entries"):
        entry = row["entry"]
        if entry["kind"] == "event":
            bound[entry["data"]["event"]] = entry["data"]["sha256"]
    problems = [one for event in pack.events for one in _binding(event, bound)]
    ids = [event["id"] for event in pack.events]
    if ids != sorted(set(ids)):
        problems.append((EVENTS, "the events are not in the order in which they happened, each once", "事件顺序被改动或有重复"))
    problems += _subjects(pack)
    says = f"{len(ids)} events are bound into the audit log by their hashes"
    pack.found.settle("events", problems, says, f"{len(ids)} 个事件均以哈希绑定在审计日志中")


def _binding(event: Mapping[str, Any], bound: Mapping[str, str]) -> Iterator[Problem]:
    name = f"{event['kind']!s:.60} ({event['id']!s:.40})"
    known = bound.get(event["id"])
    if known is None:
        yield EVENTS, f"event {name} is not bound into the log", f"事件 {name} 未绑定到审计日志"
    elif known != event_hash(event):
        yield EVENTS, f"event {name} was altered: its hash is not the one in the log", f"事件 {name} 已被改动：哈希与日志不符"


def _subjects(pack: Opened) -> Iterator[Problem]:
    """Events of this application, of its loan and of its person, and of nobody else."""
    disbursed = pack.last("servicing.disbursed")
    mine = {pack.manifest["application"], disbursed["loan"] if disbursed else None}
    person = pack.object(APPLICATION)["person_id"]
    for event in pack.events:
        if event["subject"] not in mine or event["person_id"] not in (person, None):
            yield EVENTS, f"event {event['id']!s:.40} is of another application or person", f"事件 {event['id']!s:.40} 属于其他申请或个人"


def accesses(pack: Opened) -> None:
    """The readable list says what the log says, no more and no less."""
    told = log.accesses([row["entry"] for row in pack.rows(AUDIT, "entries")])
    problems: list[Problem] = []
    if not same(told, pack.object(ACCESSES)["accesses"]):
        problems = [(ACCESSES, "accesses.json does not tell what the log tells", "accesses.json 与审计日志不一致")]
    pack.found.settle("accesses", problems, f"{len(told)} accesses are listed as the log has them", f"{len(told)} 次访问记录与日志一致")


def application(pack: Opened) -> None:
    """The application's facts are those that its events tell."""
    facts, first = pack.object(APPLICATION), pack.last("application.received")
    problems = differing(APPLICATION, facts, {"id": pack.manifest["application"]}, ("id",), "the manifest", "清单")
    if first is None:
        problems.append((EVENTS, "no event says that the application was received", "缺少收到申请的事件"))
    else:
        names = ("kind", "product", "amount", "term_months", "loan_purpose", "region", "facts")
        problems += differing(APPLICATION, facts, first, names, "its first event", "首个事件")
        problems += differing(APPLICATION, facts["scene"], {"id": first["scene"]}, ("id",), "its first event", "首个事件")
    stages = [event["data"]["to"] for event in pack.events if "to" in event["data"] and event["subject"] == facts["id"]]
    stage = stages[-1] if stages else "received"
    problems += differing(APPLICATION, facts, {"stage": stage}, ("stage",), "its last event", "最后的事件")
    pack.found.settle("application", problems, "the application is as its events tell", "申请信息与事件记录一致")


def sections(pack: Opened) -> None:
    """What events say happened is documented; what is absent is said to be."""
    absent = pack.manifest["absent"]
    needed = set(ALWAYS) | {name for kind, names in PROMISED.items() if pack.last(kind) is not None for name in names}
    problems = [(name, f"{name} should be there and is not", f"应有 {name} 而没有") for name in sorted(needed) if not pack.has(name)]
    problems += [(name, f"{name} is there and said to be absent", f"{name} 存在却标为缺少") for name in sorted(absent) if pack.has(name)]
    lacking = "; ".join(f"{name}: {why['en']}" for name, why in sorted(absent.items()))
    lacking_zh = "；".join(f"{name}：{why['zh']}" for name, why in sorted(absent.items()))
    says = f"absent, with reason: {lacking}" if absent else "no section is absent"
    pack.found.settle("sections", problems, says, f"缺少的部分及原因：{lacking_zh}" if absent else "各部分齐全")
