from xinqiao.kit import Conflict, Forbidden, NotFound, Refused


class TextUnknown(Refused):
    code = "consent.text_unknown"
    says = "There is no consent text for {0!r} in {1!r}; texts exist in zh-CN and en for the purposes that need consent."
    says_zh = "没有“{0}”的 {1} 授权文本；需授权的用途均有 zh-CN 和 en 两种文本。"


class TextMalformed(Refused):
    code = "consent.text_malformed"
    says = "Consent text file {0} cannot be used: {1}."
    says_zh = "授权文本文件 {0} 无法使用：{1}。"


class RecipientMissing(Refused):
    code = "consent.recipient_missing"
    says = "The consent for {0} names who receives the data: pass the recipient."
    says_zh = "“{0}”的授权文本须写明接收方：请提供接收方。"


class RecipientUnasked(Refused):
    code = "consent.recipient_unasked"
    says = "The consent for {0} names no recipient; leave it out."
    says_zh = "“{0}”的授权文本不涉及接收方：请勿提供。"


class PurposesBundled(Refused):
    code = "consent.purposes_bundled"
    says = "One answer is for one purpose; got {0}. Show and ask each purpose alone."
    says_zh = "一次只能就一项用途作答；收到 {0} 项。请逐项展示、逐项询问。"


class PurposeDiffers(Refused):
    code = "consent.purpose_differs"
    says = "The text shown was for {0!r}, the answer is for {1!r}; answer what was shown."
    says_zh = "展示的是“{0}”，回答的是“{1}”；请就所展示的内容作答。"


class NotShown(NotFound):
    code = "consent.not_shown"
    says = "No text was shown under {0}: show the text first, then send the answer with its display_id."
    says_zh = "没有编号为 {0} 的展示记录：请先展示文本，再提交回答。"


class ShownToAnother(Forbidden):
    code = "consent.shown_to_another"
    says = "That text was shown to another person; only who was shown a text can answer it."
    says_zh = "该文本展示给了另一个人；只有看到文本的人才能作答。"


class PrecedesDisplay(Refused):
    code = "consent.precedes_display"
    says = "The answer ({0}) is earlier than the display ({1}); consent is given after reading."
    says_zh = "回答时间（{0}）早于展示时间（{1}）；须先阅读再作答。"


class DisplayExpired(Refused):
    code = "consent.display_expired"
    says = "The text was shown more than 30 minutes ago, at {0}; show it again."
    says_zh = "该文本展示于 {0}，已超过 30 分钟；请重新展示。"


class TextDiffers(Refused):
    code = "consent.text_differs"
    says = "The answer is to a text with hash {0}, but another one was shown; send the text_sha256 of the display."
    says_zh = "回答所对应的文本哈希 {0} 与所展示的不同；请提交展示记录中的 text_sha256。"


class TextRenewed(Conflict):
    code = "consent.text_renewed"
    says = "The text for {0} has been renewed since it was shown; show the new one."
    says_zh = "“{0}”的文本在展示之后已更新；请展示新文本。"


class LanguageDiffers(Refused):
    code = "consent.language_differs"
    says = "The text was shown in {0!r}, the answer says {1!r}; an answer is in the language that was read."
    says_zh = "文本以 {0} 展示，回答却称 {1}；回答须与所阅读的语言一致。"


class HowMissing(Refused):
    code = "consent.how_missing"
    says = "How the answer was given must say {0}: {1}."
    says_zh = "作答方式须说明 {0}：{1}。"


class HowUnknown(Refused):
    code = "consent.how_unknown"
    says = "How an answer was given has no place for {0}; known are {1}."
    says_zh = "作答方式中没有 {0} 这一项；可用的有 {1}。"


class Preticked(Refused):
    code = "consent.preticked"
    says = "A box that was ticked beforehand is no consent; ask unticked, and send preticked: false."
    says_zh = "预先勾选不构成同意；请勿预先勾选，并提交 preticked: false。"


class TextNotRead(Refused):
    code = "consent.text_not_read"
    says = "The end of the text was never on the screen; let it be read to its end before it can be agreed to."
    says_zh = "文本未显示到末尾；请在读完之后再同意。"


class Bundled(Refused):
    code = "consent.bundled"
    says = "Consent given as part of {0!r} is no consent; ask for it alone."
    says_zh = "作为“{0}”一部分的同意无效；请单独询问。"


class TiedToIncentive(Refused):
    code = "consent.tied_to_incentive"
    says = "Consent must not be tied to a coupon, a discount or a payment button; ask for it for nothing in return."
    says_zh = "同意不得与优惠券、折扣或支付按钮绑定；请单独、无条件地询问。"


class AlreadyAnswered(Conflict):
    code = "consent.already_answered"
    says = "That display was already answered the other way; show the text again to answer anew."
    says_zh = "该次展示已有相反的回答；如要改变，请重新展示。"


class ConsentMissing(Forbidden):
    """`why` is never_asked, declined, withdrawn, run_out or text_renewed."""

    code = "consent.missing"
    says = "There is no consent in force for {0} ({1}); show its text and ask."
    says_zh = "没有有效的“{0}”授权（{1}）；请展示文本并询问。"

    @property
    def why(self) -> str:
        return str(self.args[1])


class ReceiptUnknown(NotFound):
    code = "consent.receipt_unknown"
    says = "There is no receipt {0} of this person."
    says_zh = "此人没有编号为 {0} 的授权回执。"


class RequestUnknown(NotFound):
    code = "consent.request_unknown"
    says = "There is no request {0} of this person."
    says_zh = "此人没有编号为 {0} 的权利请求。"


class NothingToCorrect(Refused):
    code = "consent.nothing_to_correct"
    says = "A correction names at least one field and its right value."
    says_zh = "更正请求须至少写明一个字段及其正确的值。"
