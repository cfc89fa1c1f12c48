"""Console users: passwords, authenticators, sessions, and what each role may do."""

from .model import PERMISSIONS, Permission, Role, Session, User, require
from .service import (
    Enrolment,
    begin_enrolment,
    change_password,
    confirm_enrolment,
    create_first_admin,
    create_user,
    get_user,
    list_users,
    reset_second_factor,
    rewrap,
    set_active,
    set_role,
)
from .signing_in import Attempt, end_sessions, session_of, sign_in, sign_out, tidy

__all__ = [
    "PERMISSIONS",
    "Attempt",
    "Enrolment",
    "Permission",
    "Role",
    "Session",
    "User",
    "begin_enrolment",
    "change_password",
    "confirm_enrolment",
    "create_first_admin",
    "create_user",
    "end_sessions",
    "get_user",
    "list_users",
    "require",
    "reset_second_factor",
    "rewrap",
    "session_of",
    "set_active",
    "set_role",
    "sign_in",
    "sign_out",
    "tidy",
]
