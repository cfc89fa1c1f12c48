from xinqiao.kit import Conflict, NotFound, Refused


class RuleNotUnderstood(Refused):
    code = "fraud.rule_not_understood"
    says = "Rule {0!r} cannot be read at position {1}: {2}."
    says_zh = "规则 {0!r} 在第 {1} 个字符处无法解析：{2}。"


class RulesNotValid(Refused):
    code = "fraud.rules_not_valid"
    says = "The rule set {0!r} is not valid: {1}."
    says_zh = "规则集 {0!r} 无效：{1}。"


class UnknownRules(NotFound):
    code = "fraud.unknown_rules"
    says = "There is no rule set {0!r}; this release ships {1}."
    says_zh = "没有规则集 {0!r}；本版本包含 {1}。"


class UnknownIndex(Refused):
    code = "fraud.unknown_index"
    says = "Index {0!r} is not one that screening counts; use {1}, each 8 to 512 bytes."
    says_zh = "不支持的索引 {0!r}；请使用 {1}，每个 8 到 512 字节。"


class FactNotPlain(Refused):
    code = "fraud.fact_not_plain"
    says = "Fact {0!r} must be a whole number, a text, true or false, or Money; got {1}."
    says_zh = "事实 {0!r} 必须是整数、文本、布尔值或金额；收到 {1}。"


class NotScreened(NotFound):
    code = "fraud.not_screened"
    says = "Application {0} has not been screened."
    says_zh = "申请 {0} 尚未进行反欺诈筛查。"


class ReplayDiffers(Conflict):
    code = "fraud.replay_differs"
    says = "The record of application {0} does not replay: rules {1} now hash to {2}, the record says {3}."
    says_zh = "申请 {0} 的记录无法重放：规则 {1} 的哈希现为 {2}，记录为 {3}。"
