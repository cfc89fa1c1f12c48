"""Making users, giving them roles, and their authenticators. The caller owns the transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, Row

from xinqiao.kit import Clock, events, new_id
from xinqiao.kit.locks import hold
from xinqiao.vault import Vault

from . import passwords, store, totp
from .errors import AlreadyEnrolled, CodeWrong, FirstAdminExists, LastAdmin, LoginTaken, NoEnrolment, SignInRefused, UserUnknown
from .model import Permission, Role, Session, User, check_login, require
from .sealing import renewed, seal, unseal

CHANGING_USERS = "staff.users"
"""Changes of who is an administrator wait for each other, so that two of them cannot remove the last one."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator needs, shown once: `uri` is what the QR code holds, `secret` what is typed by hand."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


def create_first_admin(*, db: Connection, clock: Clock, login: str, password: str) -> User:
    """The administrator of a fresh installation; raises FirstAdminExists once there is any user."""
    hold(db, CHANGING_USERS)
    if store.any_user(db):
        raise FirstAdminExists
    return _create(db, clock, login, password, Role.ADMIN, by=None, must_change=False)


def create_user(*, db: Connection, clock: Clock, by: Session, login: str, password: str, role: Role | str) -> User:
    """A new user with a first password, to be changed after the first sign-in. Raises LoginTaken, LoginMalformed, PasswordWeak."""
    admin = require(by, Permission.USERS_MANAGE)
    return _create(db, clock, login, password, Role(role), by=admin, must_change=True)


def list_users(*, db: Connection) -> list[User]:
    return store.users(db)


def get_user(*, db: Connection, user: UUID) -> User:
    return store.user_of(_row(db, user))


def set_role(*, db: Connection, clock: Clock, by: Session, user: UUID, role: Role | str) -> User:
    """Takes effect at once: the user's sessions end. Raises LastAdmin."""
    admin = require(by, Permission.USERS_MANAGE)
    return _change(db, clock, admin, user, "role_changed", {"role": Role(role)}, role=Role(role).value)


def set_active(*, db: Connection, clock: Clock, by: Session, user: UUID, active: bool) -> User:
    """Close a user's access, or open it again. Raises LastAdmin."""
    admin = require(by, Permission.USERS_MANAGE)
    return _change(db, clock, admin, user, "activated" if active else "deactivated", {}, is_active=active)


def reset_second_factor(*, db: Connection, clock: Clock, by: Session, user: UUID) -> User:
    """For a lost device: the user sets up an authenticator anew at the next sign-in."""
    admin = require(by, Permission.USERS_MANAGE)
    store.replace_recovery(db, user, [])
    return _change(db, clock, admin, user, "second_factor_reset", {}, totp_sealed=None, totp_confirmed_at=None)


def change_password(*, db: Connection, clock: Clock, by: Session, old: str, new: str) -> None:
    """One's own password; every other session of the user ends. Raises SignInRefused when `old` is wrong, PasswordWeak."""
    row = _row(db, by.user.id, lock=True)
    if not passwords.matches(row.password_hash, old):
        raise SignInRefused
    hashed = passwords.hash_of(passwords.check(new, login=row.login))
    store.change_user(db, row.id, password_hash=hashed, must_change_password=False)
    store.end_sessions(db, row.id, but=by.id)
    _note(db, clock, row.id, "password_changed", {})


def begin_enrolment(*, db: Connection, vault: Vault, by: Session) -> Enrolment:
    """The secret of a new authenticator; it counts once `confirm_enrolment` has seen a code. Raises AlreadyEnrolled."""
    row = _row(db, by.user.id, lock=True)
    if row.totp_confirmed_at is not None:
        raise AlreadyEnrolled
    secret = totp.new_secret()
    store.change_user(db, row.id, totp_sealed=seal(vault=vault, owner=row.id, secret=secret), totp_last_step=0)
    return Enrolment(secret, totp.uri(secret, row.login))


def confirm_enrolment(*, db: Connection, vault: Vault, clock: Clock, by: Session, code: str) -> list[str]:
    """The ten recovery codes, shown once; the session gains the second factor. Raises NoEnrolment, CodeWrong."""
    row = _row(db, by.user.id, lock=True)
    if row.totp_sealed is None or row.totp_confirmed_at is not None:
        raise NoEnrolment
    secret = unseal(vault=vault, owner=row.id, sealed=bytes(row.totp_sealed))
    step = totp.step_of(secret, code, clock.now(), after=row.totp_last_step)
    if step is None:
        raise CodeWrong(field="code")
    codes = totp.new_recovery_codes()
    store.change_user(db, row.id, totp_confirmed_at=clock.now(), totp_last_step=step)
    store.replace_recovery(db, row.id, [digest for code in codes if (digest := totp.recovery_digest(code))])
    store.strengthen_session(db, by.id, row.id)
    store.end_sessions(db, row.id, but=by.id)
    _note(db, clock, row.id, "second_factor_set_up", {})
    return codes


def rewrap(*, db: Connection, vault: Vault) -> int:
    """Put every authenticator's secret under the newest key-encryption key; how many were under an older one."""
    fresh = [(user, renewed(vault=vault, owner=user, sealed=sealed)) for user, sealed in store.every_sealed(db)]
    moved = [(user, sealed) for user, sealed in fresh if sealed is not None]
    for user, sealed in moved:
        store.change_user(db, user, totp_sealed=sealed)
    return len(moved)


def _create(db: Connection, clock: Clock, login: str, password: str, role: Role, *, by: User | None, must_change: bool) -> User:
    login = check_login(login)
    hashed = passwords.hash_of(passwords.check(password, login=login))
    new = User(new_id(), login, role, True, False, must_change, clock.now())
    if not store.add_user(db, new, hashed):
        raise LoginTaken(login, field="login")
    _note(db, clock, new.id, "user_created", {"role": role, "by": by and by.id})
    return new


def _change(db: Connection, clock: Clock, admin: User, user: UUID, what: str, data: dict[str, object], **changes: object) -> User:
    hold(db, CHANGING_USERS)
    _row(db, user, lock=True)
    store.change_user(db, user, **changes)
    if not store.active_admins(db):
        raise LastAdmin
    store.end_sessions(db, user)
    _note(db, clock, user, what, {**data, "by": admin.id})
    return get_user(db=db, user=user)


def _row(db: Connection, user: UUID, *, lock: bool = False) -> Row:
    row = store.user_row(db, id=user, lock=lock)
    if row is None:
        raise UserUnknown(user)
    return row


def _note(db: Connection, clock: Clock, user: UUID, what: str, data: dict[str, object]) -> None:
    events.append(db, [events.Event(f"staff.{what}", user, data, at=clock.now())])
