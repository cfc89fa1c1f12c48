from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from xinqiao import staff
from xinqiao.kit import events, new_id
from xinqiao.staff import Permission, Role, errors, passwords, store, totp
from xinqiao.vault import Vault

from .staff_desk import PASSWORD, Desk


def test_the_first_administrator_is_made_once(db, clock, admin) -> None:
    assert (admin.role, admin.has_totp, admin.must_change_password) == (Role.ADMIN, False, False)
    with pytest.raises(errors.FirstAdminExists):
        staff.create_first_admin(db=db, clock=clock, login="second", password=PASSWORD)


@pytest.mark.parametrize("login", ["", "ab", "A B", "-ab", "a" * 61, "王小明", None, "li\nwei", "li wei"])
def test_a_malformed_login_is_refused(db, clock, login) -> None:
    with pytest.raises(errors.LoginMalformed):
        staff.create_first_admin(db=db, clock=clock, login=login, password=PASSWORD)


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaaaaaa", "xx-ROOT.admin-xx", "x" * 129, "tab\tin the password", None])
def test_a_weak_password_is_refused(db, clock, password) -> None:
    with pytest.raises(errors.PasswordWeak) as refused:
        staff.create_first_admin(db=db, clock=clock, login="root.admin", password=password)
    assert refused.value.field == "password"


def test_a_password_is_stored_as_argon2id(db, admin) -> None:
    stored = store.user_row(db, id=admin.id).password_hash
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


def test_an_administrator_adds_users_who_must_change_their_first_password(db, vault, clock, session) -> None:
    made = staff.create_user(db=db, clock=clock, by=session, login=" Li.Wei ", password=PASSWORD, role="risk")
    assert (made.login, made.role, made.must_change_password) == ("li.wei", Role.RISK, True)
    own = Desk(db, vault, clock, "LI.WEI").try_in().open()
    staff.change_password(db=db, clock=clock, by=own, old=PASSWORD, new="another good password")
    assert not staff.get_user(db=db, user=made.id).must_change_password
    with pytest.raises(errors.LoginTaken):
        staff.create_user(db=db, clock=clock, by=session, login="li.wei", password=PASSWORD, role="viewer")
    assert [one.login for one in staff.list_users(db=db)] == ["li.wei", "root.admin"]


@pytest.mark.parametrize("role", ["risk", "compliance", "viewer"])
def test_nobody_but_an_administrator_manages_users(db, vault, clock, session, role: str) -> None:
    staff.create_user(db=db, clock=clock, by=session, login="other", password=PASSWORD, role=role)
    other = Desk(db, vault, clock, "other").enrol()
    for change in (
        lambda: staff.create_user(db=db, clock=clock, by=other, login="third", password=PASSWORD, role="admin"),
        lambda: staff.set_role(db=db, clock=clock, by=other, user=other.user.id, role="admin"),
        lambda: staff.set_active(db=db, clock=clock, by=other, user=session.user.id, active=False),
        lambda: staff.reset_second_factor(db=db, clock=clock, by=other, user=session.user.id),
    ):
        with pytest.raises(errors.PermissionMissing, match=r"users\.manage"):
            change()


def test_the_last_administrator_stays_one(db, vault, clock, session) -> None:
    me = session.user.id
    with pytest.raises(errors.LastAdmin), db.begin_nested():
        staff.set_role(db=db, clock=clock, by=session, user=me, role="viewer")
    with pytest.raises(errors.LastAdmin), db.begin_nested():
        staff.set_active(db=db, clock=clock, by=session, user=me, active=False)
    staff.create_user(db=db, clock=clock, by=session, login="second", password=PASSWORD, role="admin")
    assert staff.set_role(db=db, clock=clock, by=session, user=me, role="viewer").role is Role.VIEWER


def test_a_closed_user_is_out_at_once(db, vault, clock, session) -> None:
    user = staff.create_user(db=db, clock=clock, by=session, login="li.wei", password=PASSWORD, role="risk")
    desk = Desk(db, vault, clock, "li.wei")
    token = desk.try_in().open().token
    staff.set_active(db=db, clock=clock, by=session, user=user.id, active=False)
    with pytest.raises(errors.SessionOver):
        staff.session_of(db=db, clock=clock, token=token)
    with pytest.raises(errors.SignInRefused):
        desk.try_in().open()


def test_an_unknown_user_is_named(db, clock, session) -> None:
    with pytest.raises(errors.UserUnknown):
        staff.set_role(db=db, clock=clock, by=session, user=new_id(), role="viewer")


# Roles


