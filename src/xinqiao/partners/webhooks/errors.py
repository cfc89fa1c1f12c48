from __future__ import annotations

from xinqiao.kit import Conflict, Forbidden, NotFound, Refused


class KindUnknown(Refused):
    code = "partners.webhook_kind_unknown"
    says = "A {0} receives no events named {1!r}; it may have {2}."
    says_zh = "{0} 类合作方没有名为 {1!r} 的事件；可用的为 {2}。"


class UrlRefused(Refused):
    code = "partners.webhook_url_refused"
    says = "Webhooks cannot be sent to {0!r}: use an https address of a public host, without a user name or a fragment."
    says_zh = "无法向 {0!r} 发送回调：请使用公网主机的 https 地址，且不含用户名和片段。"


class SubscriptionUnknown(NotFound):
    code = "partners.webhook_subscription_unknown"
    says = "There is no webhook subscription {0!r} of yours; list them to see their ids."
    says_zh = "您没有回调订阅 {0!r}；请查看订阅列表。"


class MessageUnknown(NotFound):
    code = "partners.webhook_message_unknown"
    says = "There is no undeliverable webhook message {0!r}; only a dead message can be sent again."
    says_zh = "没有投递失败的回调消息 {0!r}；只有失败的消息可以重新投递。"


class NoInboundSecret(Forbidden):
    code = "partners.webhook_secret_missing"
    status = 401
    says = "No secret for signing messages to us was issued to you; ask the platform's operator for one."
    says_zh = "尚未向您签发用于签名的密钥；请联系平台运营方。"


class HeadersMissing(Forbidden):
    code = "partners.webhook_headers_missing"
    status = 401
    says = "A signed message carries webhook-id, webhook-timestamp and webhook-signature; {0} is missing or malformed."
    says_zh = "签名消息须携带 webhook-id、webhook-timestamp 和 webhook-signature；{0} 缺失或格式错误。"


class SignatureBad(Forbidden):
    code = "partners.webhook_signature_bad"
    status = 401
    says = "The signature does not match the message; sign '{{id}}.{{timestamp}}.{{body}}' with HMAC-SHA256 as Standard Webhooks says."
    says_zh = "签名与消息不符；请按 Standard Webhooks 规范以 HMAC-SHA256 签名“{{id}}.{{timestamp}}.{{body}}”。"


class TooOld(Forbidden):
    code = "partners.webhook_too_old"
    status = 401
    says = "The message was signed {0} seconds ago, and at most {1} are allowed; sign it anew when you send it again."
    says_zh = "消息签名于 {0} 秒前，最多允许 {1} 秒；重发时请重新签名。"


class TooNew(Forbidden):
    code = "partners.webhook_too_new"
    status = 401
    says = "The message was signed {0} seconds in the future, and at most {1} are allowed; set your clock."
    says_zh = "消息签名时间超前 {0} 秒，最多允许 {1} 秒；请校准时钟。"


class Replayed(Conflict):
    code = "partners.webhook_replayed"
    says = "Message {0!r} was already received; each message has an id of its own."
    says_zh = "消息 {0!r} 已经收到过；每条消息应有唯一编号。"


class NotJson(Refused):
    code = "partners.webhook_not_json"
    says = "The message is not a JSON object in UTF-8."
    says_zh = "消息不是 UTF-8 编码的 JSON 对象。"
