"""Passwords: argon2id with the library's parameters (RFC 9106, the second recommended option), and what is too weak."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from .errors import PasswordWeak

SHORTEST, LONGEST = 12, 128
_HASHER = PasswordHasher()


def check(password: str, *, login: str) -> str:
    """Length rather than kinds of characters, as NIST SP 800-63B §5.1.1.2 advises. Raises PasswordWeak."""
    fits = isinstance(password, str) and SHORTEST <= len(password) <= LONGEST
    if not fits or len(set(password)) < 5 or login in password.lower() or not password.isprintable():
        raise PasswordWeak(SHORTEST, LONGEST, field="password")
    return password


def hash_of(password: str) -> str:
    return _HASHER.hash(password)


@cache
def _nobody() -> str:
    """The hash of a password that nobody has: an unknown login costs the caller as much time as a known one."""
    return _HASHER.hash("nobody has this password")


def matches(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one; false, after as long a time, when there is none."""
    if not isinstance(password, str) or len(password) > LONGEST:
        return False
    try:
        return _HASHER.verify(stored or _nobody(), password) and stored is not None
    except (Argon2Error, InvalidHashError, UnicodeError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)
