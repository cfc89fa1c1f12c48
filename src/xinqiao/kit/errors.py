"""What a room says when it refuses: a stable code, what was wrong and what would be right.

`status` is the HTTP status that `web` answers with (RFC 9457 problem details); rooms know nothing else of HTTP.
"""

from __future__ import annotations


class Refused(Exception):
    """The request cannot be granted as it stands."""

    code = "refused"
    status = 422
    says = "The request was refused."
    says_zh = ""

    def __init__(self, *args: object, field: str | None = None) -> None:
        super().__init__(*args)
        self.field = field

    def message(self, language: str = "en") -> str:
        template = self.says_zh if language.startswith("zh") and self.says_zh else self.says
        return template.format(*self.args)

    def __str__(self) -> str:
        return self.message()


class NotFound(Refused):
    code = "not_found"
    status = 404
    says = "There is no such {0}."
    says_zh = "没有找到{0}。"


class Conflict(Refused):
    code = "conflict"
    status = 409
    says = "The request contradicts what is already recorded."
    says_zh = "请求与已有记录冲突。"


class Forbidden(Refused):
    code = "forbidden"
    status = 403
    says = "You may not do this."
    says_zh = "您没有此操作的权限。"


class Unavailable(Refused):
    """Something outside does not answer; the same request may succeed later."""

    code = "unavailable"
    status = 503
    says = "The service cannot answer now; try again in a moment."
    says_zh = "服务暂时不可用，请稍后再试。"
