"""What the person agreed to: consents as shown, no read without its receipt, the contract's words and the device's signature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from xinqiao.kit import Money, canonical, sha256_hex
from xinqiao.servicing import Base, Charge, Party, Signature, Terms, contract
from xinqiao.servicing import offer as offers
from xinqiao.servicing.contract import Prepayment
from xinqiao.servicing.errors import SignatureInvalid
from xinqiao.vault import Purpose

from .. import agreements
from ..pack import decimal
from .opened import Opened, Problem, differing

FOLDER = "consents/"
OFFER, SIGNATURE = "offer.json", "signature.json"


def consents(pack: Opened) -> None:
    """Each receipt is the one that the log recorded, over the text that is shipped, shown before it was answered."""
    names = [name for name in pack.files if name.startswith(FOLDER)]
    log = _Told(pack)
    problems = [one for name in names for one in _receipt(pack, name, log)]
    known = {name.removeprefix(FOLDER).removesuffix(".json") for name in names}
    for event in (*pack.told("consent.agreed"), *pack.told("consent.declined")):
        if event["receipt"] not in known:
            problems.append(
                (f"{FOLDER}{event['receipt']}.json", f"receipt {event['receipt']} is missing", f"缺少授权回执 {event['receipt']}")
            )
    used = {f"texts/{pack.object(name)['receipt']['text_sha256']}.txt" for name in names}
    problems += [
        (name, f"{name} belongs to no receipt", f"{name} 不属于任何回执")
        for name in pack.files
        if name.startswith("texts/") and name not in used
    ]
    says = f"{len(names)} consent receipts are over the texts that were shown, each recorded in the log"
    pack.found.settle("consents", problems, says, f"{len(names)} 份授权回执与展示的文本一致，均有日志记录")


class _Told:
    """What the log says of consents, by receipt and by display."""

    def __init__(self, pack: Opened) -> None:
        entries = [row["entry"] for row in pack.rows("audit.json", "entries")]
        self.answers = {entry["data"]["receipt"]: entry for entry in entries if entry["kind"] in ("consent.agreed", "consent.declined")}
        self.shown = {entry["data"]["display"]: entry for entry in entries if entry["kind"] == "consent.shown"}
        self.ended = {entry["data"]["receipt"]: entry for entry in entries if entry["kind"] == "consent.ended"}


def _receipt(pack: Opened, name: str, log: _Told) -> Iterator[Problem]:
    receipt, display = pack.object(name)["receipt"], pack.object(name)["display"]
    if name != f"{FOLDER}{receipt['id']}.json":
        yield name, f"{name} holds another receipt", f"{name} 内为另一份回执"
    if sha256_hex(canonical(receipt["record"])) != receipt["sha256"]:
        yield name, f"{name}: the record's hash is not the receipt's", f"{name}：记录的哈希与回执不符"
    yield from differing(name, receipt, _of_record(receipt["record"]), _RECORDED, "its record", "其记录")
    yield from differing(
        name,
        display,
        {"id": receipt["display"], "shown_at": receipt["record"]["display"]["shown_at"]},
        ("id", "shown_at"),
        "its record",
        "其记录",
    )
    yield from _logged(name, receipt, display, log)
    yield from _text(pack, name, receipt)


_RECORDED = (
    "id",
    "person",
    "application",
    "display",
    "purpose",
    "agreed",
    "at",
    "language",
    "text_version",
    "text_sha256",
    "recipient",
    "how",
)


def _of_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """The receipt's facts as its ISO/IEC TS 27560 record tells them."""
    processing, display = record["pii_processing"], record["display"]
    notice, third = processing["privacy_notice"], processing["recipient_third_parties"]
    return {
        "id": record["record_id"],
        "person": record["pii_principal_id"],
        "application": record["application"],
        "display": display["id"],
        "purpose": processing["purpose"],
        "agreed": record["event"]["event_state"] == "consent_given",
        "at": record["event"]["event_time"],
        "language": processing["language"],
        "text_version": notice["version"],
        "text_sha256": notice["sha256"],
        "recipient": third[0]["id"] if third else None,
        "how": display["how"],
    }


