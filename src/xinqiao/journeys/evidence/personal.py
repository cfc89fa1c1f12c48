"""The person's own data: masked for every reader, and sealed for the one receiver that the person let have them (HPKE, RFC 9180).

Reading them is decided and logged by the vault like any other read, and so shows in the pack itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from sqlalchemy import Connection

from xinqiao import vault
from xinqiao.credit import service as decisions
from xinqiao.kit import Refused, canonical
from xinqiao.vault import SYSTEM, Field, Klass, PersonForgotten, Purpose, audit

from ..case import Case
from ..deciding import RECORD
from ..house import House
from ..sharing import SHARED
from .errors import ReceiverKeyUnusable
from .gather import Sections
from .pack import FORMAT, PERSONAL_SEALED

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
MASKED = tuple(field for field in Field if field.holds is str and field.klass is Klass.C2 and field is not Field.BUREAU_FILE)
"""What has a mask that hides: class C1 (an employer, say) is shown whole inside the house, and so stays out of a file that leaves it."""


def receiver_key(raw: bytes) -> X25519PublicKey:
    """Raises ReceiverKeyUnusable for anything that cannot be sealed for."""
    try:
        key = X25519PublicKey.from_public_bytes(raw)
        SUITE.encrypt(b"", key, b"")
    except Exception as error:
        raise ReceiverKeyUnusable(len(raw), field="receiver") from error
    return key


def info(tenant: str, application: str) -> bytes:
    """What ties the sealed part to its pack: moved to another one, it does not open."""
    return b"\0".join((FORMAT.encode(), PERSONAL_SEALED.encode(), tenant.encode(), application.encode()))


def unseal(sealed: bytes, private: bytes, tenant: str, application: str) -> dict[str, Any]:
    """Raises whatever a wrong key, or a changed byte, makes it raise."""
    return json.loads(SUITE.decrypt(sealed, X25519PrivateKey.from_private_bytes(private), info(tenant, application)))


def masked(house: House, db: Connection, case: Case, into: Sections) -> None:
    held = [field for field in MASKED if field in vault.holds(db=db, person=case.person)]
    try:
        values = vault.read_masked(
            db=db,
            vault=house.vault,
            clock=house.clock,
            person=case.person,
            fields=held,
            purpose=Purpose.APPLICATION,
            actor=SYSTEM,
        )
    except Refused as error:
        into.lack("personal.masked.json", error.message(), error.message("zh"))
    else:
        into.put("personal.masked.json", {"person": case.person, "fields": values})


def records(house: House, db: Connection, case: Case, why: Purpose) -> dict[UUID, bytes]:
    """The decision records, opened and the opening logged; none once the person is forgotten."""
    opened: dict[UUID, bytes] = {}
    for made in decisions.of_application(db=db, application_id=case.id):
        try:
            opened[made.id] = vault.open_record(db=db, vault=house.vault, person=case.person, label=RECORD, sealed=made.record)
        except PersonForgotten:
            continue
    told = [{"fields": [RECORD], "purpose": why, "masked": False, "record": one} for one in opened]
    audit.append(db, house.clock, [audit.Entry("evidence.record_opened", SYSTEM, case.person, data) for data in told])
    return opened


def sealed(
    house: House,
    db: Connection,
    case: Case,
    key: X25519PublicKey | None,
    opened: Mapping[UUID, bytes],
    recipient: str | None,
    into: Sections,
) -> None:
    """What the person shares with the named funder, in clear under the receiver's key alone."""
    if key is None:
        into.lack(PERSONAL_SEALED, "no receiver's key was given", "未提供接收方密钥")
        return
    if recipient is None:
        into.lack(PERSONAL_SEALED, "no funder is named yet with whom anything could be shared", "尚无可共享信息的资金方")
        return
    try:
        values = vault.read(
            db=db,
            vault=house.vault,
            clock=house.clock,
            person=case.person,
            fields=SHARED,
            purpose=Purpose.FUNDER_SHARING,
            actor=SYSTEM,
            recipient=recipient,
        )
    except Refused as error:
        into.lack(PERSONAL_SEALED, error.message(), error.message("zh"))
        return
    content = {"recipient": recipient, "fields": values, "decisions": {str(one): record.decode() for one, record in opened.items()}}
    into.files[PERSONAL_SEALED] = SUITE.encrypt(canonical(content), key, info(house.settings.tenant, str(case.id)))
