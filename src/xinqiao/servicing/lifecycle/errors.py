"""Why an event cannot be recorded."""

from xinqiao.kit import Conflict


class LifeRefused(Conflict):
    """An event that cannot follow those recorded so far; `reason` is a stable word for programs."""

    code = "servicing.life_refused"
    says = "This cannot be recorded ({0}): {1}."
    says_zh = "不能记录（{0}）：{2}。"

    @property
    def reason(self) -> str:
        return str(self.args[0])
