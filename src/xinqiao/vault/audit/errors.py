from xinqiao.kit import Conflict, Unavailable


class LogBroken(Unavailable):
    code = "audit.log_broken"
    says = "No checkpoint is signed over a log that was tampered with: {0}. Run `xinqiao audit verify`."
    says_zh = "审计日志已被改动，不予签名：{0}。请运行 xinqiao audit verify。"


class NotYetSealed(Conflict):
    code = "audit.not_yet_sealed"
    says = "No checkpoint covers {0} yet; make one first."
    says_zh = "尚无检查点覆盖 {0}；请先生成检查点。"