def test_who_may_what() -> None:
    """The whole table, written out: a change of it must be meant."""
    may = {role.value: sorted(staff.PERMISSIONS[role]) for role in Role}
    assert may == {
        "admin": ["applications.read", "audit.read", "book.read", "partners.manage", "users.manage"],
        "risk": ["applications.read", "applications.review", "book.read", "personal.unmasked", "policy.manage"],
        "compliance": ["applications.read", "audit.read", "book.read", "consents.read", "personal.unmasked", "rights.answer"],
        "viewer": ["applications.read", "book.read"],
    }
    assert isinstance(staff.PERMISSIONS, MappingProxyType)


def test_unmasked_data_need_a_reason(db, vault, clock, session) -> None:
    staff.create_user(db=db, clock=clock, by=session, login="officer", password=PASSWORD, role="compliance")
    officer = Desk(db, vault, clock, "officer").enrol()
    for reason in (None, "", "why not", " " * 20, "x" * 501):
        with pytest.raises(errors.ReasonMissing):
            staff.require(officer, Permission.PERSONAL_UNMASKED, reason=reason)
    assert staff.require(officer, Permission.PERSONAL_UNMASKED, reason="Rights request 42").actor.roles == {"compliance"}


def test_a_session_without_a_second_factor_may_do_nothing(desk) -> None:
    session = desk.try_in().open()
    assert not session.second_factor
    with pytest.raises(errors.SecondFactorNeeded):
        staff.require(session, Permission.APPLICATIONS_READ)


# The authenticator


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_rfc_6238_appendix_b(at: int, code: str) -> None:
    """The appendix's eight digits, of which an authenticator shows the last six; the secret is its ASCII 12345678901234567890."""
    assert totp.step_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", code, datetime.fromtimestamp(at, UTC), after=0) == at // 30


def test_signing_in_takes_password_and_code(desk, session, clock) -> None:
    clock.advance(timedelta(minutes=1))
    with pytest.raises(errors.CodeNeeded) as refused:
        desk.try_in().open()
    assert (refused.value.status, refused.value.field) == (401, "code")
    made = desk.try_in(code=desk.code()).open()
    assert made.second_factor
    assert made.user.has_totp


def test_a_code_works_once(desk, session, clock) -> None:
    clock.advance(timedelta(minutes=1))
    code = desk.code()
    desk.try_in(code=code).open()
    with pytest.raises(errors.SignInRefused):
        desk.try_in(code=code).open()


def test_the_code_that_confirmed_the_set_up_signs_nobody_in(desk, session) -> None:
    with pytest.raises(errors.SignInRefused):
        desk.try_in(code=desk.code()).open()


def test_after_a_later_code_an_earlier_one_is_void(desk, session, clock) -> None:
    clock.advance(timedelta(minutes=5))
    desk.try_in(code=desk.code(+1)).open()
    for steps in (0, -1):
        with pytest.raises(errors.SignInRefused):
            desk.try_in(code=desk.code(steps)).open()


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_off_by_one_step(desk, session, clock, steps: int, good: bool) -> None:
    clock.advance(timedelta(minutes=5))
    assert (desk.try_in(code=desk.code(steps)).session is not None) is good


@pytest.mark.parametrize("code", ["000000", "12345", "1234567", "abcdef", "１２３４５６", "123 45", "x" * 5000, "\x00" * 6])
def test_a_code_that_is_none_is_refused(desk, session, clock, code: str) -> None:
    clock.advance(timedelta(minutes=5))
    assert code != desk.code()
    with pytest.raises(errors.SignInRefused):
        desk.try_in(code=code).open()


def test_the_shared_secret_lies_sealed_and_is_bound_to_its_user(db, vault, clock, desk, session) -> None:
    sealed = bytes(store.user_row(db, id=session.user.id).totp_sealed)
    assert desk.secret.encode() not in sealed
    other = staff.create_user(db=db, clock=clock, by=session, login="other", password=PASSWORD, role="risk")
    store.change_user(db, other.id, totp_sealed=sealed, totp_confirmed_at=clock.now())
    clock.advance(timedelta(minutes=1))
    with pytest.raises(Exception, match=r"(?i)key"):
        Desk(db, vault, clock, "other", desk.secret).try_in(code=desk.code())


def test_after_rewrapping_the_older_key_encryption_key_is_needed_no_more(db, vault, clock, desk, session, settings) -> None:
    vault.keys.renew()
    assert [staff.rewrap(db=db, vault=vault) for _ in range(2)] == [1, 0]
    (settings.home / "keys" / "kek.1").unlink()
    desk.vault = Vault.open(settings)
    clock.advance(timedelta(minutes=1))
    assert desk.try_in(code=desk.code()).open()


