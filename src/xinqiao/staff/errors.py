from __future__ import annotations

from xinqiao.kit import Conflict, Forbidden, NotFound, Refused


class LoginMalformed(Refused):
    code = "staff.login_malformed"
    says = "A login is 3 to 60 of a-z, 0-9, '.', '_', '-' and '@', such as 'li.wei'; got {0!r}."
    says_zh = "登录名须为 3 至 60 个小写字母、数字或“. _ - @”，例如 li.wei；收到 {0!r}。"


class LoginTaken(Conflict):
    code = "staff.login_taken"
    says = "Another user already has the login {0!r}; choose a different one."
    says_zh = "登录名 {0!r} 已被使用，请换一个。"


class PasswordWeak(Refused):
    code = "staff.password_weak"
    says = "The password must have {0} to {1} characters, at least 5 different ones, and must not contain the login."
    says_zh = "密码须为 {0} 至 {1} 个字符，至少含 5 个不同字符，且不得包含登录名。"


class FirstAdminExists(Conflict):
    code = "staff.first_admin_exists"
    says = "There are users already; an administrator adds others in the console."
    says_zh = "系统已有用户；请由管理员在控制台添加。"


class UserUnknown(NotFound):
    code = "staff.user_unknown"
    says = "There is no user {0}; list the users to see them."
    says_zh = "没有用户 {0}；请查看用户列表。"


class LastAdmin(Conflict):
    code = "staff.last_admin"
    says = "This is the last active administrator; make another one first."
    says_zh = "这是最后一位有效管理员；请先设置另一位管理员。"


class SignInRefused(Forbidden):
    code = "staff.sign_in_refused"
    status = 401
    says = "The login, the password or the code is wrong."
    says_zh = "登录名、密码或验证码错误。"


class CodeNeeded(Forbidden):
    code = "staff.code_needed"
    status = 401
    says = "Enter the six digits that your authenticator shows, or a recovery code."
    says_zh = "请输入身份验证器显示的六位数字，或一个恢复码。"


class Locked(Forbidden):
    """`retry_after` is in seconds."""

    code = "staff.locked"
    status = 429
    says = "Too many wrong attempts; try again in {0} seconds."
    says_zh = "错误次数过多；请在 {0} 秒后重试。"

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class SessionOver(Forbidden):
    code = "staff.session_over"
    status = 401
    says = "You are not signed in, or the session has ended; sign in again."
    says_zh = "您尚未登录或会话已结束；请重新登录。"


class PermissionMissing(Forbidden):
    code = "staff.permission_missing"
    says = "Your role {0!r} does not include {1!r}; ask one who has it."
    says_zh = "您的角色 {0!r} 不含权限 {1!r}；请联系有权限的同事。"


class SecondFactorNeeded(Forbidden):
    code = "staff.second_factor_needed"
    says = "Set up an authenticator first: without it your session may do nothing else."
    says_zh = "请先设置身份验证器；在此之前不能进行其他操作。"


class ReasonMissing(Refused):
    code = "staff.reason_missing"
    says = "Say in 8 to 500 characters why you need to see this person's data unmasked; the reason is logged."
    says_zh = "请用 8 至 500 个字符说明查看未脱敏数据的理由；理由会被记录。"


class CodeWrong(Refused):
    code = "staff.code_wrong"
    says = "The code does not fit; enter the six digits shown now, and check that the device's clock is right."
    says_zh = "验证码不符；请输入当前显示的六位数字，并检查设备时间。"


class NoEnrolment(Conflict):
    code = "staff.no_enrolment"
    says = "No authenticator is being set up; begin the set-up again."
    says_zh = "当前没有进行中的身份验证器设置；请重新开始。"


class AlreadyEnrolled(Conflict):
    code = "staff.already_enrolled"
    says = "An authenticator is set up already; have an administrator reset it before setting up another."
    says_zh = "已设置身份验证器；如需更换请先由管理员重置。"
