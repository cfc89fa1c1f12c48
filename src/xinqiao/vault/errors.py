from xinqiao.kit import Conflict, Forbidden, NotFound, Refused, Unavailable


class AccessDenied(Forbidden):
    """The refusal is already in the audit log, in a transaction of its own, when this is raised."""

    code = "vault.access_denied"
    says = "Reading {0} for {1} is refused: {2}."
    says_zh = "拒绝为“{1}”读取 {0}：{2}。"


class PersonForgotten(NotFound):
    code = "vault.person_forgotten"
    says = "Person {0} was forgotten at their request; nothing of theirs can be read."
    says_zh = "此人（{0}）已要求删除个人信息，相关信息不可再读取。"


class UnknownPerson(NotFound):
    code = "vault.unknown_person"
    says = "There is no person {0}."
    says_zh = "没有编号为 {0} 的人。"


class IdentityTaken(Conflict):
    code = "vault.identity_taken"
    says = "The value of {0} already belongs to another person; use that person instead of enrolling a new one."
    says_zh = "{0} 的值已属于另一人；请使用已有的登记。"


class AmbiguousMatch(Conflict):
    code = "vault.ambiguous_match"
    says = "{1} people share this {0}; look a person up by a value that only one has, such as the ID number."
    says_zh = "有 {1} 人共用此 {0}；请改用唯一的信息查找，例如身份证号。"


class ValueMalformed(Refused):
    code = "vault.value_malformed"
    says = "Field {0} holds {1}; got {2}."
    says_zh = "字段 {0} 应为 {1}；收到 {2}。"


class SourceMissing(Refused):
    code = "vault.source_missing"
    says = "A basis for {0} must name its source, such as 'consent:<receipt>' or 'contract:<loan>'; got {1!r}."
    says_zh = "“{0}”的法律依据必须写明来源，例如 consent:<回执> 或 contract:<合同>；收到 {1!r}。"


class KeyMissing(Unavailable):
    code = "vault.key_missing"
    says = "Key-encryption key version {0} is not here: restore it to {1}; without it the data wrapped by it stay unreadable."
    says_zh = "缺少第 {0} 版密钥加密密钥：请恢复到 {1}，否则由其保护的数据无法读取。"


class KeyUnsafe(Unavailable):
    code = "vault.key_unsafe"
    says = "Key file {0} can be read by others (mode {1}); run chmod 600 on it."
    says_zh = "密钥文件 {0} 可被他人读取（权限 {1}）；请执行 chmod 600。"


class KeyMalformed(Unavailable):
    code = "vault.key_malformed"
    says = "{0} must hold {1}."
    says_zh = "{0} 的内容应为 {1}。"


class KeyWrong(Unavailable):
    code = "vault.key_wrong"
    says = "The key {0} here is not the one that this database's data were written with; restore the right one."
    says_zh = "此处的密钥 {0} 与写入数据时所用的不同；请恢复正确的密钥。"


class KeySourceFixed(Unavailable):
    code = "vault.key_source_fixed"
    says = "Keys that come from {0} are renewed there: {1}."
    says_zh = "来自 {0} 的密钥须在其来源处更换：{1}。"


class CiphertextDamaged(Unavailable):
    code = "vault.ciphertext_damaged"
    says = "What is stored as {0} was altered, moved from another place, or written under another key; restore it from a backup."
    says_zh = "存储的 {0} 被改动、移动或以其他密钥写入；请从备份恢复。"


class PolicyInvalid(Unavailable):
    code = "vault.policy_invalid"
    says = "The access policies cannot be used, so every read is refused: {0}."
    says_zh = "访问策略无效，因此所有读取均被拒绝：{0}。"
