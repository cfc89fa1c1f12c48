from xinqiao.kit import Conflict, NotFound, Refused


class TermsNotValid(Refused):
    code = "funding.terms_not_valid"
    says = "The terms are not valid at {0!r}: {1}."
    says_zh = "条款在 {0!r} 处无效：{1}。"


class UnknownPartner(NotFound):
    code = "funding.unknown_partner"
    says = "Partner {0} has published no terms."
    says_zh = "合作方 {0} 尚未发布条款。"


class AskNotValid(Refused):
    code = "funding.ask_not_valid"
    says = "The request for funding is not valid: {0}."
    says_zh = "资金请求无效：{0}。"


class NoSuchReservation(NotFound):
    code = "funding.no_such_reservation"
    says = "There is no reservation {0}."
    says_zh = "没有预留记录 {0}。"


class ReservationEnded(Conflict):
    code = "funding.reservation_ended"
    says = "Reservation {0} is {1}; reserve again to get a new one."
    says_zh = "预留 {0} 的状态为 {1}；请重新预留。"


class FunderHasNotAnswered(Conflict):
    code = "funding.funder_has_not_answered"
    says = "Reservation {0} waits for the funder's yes; confirm it after that."
    says_zh = "预留 {0} 正在等待资金方同意；同意后方可确认。"


class OutstandingNotValid(Refused):
    code = "funding.outstanding_not_valid"
    says = "The outstanding principal must lie between 0 and {0}, got {1}."
    says_zh = "未还本金必须在 0 与 {0} 之间，收到 {1}。"


class NoSuchQuestion(NotFound):
    code = "funding.no_such_question"
    says = "There is no question {0}."
    says_zh = "没有询价 {0}。"


class AnsweredTooLate(Conflict):
    code = "funding.answered_too_late"
    says = "Question {0} was to be answered by {1}; silence counted as a no."
    says_zh = "询价 {0} 的截止时间为 {1}；逾期视为拒绝。"


class AnsweredAlready(Conflict):
    code = "funding.answered_already"
    says = "Question {0} was already answered with {1}; an answer cannot be changed."
    says_zh = "询价 {0} 已答复为 {1}；答复不可更改。"


class RateAboveBid(Refused):
    code = "funding.rate_above_bid"
    says = "The answered rate {0} is above the bid's {1}; a funder may answer with the bid's rate or a lower one."
    says_zh = "答复利率 {0} 高于报价利率 {1}；只能等于或低于报价。"


class CapacityOverdrawn(RuntimeError):
    """A row would leave its bounds although its slice was locked: a fault of the program, never of the input."""
