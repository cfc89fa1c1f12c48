from xinqiao.kit import Refused


class ReceiverKeyUnusable(Refused):
    code = "evidence.receiver_key_unusable"
    says = "The receiver's key must be an X25519 public key of 32 bytes that is not of small order; got {0} bytes."
    says_zh = "接收方密钥须为 32 字节的 X25519 公钥（且非小阶点），收到 {0} 字节。"


class PackUnreadable(Refused):
    """Raised within verification alone; `verify` turns it into a report."""

    code = "evidence.pack_unreadable"
    says = "This is not an evidence pack that may be opened: {0}."
    says_zh = "无法作为证据包打开：{0}。"