def _logged(name: str, receipt: Mapping[str, Any], display: Mapping[str, Any], log: _Told) -> Iterator[Problem]:
    entry, shown = log.answers.get(receipt["id"]), log.shown.get(receipt["display"])
    if entry is None or shown is None:
        yield name, f"{name}: the log knows nothing of this receipt or of its display", f"{name}：日志中没有该回执或其展示记录"
        return
    said = {"sha256": entry["data"]["receipt_sha256"], "agreed": entry["kind"] == "consent.agreed", "at": entry["at"]}
    yield from differing(name, receipt, said, ("sha256", "agreed", "at"), "the log", "日志")
    if shown["data"]["text_sha256"] != receipt["text_sha256"] or _instant(shown["at"]) > _instant(receipt["at"]):
        yield name, f"{name}: another text was shown, or it was shown after the answer", f"{name}：展示的是另一文本，或展示晚于作答"
    end = log.ended.get(receipt["id"])
    ended = {"ended_at": end["at"] if end else None, "ended_why": end["data"]["why"] if end else None}
    yield from differing(name, receipt, ended, ("ended_at", "ended_why"), "the log", "日志")


def _text(pack: Opened, name: str, receipt: Mapping[str, Any]) -> Iterator[Problem]:
    file = f"texts/{receipt['text_sha256']}.txt"
    if not pack.has(file):
        yield file, f"{file}, the text of {name}, is missing", f"缺少 {name} 的文本 {file}"
        return
    try:
        found = agreements.read_back(pack.files[file], receipt).sha256
    except ValueError:
        found = ""
    if found != receipt["text_sha256"]:
        yield file, f"{file} is not the text that {name} was given for", f"{file} 不是 {name} 所对应的文本"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def reads(pack: Opened) -> None:
    """Whatever was read under a purpose that needs consent rests on a receipt of the pack that was in force at that moment."""
    receipts = {f"consent:{found['id']}": found for found in _receipts(pack)}
    rows = [one for one in pack.rows("accesses.json", "accesses") if one["allowed"] and _needs_consent(one)]
    problems = [
        (
            "accesses.json",
            f"the read of {', '.join(one['fields'])} at {one['at']} rests on no live consent",
            f"{one['at']} 的读取没有有效授权",
        )
        for one in rows
        if not any(_covers(receipts.get(source), one) for source in one["basis"])
    ]
    says = f"{len(rows)} reads that needed consent had one in force"
    pack.found.settle("reads", problems, says, f"{len(rows)} 次须经授权的读取均有当时有效的授权")


def _receipts(pack: Opened) -> Iterator[Mapping[str, Any]]:
    return (pack.object(name)["receipt"] for name in pack.files if name.startswith(FOLDER))


def _needs_consent(access: Mapping[str, Any]) -> bool:
    """The opening of a decision record names its purpose without a basis of its own: the read of the fields beside it has one."""
    return "basis" in access and Purpose(access["purpose"]).needs_consent


def _covers(receipt: Mapping[str, Any] | None, access: Mapping[str, Any]) -> bool:
    if (
        receipt is None
        or not receipt["agreed"]
        or receipt["purpose"] != access["purpose"]
        or receipt["recipient"] != access.get("recipient")
    ):
        return False
    at = _instant(access["at"])
    ends = [_instant(receipt[name]) for name in ("ended_at", "until") if receipt[name] is not None]
    return _instant(receipt["at"]) <= at and all(at <= end for end in ends)


def contracts(pack: Opened) -> None:
    """The contracts' words are those offered, disclosed in the event, and rendered again from the terms."""
    offer = pack.object(OFFER)
    event = next((told for told in pack.told("servicing.offer_made") if told["offer"] == offer["id"]), None)
    problems: list[Problem] = [] if event else [(OFFER, "no event tells of this offer", "没有事件记录该报价")]
    for language, told in offer["contracts"].items():
        file = f"contract.{language}.txt"
        signed = event["contracts"].get(language) if event else None
        if not pack.has(file):
            problems.append((file, f"{file} is missing", f"缺少 {file}"))
        elif pack.sha256(file) != signed:
            problems.append((file, f"{file} is not the contract that was offered", f"{file} 不是所报价的合同"))
        if told["sha256"] != signed:
            problems.append((OFFER, f"offer.json has another hash for {file} than was disclosed", f"offer.json 中 {file} 的哈希与披露不符"))
    if event:
        problems += _disclosed(offer, event)
    again = _rendered(pack, offer)
    problems += [] if again is None else again
    says = "the contracts are the ones offered" + (", and follow from the terms word for word" if again is not None else "")
    pack.found.settle("contract", problems, says, "合同文本与报价一致" + ("，且由条款逐字重现" if again is not None else ""))
    if again is None:
        pack.found.unsure("contract terms", "this release has another template: not rendered again", "本版本的合同模板不同，未能重新生成")