def test_the_set_up_counts_only_after_a_right_code(db, vault, clock, desk) -> None:
    session = desk.try_in().open()
    with pytest.raises(errors.NoEnrolment):
        staff.confirm_enrolment(db=db, vault=vault, clock=clock, by=session, code="000000")
    enrolment = staff.begin_enrolment(db=db, vault=vault, by=session)
    desk.secret = enrolment.secret
    assert enrolment.uri.startswith("otpauth://totp/Xinqiao:root.admin?secret=")
    wrong = f"{(int(desk.code()) + 1) % 10**6:06}"
    if wrong not in (desk.code(-1), desk.code(1)):
        with pytest.raises(errors.CodeWrong):
            staff.confirm_enrolment(db=db, vault=vault, clock=clock, by=session, code=wrong)
    assert not staff.get_user(db=db, user=session.user.id).has_totp
    staff.confirm_enrolment(db=db, vault=vault, clock=clock, by=session, code=desk.code())
    with pytest.raises(errors.AlreadyEnrolled):
        staff.begin_enrolment(db=db, vault=vault, by=session)


def test_each_recovery_code_signs_in_once(db, desk, session) -> None:
    assert len(set(desk.recovery)) == 10
    desk.try_in(code=desk.recovery[0].upper().replace("-", " ")).open()
    with pytest.raises(errors.SignInRefused):
        desk.try_in(code=desk.recovery[0]).open()
    desk.try_in(code=desk.recovery[1]).open()
    assert store.recovery_left(db, session.user.id) == 8


def test_after_a_reset_the_old_authenticator_and_its_recovery_codes_are_void(db, vault, clock, desk, session) -> None:
    staff.create_user(db=db, clock=clock, by=session, login="second", password=PASSWORD, role="admin")
    second = Desk(db, vault, clock, "second").enrol()
    staff.reset_second_factor(db=db, clock=clock, by=second, user=session.user.id)
    assert not desk.try_in(code=desk.recovery[0]).open().second_factor
    assert store.recovery_left(db, session.user.id) == 0
    desk.enrol()


# Locking


def test_five_failures_lock_the_login_for_a_quarter_of_an_hour(desk, session, clock) -> None:
    clock.advance(timedelta(minutes=1))
    for _ in range(5):
        assert isinstance(desk.try_in("wrong password").refusal, errors.SignInRefused)
    with pytest.raises(errors.Locked, match="900 seconds") as refused:
        desk.try_in(code=desk.code()).open()
    assert (refused.value.status, refused.value.retry_after) == (429, 900)
    clock.advance(timedelta(minutes=15))
    assert desk.try_in(code=desk.code()).open()


def test_wrong_codes_count_as_failures(desk, session, clock) -> None:
    clock.advance(timedelta(minutes=5))
    for _ in range(5):
        desk.try_in(code=desk.code(+5))
    assert isinstance(desk.try_in(code=desk.code()).refusal, errors.Locked)


def test_success_forgets_the_failures_before_it(desk, clock) -> None:
    for _ in range(3):
        for _ in range(4):
            desk.try_in("wrong password")
        assert desk.try_in().open()


def test_a_login_that_does_not_exist_is_answered_and_locked_like_one_that_does(db, vault, clock, desk) -> None:
    nobody = Desk(db, vault, clock, "nobody.here")
    answers = [[type(one.try_in("wrong password").refusal) for _ in range(6)] for one in (nobody, desk)]
    assert answers[0] == answers[1] == [errors.SignInRefused] * 5 + [errors.Locked]


@pytest.mark.parametrize("login", ["", "\x00", "x" * 10_000, "\ud800"])
@pytest.mark.parametrize("password", ["", "\x00", "x" * 10_000, "\ud800"])
def test_strange_logins_and_passwords_are_refused_like_any_other(db, vault, clock, desk, login: str, password: str) -> None:
    for who in (login, desk.login):
        attempt = staff.sign_in(db=db, vault=vault, clock=clock, login=who, password=password)
        assert isinstance(attempt.refusal, errors.SignInRefused)


def test_guesses_made_all_at_once_are_counted_one_by_one(database, vault, clock, tenant) -> None:
    with database.begin(tenant) as db:
        staff.create_first_admin(db=db, clock=clock, login="root.admin", password=PASSWORD)

    def guess(_: int) -> type:
        with database.begin(tenant) as db:
            attempt = staff.sign_in(db=db, vault=vault, clock=clock, login="root.admin", password="wrong password")
        return type(attempt.refusal)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(12)))
    assert (answers.count(errors.SignInRefused), answers.count(errors.Locked)) == (5, 7)


