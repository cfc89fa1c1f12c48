from xinqiao.kit import Forbidden, NotFound, Refused


class ForeignForm(Forbidden):
    code = "console.foreign_form"
    says = "This form did not come from our own page, or it stood open too long; load the page again and repeat."
    says_zh = "这份表单不是从本站页面提交的，或者停留太久了；请刷新页面后再试。"


class RoleMayNot(Forbidden):
    """The staff room's refusal in words instead of codes."""

    code = "staff.permission_missing"
    says = "Your role, {0}, may not {1}; ask one who may."
    says_zh = "您的角色“{0}”没有“{1}”的权限，请联系有权限的同事。"


class PageMissing(NotFound):
    code = "console.page_missing"
    says = "There is no such page."
    says_zh = "没有这个页面。"


class FormIncomplete(Refused):
    code = "console.form_incomplete"
    says = "Fill in {0!r} and send the form again."
    says_zh = "请填写 {0!r} 后再提交。"


class NotUnderstood(Refused):
    code = "console.not_understood"
    says = "{0!r} is not understood: {1}."
    says_zh = "无法理解 {0!r}：{1}。"


class PasswordFirst(Forbidden):
    """A first password was given by somebody else; nothing works until it is one's own."""

    code = "console.password_first"
    says = "Choose a password of your own first."
    says_zh = "请先设置您自己的密码。"


class TermsNotJson(Refused):
    code = "console.terms_not_json"
    says = "The terms are not JSON: {0}, in line {1}, column {2}."
    says_zh = "条款不是有效的 JSON：第 {1} 行第 {2} 列，{0}。"


class NoSuchLoan(NotFound):
    code = "console.no_such_loan"
    says = "There is no loan or account with the id {0!r}."
    says_zh = "没有编号为 {0!r} 的贷款或账户。"
