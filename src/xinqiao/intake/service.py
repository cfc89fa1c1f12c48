"""Taking applications in, reading them, and moving them from stage to stage. The caller owns the transaction."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from xinqiao.kit import Clock, canonical, events, new_id
from xinqiao.kit.idempotency import KeyReused, once
from xinqiao.kit.locks import hold
from xinqiao.partners import Kind as PartnerKind
from xinqiao.partners import Partner
from xinqiao.vault import Field, Vault, blind, enrol, find, put

from . import store
from .errors import ApplicationUnknown, CursorUnknown, FieldError, IdempotencyMismatch, InvalidFields, NotAScene, StageMoved
from .model import Application, Stage, age_band, check_transition
from .products import PRODUCTS, Product
from .validation import Draft, read

MOST_PER_PAGE = 200


def submit(
    *,
    db: Connection,
    vault: Vault,
    clock: Clock,
    scene: Partner,
    body: Mapping[str, Any],
    idempotency_key: str,
    products: Mapping[str, Product] = PRODUCTS,
) -> Application:
    """Take in an application; the same body under the same key gives the first answer.

    Raises InvalidFields with all that is wrong, IdempotencyMismatch for another body under the key, NotAScene. What names the applicant
    goes to the vault alone; a person known by the ID number is recognised.
    """
    if scene.kind is not PartnerKind.SCENE or not scene.is_active:
        raise NotAScene(scene.code)

    def work() -> dict[str, str]:
        draft = read(body, today=clock.today(), products=products)
        return {"application": str(_take_in(db, vault, clock, scene, draft).id)}

    request = {"fingerprint": _fingerprint(vault, body)}
    try:
        answer = once(db=db, clock=clock, scope=f"intake.submit:{scene.id}", key=idempotency_key, request=request, work=work)
    except KeyReused:
        raise IdempotencyMismatch(idempotency_key) from None
    return get(db=db, application=UUID(answer["application"]))


def _fingerprint(vault: Vault, body: object) -> bytes:
    """A keyed hash of the body: a plain one would let its reader test guesses at who applied."""
    try:
        written = canonical(body)
    except (TypeError, ValueError, RecursionError):
        says, says_zh = "The body holds what JSON in UTF-8 cannot express.", "请求体包含 UTF-8 编码的 JSON 无法表示的内容。"
        raise InvalidFields([FieldError("", "intake.not_json", says, says_zh)]) from None
    return blind(vault=vault, field="application_body", value=written)


def _take_in(db: Connection, vault: Vault, clock: Clock, scene: Partner, draft: Draft) -> Application:
    # So that one new person who applies at two scenes at once is not enrolled twice.
    hold(db, f"intake:{blind(vault=vault, field=Field.ID_NUMBER, value=draft.identity.number).hex()}")
    known = find(db=db, vault=vault, field=Field.ID_NUMBER, value=draft.identity.number)
    person = known or enrol(db=db, vault=vault, clock=clock)
    before = store.first_and_latest_of(db, person) if known else None
    new = _application(vault, clock, scene, draft, person, before)
    values = _personal(draft, with_name=before is None)
    if known and store.page(
        db, scene=None, person=person, stages=[Stage.SIGNED, Stage.DISBURSED], before=None, limit=1, oldest_first=False
    ):
        # A contract is being served by what is on file: where its money goes, and where its borrower is reached.
        values = {field: value for field, value in values.items() if field not in (Field.PHONE, Field.ADDRESS, Field.BANK_ACCOUNT)}
    put(db=db, vault=vault, clock=clock, person=person, values=values)
    store.add(db, new)
    data = {"scene": scene.id, "kind": new.kind, "product": new.product, "amount": new.amount, "term_months": new.term_months}
    data |= {"loan_purpose": new.loan_purpose, "region": new.region, "facts": new.facts, "stage": new.stage}
    events.append(db, [events.Event("application.received", new.id, data, person=person, at=new.created_at)])
    return new


def _application(
    vault: Vault, clock: Clock, scene: Partner, draft: Draft, person: UUID, before: tuple[Application, Application] | None
) -> Application:
    now = clock.now()
    name_index = blind(vault=vault, field=Field.NAME, value=draft.name)
    phone_index = blind(vault=vault, field=Field.PHONE, value=draft.phone)
    business = draft.business
    return Application(
        id=new_id(),
        person_id=person,
        scene_id=scene.id,
        kind=draft.kind,
        product=draft.product,
        amount=draft.amount,
        term_months=draft.term_months,
        loan_purpose=draft.loan_purpose,
        region=draft.region,
        age_band=age_band(draft.identity.age),
        language=draft.language,
        stage=Stage.RECEIVED,
        version=0,
        created_at=now,
        updated_at=now,
        device_index=blind(vault=vault, field=Field.DEVICE, value=draft.device) if draft.device else None,
        phone_index=phone_index,
        name_index=name_index,
        business_index=blind(vault=vault, field=Field.BUSINESS_LICENCE, value=business.credit_code) if business else None,
        business_role=business.role if business else None,
        reference=draft.reference,
        facts={
            "known_person": before is not None,
            "name_differs": before is not None and before[0].name_index != name_index,
            "phone_differs": before is not None and before[1].phone_index != phone_index,
        },
    )


def _personal(draft: Draft, *, with_name: bool) -> dict[Field, str | bytes]:
    """What goes to the vault. The name stays as the first application had it, for one who knows another's ID number could otherwise
    rename him: a difference is a fact for fraud screening, and a person corrects the name by a rights request.
    """
    values: dict[Field, str | None] = {
        Field.NAME: draft.name if with_name else None,
        Field.ID_NUMBER: draft.identity.number,
        Field.BIRTH_DATE: draft.identity.born.isoformat(),
        Field.PHONE: draft.phone,
        Field.ADDRESS: draft.address,
        Field.EMAIL: draft.email,
        Field.EMPLOYER: draft.employer,
        Field.INCOME: str(draft.monthly_income) if draft.monthly_income is not None else None,
        Field.BANK_ACCOUNT: draft.bank_account,
        Field.DEVICE: draft.device,
        Field.BUSINESS_NAME: draft.business.name if draft.business else None,
        Field.BUSINESS_LICENCE: draft.business.credit_code if draft.business else None,
    }
    return {field: value for field, value in values.items() if value is not None}


def get(*, db: Connection, application: UUID, scene: UUID | None = None) -> Application:
    """One application; with `scene`, that of another scene is unknown. Raises ApplicationUnknown."""
    found = store.get(db, application)
    if found is None or (scene is not None and found.scene_id != scene):
        raise ApplicationUnknown(application)
    return found


def get_many(*, db: Connection, applications: Iterable[UUID]) -> dict[UUID, Application]:
    """Those of the ids that are applications, by id; by one query."""
    return {found.id: found for found in store.get_many(db, list(applications))}


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the cursor of the page that follows; None on the last one."""

    items: list[Application]
    next: str | None