def test_one_code_sent_twice_at_once_signs_in_once(database, vault, clock, tenant) -> None:
    with database.begin(tenant) as db:
        staff.create_first_admin(db=db, clock=clock, login="root.admin", password=PASSWORD)
        desk = Desk(db, vault, clock, "root.admin")
        desk.enrol()
    clock.advance(timedelta(minutes=1))
    code = desk.code()

    def enter(_: int) -> bool:
        with database.begin(tenant) as db:
            return Desk(db, vault, clock, "root.admin").try_in(code=code).session is not None

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(enter, range(4))) == 1


def test_the_log_of_events_names_no_login(db, desk, session) -> None:
    desk.try_in("wrong password")
    told = events.of(db, session.user.id)
    assert {"staff.user_created", "staff.signed_in", "staff.sign_in_refused", "staff.second_factor_set_up"} <= {one.kind for one in told}
    assert "root.admin" not in str([one.data for one in told])


# Sessions


def test_a_session_ends_after_half_an_hour_of_rest(db, clock, desk) -> None:
    token = desk.try_in().open().token
    for _ in range(3):
        clock.advance(timedelta(minutes=29))
        staff.session_of(db=db, clock=clock, token=token)
    clock.advance(timedelta(minutes=30))
    with pytest.raises(errors.SessionOver) as refused:
        staff.session_of(db=db, clock=clock, token=token)
    assert refused.value.status == 401


def test_a_session_ends_after_twelve_hours_however_busy(db, clock, desk) -> None:
    token = desk.try_in().open().token
    for _ in range(35):
        clock.advance(timedelta(minutes=20))
        staff.session_of(db=db, clock=clock, token=token)
    clock.advance(timedelta(minutes=20))
    with pytest.raises(errors.SessionOver):
        staff.session_of(db=db, clock=clock, token=token)


def test_the_token_is_kept_nowhere(db, desk) -> None:
    made = desk.try_in().open()
    assert made.token not in repr(made)
    assert made.token not in str(db.execute(store.session.select()).all())


def test_signing_out_ends_one_session_and_ending_all_ends_all(db, clock, desk) -> None:
    one, two, three = (desk.try_in().open() for _ in range(3))
    staff.sign_out(db=db, token=one.token)
    with pytest.raises(errors.SessionOver):
        staff.session_of(db=db, clock=clock, token=one.token)
    assert staff.session_of(db=db, clock=clock, token=two.token).id == two.id
    assert staff.end_sessions(db=db, clock=clock, user=two.user.id) == 2
    with pytest.raises(errors.SessionOver):
        staff.session_of(db=db, clock=clock, token=three.token)


def test_a_changed_password_ends_every_other_session(db, clock, desk) -> None:
    here, elsewhere = desk.try_in().open(), desk.try_in().open()
    with pytest.raises(errors.SignInRefused):
        staff.change_password(db=db, clock=clock, by=here, old="wrong password", new="another good password")
    staff.change_password(db=db, clock=clock, by=here, old=PASSWORD, new="another good password")
    assert staff.session_of(db=db, clock=clock, token=here.token)
    with pytest.raises(errors.SessionOver):
        staff.session_of(db=db, clock=clock, token=elsewhere.token)


@pytest.mark.parametrize("token", [None, "", "x", "密" * 43, "A" * 43, "\ud800"])
def test_a_token_of_none_is_no_session(db, clock, token) -> None:
    with pytest.raises(errors.SessionOver):
        staff.session_of(db=db, clock=clock, token=token)


def test_what_has_run_out_is_tidied_away(db, clock, desk) -> None:
    desk.try_in().open()
    desk.try_in("wrong password")
    assert staff.tidy(db=db, clock=clock) == 0
    clock.advance(timedelta(days=2))
    assert staff.tidy(db=db, clock=clock) == 2


def test_another_tenants_login_is_unknown(database, vault, clock, tenant) -> None:
    with database.begin(tenant) as db:
        staff.create_first_admin(db=db, clock=clock, login="root.admin", password=PASSWORD)
    with database.begin(f"{tenant}-other") as db:
        assert isinstance(Desk(db, vault, clock, "root.admin").try_in().refusal, errors.SignInRefused)


def test_an_outdated_hash_is_renewed_at_the_next_sign_in(db, desk, admin) -> None:
    from argon2 import PasswordHasher

    store.change_user(db, admin.id, password_hash=PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD))
    desk.try_in().open()
    assert not passwords.is_outdated(store.user_row(db, id=admin.id).password_hash)
