"""What an application is refused for. Messages never repeat a personal value: they may end up in a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xinqiao.kit import Conflict, Forbidden, NotFound, Refused


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with one field, and what would be right."""

    field: str
    """The path of the field, as in "business.credit_code"; "" is the body itself."""
    code: str
    says: str
    says_zh: str


class InvalidFields(Refused):
    """Everything that is wrong with a body, at once."""

    code = "intake.invalid_fields"
    says = "{0} of the fields cannot be accepted: {1}."
    says_zh = "有 {0} 个字段不能接受：{1}。"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(len(errors), ", ".join(error.field or "(body)" for error in errors))
        self.errors = list(errors)


class ApplicationUnknown(NotFound):
    code = "intake.application_unknown"
    says = "There is no application {0} of yours."
    says_zh = "没有属于您的申请 {0}。"


class IdempotencyMismatch(Conflict):
    code = "intake.idempotency_mismatch"
    says = "Idempotency key {0!r} was already used for a different application; send a new key for a new application."
    says_zh = "幂等键 {0!r} 已用于另一份申请；新申请请使用新的键。"


class NotAScene(Forbidden):
    code = "intake.not_a_scene"
    says = "Only an active scene may submit applications; {0!r} is none."
    says_zh = "只有有效的场景方可以提交申请；{0!r} 不是。"


class TransitionRefused(Conflict):
    code = "intake.transition_refused"
    says = "An application that is {0} cannot become {1}; it may become {2}."
    says_zh = "处于 {0} 阶段的申请不能变为 {1}；可变为 {2}。"


class StageMoved(Conflict):
    code = "intake.stage_moved"
    says = "The application is {0} by now, no longer {1}; read it again before moving it."
    says_zh = "申请现已处于 {0} 阶段，不再是 {1}；请重新读取后再操作。"


class CursorUnknown(Refused):
    code = "intake.cursor_unknown"
    says = "{0!r} is not a cursor of this list; take the one that came with the page before, or none for the first page."
    says_zh = "{0!r} 不是本列表的游标；请使用上一页返回的游标，首页无需游标。"


class LinkUnknown(NotFound):
    code = "intake.link_unknown"
    says = "This link leads nowhere; ask the shop you applied through for a new one."
    says_zh = "此链接无效；请向您申请时的商户索取新链接。"


class LinkOver(Forbidden):
    code = "intake.link_over"
    says = "This link has expired or was withdrawn; ask the shop you applied through for a new one."
    says_zh = "此链接已过期或已撤销；请向您申请时的商户索取新链接。"
