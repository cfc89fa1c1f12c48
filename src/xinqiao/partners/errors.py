"""What partners are told. Codes are stable; `status` is the HTTP status that goes with them."""

from __future__ import annotations

from xinqiao.kit import Conflict, Forbidden, NotFound, Refused


class PartnerUnknown(NotFound):
    code = "partners.partner_unknown"
    says = "There is no partner {0!r}; list the partners to see their codes."
    says_zh = "没有合作方 {0!r}；请查看合作方列表中的代码。"


class PartnerCodeTaken(Conflict):
    code = "partners.code_taken"
    says = "Another partner already has the code {0!r}; choose a different one."
    says_zh = "代码 {0!r} 已被其他合作方使用，请换一个。"


class PartnerCodeMalformed(Refused):
    code = "partners.code_malformed"
    says = "A partner's code is 2 to 40 of a-z, 0-9 and '-', beginning with a letter, such as 'corner-shop'; got {0!r}."
    says_zh = "合作方代码须为 2 至 40 个小写字母、数字或“-”，以字母开头，例如 corner-shop；收到 {0!r}。"


class PartnerNameMissing(Refused):
    code = "partners.name_missing"
    says = "A partner needs a name of 1 to 200 characters in English and in Chinese; got {0!r}."
    says_zh = "合作方需要 1 至 200 个字符的中文和英文名称；收到 {0!r}。"


class ScopeUnknown(Refused):
    code = "partners.scope_unknown"
    says = "A {0} cannot be given the scopes {1}; it may have {2}."
    says_zh = "{0} 类合作方不能获得权限范围 {1}；可用的为 {2}。"


class KeyMalformed(Refused):
    code = "partners.key_settings_wrong"
    says = "A key needs an environment of letters a-z and an expiry in the future; got {0!r}."
    says_zh = "密钥需要由小写字母组成的环境名和未来的到期时间；收到 {0!r}。"


class KeyNotFound(NotFound):
    code = "partners.key_not_found"
    says = "There is no key {0!r}; list the partner's keys to see their ids."
    says_zh = "没有密钥 {0!r}；请查看该合作方的密钥列表。"


class KeyOver(Conflict):
    code = "partners.key_over"
    says = "Key {0!r} is revoked or has expired and cannot be rotated; issue a new one."
    says_zh = "密钥 {0!r} 已吊销或到期，不能轮换；请签发新密钥。"


class KeyUnknown(Forbidden):
    code = "partners.key_unknown"
    status = 401
    says = "The API key is not known; send 'Authorization: Bearer xq_…' with a key that was issued to you."
    says_zh = "API 密钥无法识别；请在 Authorization: Bearer 中发送签发给您的 xq_… 密钥。"


class KeyExpired(Forbidden):
    code = "partners.key_expired"
    status = 401
    says = "The API key expired on {0:%Y-%m-%d %H:%M} UTC; use the key that replaced it, or have a new one issued."
    says_zh = "API 密钥已于 {0:%Y-%m-%d %H:%M}（UTC）到期；请使用新密钥。"


class KeyRevoked(Forbidden):
    code = "partners.key_revoked"
    status = 401
    says = "The API key was revoked; have a new one issued."
    says_zh = "API 密钥已被吊销；请申请新密钥。"


class PartnerSuspended(Forbidden):
    code = "partners.partner_suspended"
    says = "Partner {0!r} is suspended; ask the platform's operator."
    says_zh = "合作方 {0!r} 已被暂停；请联系平台运营方。"


class ScopeMissing(Forbidden):
    code = "partners.scope_missing"
    says = "The API key does not carry the scope {0!r}; use a key that does."
    says_zh = "API 密钥没有权限范围 {0!r}；请使用具备该权限的密钥。"
