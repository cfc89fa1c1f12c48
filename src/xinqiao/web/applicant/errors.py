from xinqiao.kit import Forbidden, NotFound, Refused


class NoSession(Refused):
    code = "applicant.no_session"
    status = 401
    says = "This page needs your own link: open it again from the message or the shop that sent you here."
    says_zh = "这个页面需要您的专属链接：请从商家或短信里重新打开它。"


class ForeignForm(Forbidden):
    code = "applicant.foreign_form"
    says = "This form did not come from our own page, or it stood open too long; go back, load the page again and repeat."
    says_zh = "这份表单不是从本站页面提交的，或者停留太久了；请返回、刷新页面后再试一次。"


FIELDS = {
    "typed_name": ("姓名", "your full name"),
    "amount": ("金额", "the amount"),
    "choice": ("还款方式", "how much to pay"),
    "value": ("正确的内容", "what would be right"),
    "clip": ("短片", "the clip"),
    "sure": ("确认", "that you understand it"),
    "answer": ("您的回答", "your answer"),
    "since": ("起始日", "the first day"),
    "until": ("截止日", "the last day"),
}
"""What fields are called where a person is told to fill them in."""


class FormIncomplete(Refused):
    code = "applicant.form_incomplete"
    says = "Please give {0} and send the form again."
    says_zh = "请填写“{0}”后再提交。"

    def message(self, language: str = "en") -> str:
        name = str(self.args[0])
        zh, en = FIELDS.get(name, (name, name))
        return self.says_zh.format(zh) if language.startswith("zh") else self.says.format(en)


class WrongMoment(Refused):
    code = "applicant.wrong_moment"
    status = 409
    says = "Your application is at another step now; go on from there."
    says_zh = "您的申请现在处于另一个步骤，请从那里继续。"


class PageMissing(NotFound):
    code = "applicant.page_missing"
    says = "There is no such page."
    says_zh = "没有这个页面。"
