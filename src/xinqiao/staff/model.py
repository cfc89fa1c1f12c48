"""Console users, what each role may do, and sessions. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from xinqiao.vault import Actor

from .errors import LoginMalformed, PermissionMissing, ReasonMissing, SecondFactorNeeded


class Role(StrEnum):
    ADMIN = "admin"
    RISK = "risk"
    COMPLIANCE = "compliance"
    VIEWER = "viewer"


class Permission(StrEnum):
    APPLICATIONS_READ = "applications.read"
    """Applications with personal values masked."""
    APPLICATIONS_REVIEW = "applications.review"
    PERSONAL_UNMASKED = "personal.unmasked"
    """Personal values in full; each time with a reason, which is logged."""
    BOOK_READ = "book.read"
    """The book, vintages, capacity and ledger."""
    POLICY_MANAGE = "policy.manage"
    PARTNERS_MANAGE = "partners.manage"
    USERS_MANAGE = "users.manage"
    CONSENTS_READ = "consents.read"
    AUDIT_READ = "audit.read"
    RIGHTS_ANSWER = "rights.answer"
    """Answer a person's request to see, correct or delete."""


_P = Permission
PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        # Whoever hands out access does not use it himself: an administrator neither decides on loans nor sees people's data.
        Role.ADMIN: frozenset({_P.APPLICATIONS_READ, _P.BOOK_READ, _P.PARTNERS_MANAGE, _P.USERS_MANAGE, _P.AUDIT_READ}),
        Role.RISK: frozenset({_P.APPLICATIONS_READ, _P.APPLICATIONS_REVIEW, _P.PERSONAL_UNMASKED, _P.BOOK_READ, _P.POLICY_MANAGE}),
        Role.COMPLIANCE: frozenset(
            {_P.APPLICATIONS_READ, _P.PERSONAL_UNMASKED, _P.BOOK_READ, _P.CONSENTS_READ, _P.AUDIT_READ, _P.RIGHTS_ANSWER}
        ),
        Role.VIEWER: frozenset({_P.APPLICATIONS_READ, _P.BOOK_READ}),
    }
)


@dataclass(frozen=True, slots=True)
class User:
    id: UUID
    login: str
    role: Role
    is_active: bool
    has_totp: bool
    must_change_password: bool
    created_at: datetime

    def may(self, permission: Permission) -> bool:
        return self.is_active and permission in PERMISSIONS[self.role]

    @property
    def actor(self) -> Actor:
        """Who acts, as the vault's decisions and its log know him."""
        return Actor("operator", str(self.id), frozenset({self.role.value}))


IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Session:
    """`token` is present when just made, never again. It ends 30 minutes after its last use, and 12 hours after it began."""

    id: UUID
    user: User
    created_at: datetime
    last_seen_at: datetime
    second_factor: bool
    """False while the user has no authenticator yet: such a session may only set one up."""
    token: str | None = field(default=None, repr=False)

    @property
    def ends_at(self) -> datetime:
        return min(self.last_seen_at + IDLE, self.created_at + LONGEST)


def require(session: Session, permission: Permission, *, reason: str | None = None) -> User:
    """The user, if he may; raises SecondFactorNeeded, PermissionMissing, and ReasonMissing where a reason is due."""
    if not session.second_factor:
        raise SecondFactorNeeded
    if not session.user.may(permission):
        raise PermissionMissing(session.user.role.value, permission.value)
    if permission is Permission.PERSONAL_UNMASKED and not 8 <= len((reason or "").strip()) <= 500:
        raise ReasonMissing(field="reason")
    return session.user


def check_login(login: str) -> str:
    """The login in its one spelling; raises LoginMalformed."""
    plain = login.strip().lower() if isinstance(login, str) else ""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._@-]{2,59}", plain):
        raise LoginMalformed(login if isinstance(login, str) else type(login).__name__, field="login")
    return plain
