from xinqiao.kit import NotFound, Refused, Unavailable


class ModelUnavailable(Unavailable):
    code = "credit.model_unavailable"
    says = "The credit model at {0} cannot be loaded ({1}); the application waits or goes to a person, and is never approved without it."
    says_zh = "无法加载信用模型 {0}（{1}）；申请将等待或转人工审核，不会在没有模型的情况下通过。"


class ArtifactMissing(NotFound):
    code = "credit.artifact_missing"
    says = "No {0} with SHA-256 {1} is at hand; a decision replays only with the very model and policy it was made with."
    says_zh = "找不到 SHA-256 为 {1} 的{0}；决策只能用当时的模型和政策重算。"


class RecordUnreadable(Refused):
    code = "credit.record_unreadable"
    says = "This is not a decision record of version 1 ({0}); pass the bytes that Decision.record() returned."
    says_zh = "这不是第 1 版决策记录（{0}）；请传入 Decision.record() 返回的字节。"


class DecisionNotFound(NotFound):
    code = "credit.decision_not_found"
    says = "There is no credit decision {0}."
    says_zh = "没有信用决策 {0}。"


class AttributeUnusable(Refused):
    code = "credit.attribute_unusable"
    says = "Attribute {0} must be {1}, or null when it is not known; got {2!r}."
    says_zh = "属性 {0} 必须是{1}，未知时为 null；收到 {2!r}。"


class FactUnusable(Refused):
    code = "credit.fact_unusable"
    says = "Application fact {0} must be {1}; got {2!r}."
    says_zh = "申请信息 {0} 必须是{1}；收到 {2!r}。"


class PolicyInvalid(Refused):
    code = "credit.policy_invalid"
    says = "Policy {0}: {1}."
    says_zh = "政策 {0}：{1}。"


class TrainingRefused(Refused):
    """The data cannot train a model; each subclass says why and what would be right."""


class DataUnreadable(TrainingRefused):
    code = "credit.data_unreadable"
    says = "{0} cannot be read: {1}. Give a .csv, .csv.gz or .parquet file with one row per loan and a header."
    says_zh = "无法读取 {0}：{1}。请提供每行一笔贷款、带表头的 .csv、.csv.gz 或 .parquet 文件。"


class TargetMissing(TrainingRefused):
    code = "credit.target_missing"
    says = "There is no column {0!r}; the columns are {1}."
    says_zh = "没有名为 {0!r} 的列；现有列：{1}。"


class TargetNotBinary(TrainingRefused):
    code = "credit.target_not_binary"
    says = "Target {0!r} must hold exactly two values in every row (0 = repaid, 1 = defaulted); found {1}."
    says_zh = "目标列 {0!r} 的每一行必须恰好取两个值之一（0 = 已还，1 = 违约）；发现 {1}。"


class SingleClass(TrainingRefused):
    code = "credit.single_class"
    says = "Every row of {0!r} holds {1}; a model needs both loans that were repaid and loans that defaulted."
    says_zh = "{0!r} 的所有行都是 {1}；训练既需要已还的贷款，也需要违约的贷款。"


class TooFewRows(TrainingRefused):
    code = "credit.too_few_rows"
    says = "{0} rows with {1} of the rarer outcome are too few; give at least {2} rows with {3} of each outcome."
    says_zh = "{0} 行、较少一类 {1} 行太少；至少需要 {2} 行，且每类不少于 {3} 行。"


class NoUsableFeature(TrainingRefused):
    code = "credit.no_usable_feature"
    says = "No column of the data helps to tell repaid from defaulted loans (every information value is below {0}); left out: {1}."
    says_zh = "没有任何列能区分已还与违约（信息值均低于 {0}）；已排除：{1}。"
