"""What journeys refuse."""

from xinqiao.kit import Conflict, Forbidden, NotFound, Refused, Unavailable


class NotNow(Conflict):
    code = "journey.not_now"
    says = "The application is at stage {0!r}: {1} is not possible now; next comes {2}."
    says_zh = "申请处于“{0}”阶段，现在不能进行 {1}；下一步是 {2}。"


class NotAskedNow(Conflict):
    code = "journey.not_asked_now"
    says = "This answers a text that is not being asked now; open the page again and answer what it shows."
    says_zh = "该回答对应的文本并非当前询问的内容；请重新打开页面后作答。"


class ProofNeeded(Forbidden):
    code = "journey.proof_needed"
    says = "Somebody with this ID number is known here already: what is held of them is shown once the face check of this application has succeeded."
    says_zh = "该身份证号已有记录：须先通过本次申请的人脸核验，才能查看或更改其信息；也可联系客服由工作人员核验。"


class NoPaymentRail(Unavailable):
    code = "journey.no_payment_rail"
    says = "No payment provider is connected: repayments are booked when the lender confirms them. The page's simulator works in the demonstration alone."
    says_zh = "尚未接入支付渠道：还款由资金方确认后入账。页面上的模拟还款仅用于演示。"


class PaymentRefused(Refused):
    code = "journey.payment_refused"
    says = "The bank refused the payment ({0}); nothing was moved. Check the amount or ask your bank."
    says_zh = "银行拒绝了这笔付款（{0}），没有发生任何划转。请核对金额或咨询您的银行。"


class NoOffer(NotFound):
    code = "journey.no_offer"
    says = "The application has no offer yet."
    says_zh = "该申请尚无报价。"


class NoLoan(NotFound):
    code = "journey.no_loan"
    says = "The application has no loan yet."
    says_zh = "该申请尚无贷款。"


class PortraitMissing(Refused):
    code = "journey.portrait_missing"
    says = "The portrait page of the ID card is needed to compare with: send it together with the clip."
    says_zh = "需要身份证人像面照片用于比对，请与视频一同提交。"


class ChallengeMissing(Refused):
    code = "journey.challenge_missing"
    says = "The recording answers no light challenge: ask for one and record while the screen shows it, or choose the way without changing colours, where a person looks."
    says_zh = "这段录像没有对应的光线验证：请重新开始，在屏幕变色时录制；也可以选择不闪光的方式，由人工复核。"


class TooManyChallenges(Conflict):
    code = "journey.too_many_challenges"
    says = "The recording was started too often in this application; choose the way without changing colours, or a check of your document by a person."
    says_zh = "本次申请开始录制的次数过多；请选择不闪光的方式，或由工作人员核对证件。"


class MediaNotKept(NotFound):
    code = "journey.media_not_kept"
    says = "There are no pictures of this check: the person did not agree to keep them, took that back, or has sent newer ones."
    says_zh = "没有这次核验的影像：本人未同意留存、已撤回同意，或之后提交了新的影像。"


class NameDiffers(Refused):
    code = "journey.name_differs"
    says = "The name typed is not the applicant's; type the full name as on the ID card."
    says_zh = "签署姓名与申请人不一致，请按身份证输入全名。"


class KeyNeeded(Refused):
    code = "journey.key_needed"
    says = (
        "The contract is signed with a key of your device; open the page in a browser that allows it (HTTPS or localhost, JavaScript on)."
    )
    says_zh = "合同需由您设备中的密钥签署，请使用支持该功能的浏览器打开页面（HTTPS 或本机地址，并启用 JavaScript）。"


class LoanOpen(Conflict):
    code = "journey.loan_open"
    says = "A loan is still open: its contract needs these data until it is repaid. What consent covers was withdrawn; ask again after repayment."
    says_zh = "您还有未结清的贷款，履行合同需要这些数据。已撤回基于同意的处理；结清后可再次申请删除。"


class TermsOutOfPolicy(Refused):
    code = "journey.terms_out_of_policy"
    says = "A reviewer grants within the policy: band one of {0}, amount up to {1}."
    says_zh = "审核人须在政策范围内批准：评级为 {0} 之一，金额不超过 {1}。"


class NoteMissing(Refused):
    code = "journey.note_missing"
    says = "Say why, in at least ten characters: the note is part of the evidence. It must not name the person."
    says_zh = "请说明理由（至少十个字符），该说明将成为证据的一部分，且不得包含个人信息。"


class LoanNotYours(NotFound):
    code = "journey.loan_not_yours"
    says = "You have no loan {0}."
    says_zh = "您没有贷款 {0}。"


class PeriodBackwards(Refused):
    code = "journey.period_backwards"
    says = "A statement's period cannot begin on {0} and end on {1}; choose a first day on or before the last, and not after today."
    says_zh = "对账期间不能从 {0} 开始到 {1} 结束：起始日不得晚于截止日，也不得晚于今天。"


class OperationIncomplete(Refused):
    code = "journey.operation_incomplete"
    says = "{0!r} is missing or not understood; fill it in and send the form again."
    says_zh = "“{0}”没有填写或无法识别，请填写后重新提交。"


class RequestStands(Conflict):
    code = "journey.request_stands"
    says = "You have asked already, and a person is looking at it; wait for the answer, or take the request back first."
    says_zh = "您已经提交过申请，工作人员正在处理；请等待答复，或先撤回该申请。"


class RequestUnknown(NotFound):
    code = "journey.request_unknown"
    says = "There is no request {0}."
    says_zh = "没有申请 {0}。"


class RequestDecided(Conflict):
    code = "journey.request_decided"
    says = "The request has been decided already: {0}."
    says_zh = "该申请已有结论：{0}。"


class SecondPersonNeeded(Forbidden):
    code = "journey.second_person_needed"
    says = "You proposed this yourself; another member of staff has to confirm it."
    says_zh = "此操作由您本人提出，须由另一位同事确认。"


class FunderUnavailable(Refused):
    code = "journey.funder_unavailable"
    says = "{0} is no funder that is active on this platform; a claim passes only to one that is."
    says_zh = "{0} 不是本平台在用的资金方；债权只能转让给在用的资金方。"