def list_applications(
    *,
    db: Connection,
    scene: UUID | None = None,
    person: UUID | None = None,
    stages: Iterable[Stage] = (),
    cursor: str | None = None,
    limit: int = 50,
    oldest_first: bool = False,
) -> Page:
    """Newest first (or oldest), by keyset: page a thousand costs what page one does. `limit` is held to 1-200. Raises CursorUnknown."""
    size = max(1, min(limit, MOST_PER_PAGE))
    before = _position(cursor) if cursor else None
    found = store.page(db, scene=scene, person=person, stages=list(stages), before=before, limit=size + 1, oldest_first=oldest_first)
    last = found[size - 1] if len(found) > size else None
    return Page(found[:size], last and _cursor(last))


def counts(*, db: Connection, scene: UUID | None = None) -> dict[Stage, int]:
    """How many applications stand in each stage that has any."""
    return store.counts(db, scene)


def erase(*, db: Connection, person: UUID) -> int:
    """Forget the keyed hashes by which a forgotten person's applications could still be recognised; how many rows changed."""
    return store.erase(db, person)


def move(
    *, db: Connection, clock: Clock, application: Application, to: Stage, event: str, data: Mapping[str, Any] | None = None
) -> Application:
    """Move the application from the stage that the caller saw to `to`, and write `event` in the same transaction.

    The row is locked. When the very same move was made since the caller read it, this is a second run of one step: nothing is written
    and the application is returned as it stands. Any other move since raises StageMoved; one that the table does not allow,
    TransitionRefused. `data` holds no personal data.
    """
    now = store.get(db, application.id, lock=True)
    if now is None:
        raise ApplicationUnknown(application.id)
    if now.version == application.version + 1 and now.stage is to:
        return now
    if now.version != application.version:
        raise StageMoved(now.stage.value, application.stage.value)
    check_transition(now.stage, to)
    at = clock.now()
    moved = store.set_stage(db, now, to, at)
    told = {**(data or {}), "from": now.stage, "to": to}
    events.append(db, [events.Event(event, now.id, told, person=now.person_id, at=at)])
    return moved


def _cursor(last: Application) -> str:
    return base64.urlsafe_b64encode(f"{last.created_at.isoformat()}|{last.id}".encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, _, application = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition("|")
        when = datetime.fromisoformat(at)
        if when.tzinfo is None:
            raise ValueError
        return when, UUID(application)
    except (ValueError, binascii.Error):
        raise CursorUnknown(cursor[:80]) from None
