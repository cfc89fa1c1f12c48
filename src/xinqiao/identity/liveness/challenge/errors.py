from xinqiao.kit import Conflict, Refused


class ChallengeUnreadable(Refused):
    code = "identity.challenge_unreadable"
    says = "The light challenge is not one that this server writes; ask for a new one."
    says_zh = "光线验证信息无法识别，请重新获取。"


class ChallengeForged(Refused):
    code = "identity.challenge_forged"
    says = "The light challenge was not issued by this server, or was altered; ask for a new one."
    says_zh = "光线验证信息不是由本服务签发或已被改动，请重新获取。"


class ChallengeForAnother(Refused):
    code = "identity.challenge_for_another"
    says = "The light challenge was issued for another application; ask for one for this application."
    says_zh = "光线验证信息属于另一笔申请，请为本申请重新获取。"


class ChallengeExpired(Refused):
    code = "identity.challenge_expired"
    says = "The light challenge has expired; ask for a new one and record within {0} seconds."
    says_zh = "光线验证已过期，请重新获取并在{0}秒内完成录制。"


class ChallengeSpent(Conflict):
    code = "identity.challenge_spent"
    says = "The light challenge was answered before; each is good for one recording. Ask for a new one."
    says_zh = "该光线验证已使用过，每次录制只能使用一次，请重新获取。"


class ChallengeKeyTooShort(Refused):
    code = "identity.challenge_key_too_short"
    says = "A challenge key is secret and random, at least 16 bytes long; got {0} bytes."
    says_zh = "光线验证密钥须为至少16字节的随机秘密值，实际为{0}字节。"