def _disclosed(offer: Mapping[str, Any], event: Mapping[str, Any]) -> list[Problem]:
    said = {
        "application_id": event["application"] if "application" in event else offer["application_id"],
        "reservation_id": event["reservation"],
        "expires_at": event["expires_at"],
    }
    found = differing(OFFER, offer, said, tuple(said), "its event", "其事件")
    found += differing(OFFER, offer["terms"], event, ("principal", "annual_rate"), "its event", "其事件")
    found += differing(OFFER, offer["disclosed"], event, ("annual_cost_percent", "effective_percent", "total_cost"), "its event", "其事件")
    parties = {"funder": offer["funder"]["id"], "guarantor": (offer["guarantor"] or {}).get("id")}
    return found + differing(OFFER, parties, event, ("funder", "guarantor"), "its event", "其事件")


def _rendered(pack: Opened, offer: Mapping[str, Any]) -> list[Problem] | None:
    """What differs from the contracts made anew; None when this release's templates are others."""
    terms, problems = terms_of(offer["terms"]), list[Problem]()
    for language, told in offer["contracts"].items():
        made = contract.render(
            offer_id=UUID(offer["id"]),
            application_id=UUID(offer["application_id"]),
            funder=_party(offer["funder"]),
            guarantor=_party(offer["guarantor"]) if offer["guarantor"] else None,
            terms=terms,
            language=language,
        )
        if made.template_sha256 != told["template_sha256"]:
            return None
        if made.sha256 != told["sha256"]:
            problems.append(
                (OFFER, f"the terms in offer.json do not make the contract in {language}", f"offer.json 的条款不能生成 {language} 合同")
            )
    return problems


def _party(given: Mapping[str, Any]) -> Party:
    return Party(UUID(given["id"]), given["name"], given["name_zh"])


def terms_of(given: Mapping[str, Any]) -> Terms:
    return Terms(
        principal=money(given["principal"]),
        annual_rate=decimal(given["annual_rate"]),
        months=whole(given["months"]),
        start=date.fromisoformat(given["start"]),
        premium=_charge(given["premium"]),
        fee=_charge(given["fee"]),
        platform_share=decimal(given["platform_share"]),
        penalty_rate=None if given["penalty_rate"] is None else decimal(given["penalty_rate"]),
        penalty_days_in_year=whole(given["penalty_days_in_year"]),
        cooling_days=whole(given["cooling_days"]),
        report_grace_days=whole(given["report_grace_days"]),
        rules_version=str(given["rules_version"]),
        prepayment=Prepayment(given.get("prepayment", Prepayment.AHEAD)),
    )


def _charge(given: Mapping[str, Any]) -> Charge:
    return Charge(decimal(given["annual_rate"]), Base(given["base"]), money(given["spread"]) if given["spread"] else None)


def money(given: Mapping[str, Any]) -> Money:
    return Money.parse(str(decimal(given["amount"])), given["currency"])


def whole(number: Any) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 10_000:
        raise ValueError(f"{number!r:.40} is no count of an evidence pack")
    return number


def signature(pack: Opened) -> None:
    """The borrower's device signed the hash of the contract that was offered."""
    given, offer = pack.object(SIGNATURE), pack.object(OFFER)
    problems: list[Problem] = []
    language = given["language"]
    hashes = {"contract_sha256": offer["contracts"].get(language, {}).get("sha256"), "person_id": offer["person_id"]}
    problems += differing(SIGNATURE, given, hashes, tuple(hashes), "the offer", "报价")
    file = f"contract.{language}.txt"
    if pack.has(file) and pack.sha256(file) != given["contract_sha256"]:
        problems.append((file, f"{file} is not the text that was signed", f"{file} 不是所签署的文本"))
    event = next((told for told in pack.told("servicing.offer_signed") if told["offer"] == offer["id"]), None)
    if event is None:
        problems.append((SIGNATURE, "no event tells of the signature", "没有事件记录该签名"))
    else:
        problems += differing(SIGNATURE, given, event, ("contract_sha256", "language", "method"), "its event", "其事件")
    try:
        names = ("contract_sha256", "language", "method", "public_key", "value")
        offers.verify(Signature(UUID(given["person_id"]), *(given[name] for name in names)))
    except SignatureInvalid as error:
        problems.append((SIGNATURE, error.message(), error.message("zh")))
    says = f"a key of the borrower's device signed the contract ({given['method']})"
    pack.found.settle("device signature", problems, says, f"借款人设备的密钥签署了合同（{given['method']}）")
