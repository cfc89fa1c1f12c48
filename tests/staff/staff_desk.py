"""A user at a console, for the tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass

import pyotp
from sqlalchemy import Connection

from xinqiao import staff
from xinqiao.kit import FixedClock
from xinqiao.vault import Vault

PASSWORD = "correct horse battery"


@dataclass
class Desk:
    """A user at a console: signs in with the password and, once there is one, the authenticator."""

    db: Connection
    vault: Vault
    clock: FixedClock
    login: str
    secret: str | None = None
    recovery: tuple[str, ...] = ()

    def try_in(self, password: str = PASSWORD, code: str | None = None) -> staff.Attempt:
        return staff.sign_in(db=self.db, vault=self.vault, clock=self.clock, login=self.login, password=password, code=code)

    def code(self, steps: int = 0) -> str:
        """What the authenticator shows, or showed or will show some 30-second steps away."""
        return pyotp.TOTP(self.secret or "").at(int(self.clock.now().timestamp()) + 30 * steps)

    def enrol(self) -> staff.Session:
        """Set up an authenticator; the session that has it."""
        session = self.try_in().open()
        self.secret = staff.begin_enrolment(db=self.db, vault=self.vault, by=session).secret
        self.recovery = tuple(staff.confirm_enrolment(db=self.db, vault=self.vault, clock=self.clock, by=session, code=self.code()))
        return staff.session_of(db=self.db, clock=self.clock, token=session.token)
