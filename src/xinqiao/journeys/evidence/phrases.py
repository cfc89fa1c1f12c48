"""Words of the readable page, Chinese first."""

from __future__ import annotations

EVENTS: dict[str, tuple[str, str]] = {
    "application.received": ("收到申请", "Application received"),
    "application.moved": ("进入下一阶段", "Moved to the next stage"),
    "application.declined": ("申请被拒绝", "Application declined"),
    "application.expired": ("申请已过期", "Application expired"),
    "application.withdrawn": ("申请已撤回", "Application withdrawn"),
    "application.closed": ("贷款已结清", "Loan repaid and closed"),
    "application.reopened": ("贷款恢复为未结清", "Loan open again"),
    "application.closed_again": ("贷款再次结清", "Loan closed again"),
    "consent.shown": ("展示授权文本", "Consent text shown"),
    "consent.agreed": ("同意授权", "Consent given"),
    "consent.declined": ("不同意授权", "Consent refused"),
    "consent.answered": ("授权答复已处理", "Answer to a consent taken in"),
    "consent.ended": ("授权终止", "Consent ended"),
    "face.refused": ("选择不做人脸核验", "Face check declined"),
    "face.challenge_issued": ("发出光线验证", "Light challenge issued"),
    "identity.checked": ("人脸核验", "Face checked"),
    "identity.unreadable": ("视频无法读取", "Recording could not be read"),
    "identity.late": ("视频迟到，未采用", "Recording came too late and decides nothing"),
    "fraud.screened": ("反欺诈筛查", "Screened for fraud"),
    "fraud.labelled": ("人工反欺诈结论", "Fraud label by staff"),
    "bureau.queried": ("查询征信", "Credit bureau asked"),
    "credit.decided": ("授信决定", "Credit decided"),
    "credit.withheld": ("转人工决定", "Decision left to a person"),
    "review.opened": ("转人工复核", "Handed to a person"),
    "review.requested": ("申请人要求人工复核", "Applicant asked for a person"),
    "review.approved": ("人工批准", "Approved by a person"),
    "review.declined": ("人工拒绝", "Declined by a person"),
    "funding.bids_taken": ("资金方竞价", "Funders bid"),
    "funding.reserved": ("预留资金", "Funds reserved"),
    "funding.asked": ("询问资金方", "Funder asked"),
    "funding.answered": ("资金方答复", "Funder answered"),
    "funding.released": ("释放预留", "Reservation released"),
    "funding.expired": ("预留到期", "Reservation ran out"),
    "funding.confirmed": ("确认资金", "Funds confirmed"),
    "funding.not_found": ("没有合适的资金方", "No funder found"),
    "servicing.offer_made": ("作出报价", "Offer made"),
    "servicing.offer_signed": ("签署合同", "Contract signed"),
    "servicing.disbursed": ("放款", "Money paid out"),
    "servicing.repaid": ("还款", "Repayment"),
    "servicing.aged": ("账龄变化", "Arrears bucket changed"),
    "servicing.report_notified": ("征信报送前告知", "Notice before reporting"),
    "servicing.bureau_recorded": ("报送征信", "Reported to the bureau"),
    "collect.reminded": ("还款提醒", "Reminder"),
}

STATIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("申请", "applied", ("application.received",)),
    ("授权", "consented", ("consent.agreed",)),
    ("人脸", "face", ("identity.checked", "face.refused")),
    ("反欺诈", "fraud", ("fraud.screened",)),
    ("决定", "decided", ("credit.decided", "review.approved", "review.declined", "application.declined")),
    ("竞价", "bids", ("funding.bids_taken",)),
    ("报价", "offer", ("servicing.offer_made",)),
    ("签署", "signed", ("servicing.offer_signed",)),
    ("放款", "paid out", ("servicing.disbursed",)),
    ("还款", "repaying", ("servicing.repaid",)),
)

COSTS = {
    "principal": ("借款本金", "What was borrowed"),
    "interest": ("利息", "Interest"),
    "premium": ("担保费", "Guarantee fee"),
    "fees": ("服务费", "Fees"),
}

WORDS: dict[str, tuple[str, str]] = {
    "approve": ("批准", "approved"),
    "decline": ("拒绝", "declined"),
    "refer": ("转人工", "referred to a person"),
    "pass": ("通过", "passed"),
    "retry": ("重试", "to be tried again"),
    "fail": ("未通过", "failed"),
    "personal": ("个人", "personal"),
    "micro_business": ("小微经营", "micro-business"),
    "received": ("已收到", "received"),
    "identifying": ("核验身份", "identifying"),
    "screening": ("筛查中", "screening"),
    "deciding": ("决定中", "deciding"),
    "funding": ("寻找资金", "funding"),
    "offered": ("已报价", "offered"),
    "signed": ("已签署", "signed"),
    "disbursed": ("已放款", "paid out"),
    "closed": ("已结清", "closed"),
    "review": ("人工复核", "in review"),
    "declined": ("已拒绝", "declined"),
    "expired": ("已过期", "expired"),
    "withdrawn": ("已撤回", "withdrawn"),
    "credit.decision": ("授信决定记录", "Decision record"),
}


def word(code: str) -> tuple[str, str]:
    """A code in both languages; itself where it has no words."""
    return WORDS.get(code, (code, code))
