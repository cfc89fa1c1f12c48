"""What servicing says when it refuses. Each part's errors stand together here so that their codes are seen at one glance."""

from xinqiao.kit import Conflict, Forbidden, NotFound, Refused, Unavailable


class TermsRefused(Refused):
    code = "servicing.terms_refused"
    says = "These loan terms contradict themselves: {0}."
    says_zh = "贷款条款自相矛盾：{0}。"


class TooSmallForTerm(Refused):
    code = "servicing.too_small_for_term"
    says = "{0} over {1} instalments leaves an instalment that repays nothing; lend more or over fewer instalments."
    says_zh = "{0} 分 {1} 期会出现不还本金的一期；请提高金额或减少期数。"


class NoAnnualRate(Refused):
    code = "servicing.no_annual_rate"
    says = "No annual rate fits these flows: {0}."
    says_zh = "这些现金流没有对应的年化利率：{0}。"


class CaseMalformed(Refused):
    code = "servicing.case_malformed"
    says = (
        "A case needs advances and payments: with unit_periods_per_year, each flow is [amount, whole periods, [odd days, days in a period]]; "
        "without, each is {{amount, day}}. What went wrong: {0}."
    )
    says_zh = "现金流案例格式不正确：{0}。"


class LanguageUnknown(Refused):
    code = "servicing.language_unknown"
    says = "There is no contract text in {0!r}; use one of {1}."
    says_zh = "没有 {0!r} 语言的合同文本；可用：{1}。"


class OfferNotFound(NotFound):
    code = "servicing.offer_not_found"
    says = "There is no offer {0}."
    says_zh = "没有找到报价 {0}。"


class OfferExpired(Conflict):
    code = "servicing.offer_expired"
    says = "The offer expired at {0}; ask for a new one."
    says_zh = "报价已于 {0} 失效，请重新申请报价。"


class ContractChanged(Conflict):
    code = "servicing.contract_changed"
    says = "The hash signed is not that of this offer's contract in {0}; show contract {1} and sign that one."
    says_zh = "所签哈希与本报价的{0}合同不符；请展示合同 {1} 后再签。"


class SignatureInvalid(Refused):
    code = "servicing.signature_invalid"
    says = "The signature does not verify: {0}."
    says_zh = "签名验证失败：{0}。"


class NotTheBorrower(Forbidden):
    code = "servicing.not_the_borrower"
    says = "Only the person whom the offer was made to may sign it."
    says_zh = "只有被报价人本人可以签署。"


class NotSigned(Conflict):
    code = "servicing.not_signed"
    says = "Offer {0} has not been signed; the borrower signs before the money leaves."
    says_zh = "报价 {0} 尚未签署；借款人签署后方可放款。"


class LoanNotFound(NotFound):
    code = "servicing.loan_not_found"
    says = "There is no loan {0}."
    says_zh = "没有找到贷款 {0}。"


class LoanClosed(Conflict):
    code = "servicing.loan_closed"
    says = "Loan {0} was repaid in full; nothing is owed."
    says_zh = "贷款 {0} 已结清，无需再还款。"


class AmountNotAccepted(Refused):
    code = "servicing.amount_not_accepted"
    says = "{0} cannot be taken: pay up to {1} (all that falls due through the next instalment), or exactly {2} to settle the loan today."
    says_zh = "无法接受 {0}：可还至多 {1}（含下一期应还），或一次还清 {2}。"


class KeyReused(Conflict):
    code = "servicing.key_reused"
    says = "Key {0!r} already stands for a different {1}; send a new key for a new one."
    says_zh = "键 {0!r} 已用于另一笔{1}；新的请求请使用新的键。"


class AccountUnknown(Refused):
    code = "ledger.account_unknown"
    says = "Account {0} was never opened; open it before posting to it."
    says_zh = "账户 {0} 尚未开立；请先开户再记账。"


class BalanceForbidden(Conflict):
    code = "ledger.balance_forbidden"
    says = "The postings would take an account where it may not go ({0}); post no more than it holds."
    says_zh = "记账会使账户余额越界（{0}）；记账金额不得超过其余额。"


class TransferRefused(Refused):
    code = "ledger.transfer_refused"
    says = "Transfer {0!r} cannot be posted: {1}."
    says_zh = "转账 {0!r} 无法记账：{1}。"


class BucketsNotAscending(Refused):
    code = "delinquency.buckets_not_ascending"
    says = "Each bucket must start later than the one before it, as in '1:M1 31:M2'; got {0!r}."
    says_zh = "每个账龄段的起始天数必须大于前一段，例如 '1:M1 31:M2'；收到 {0!r}。"


class NotInArrears(Conflict):
    code = "reporting.not_in_arrears"
    says = "Loan {0} is not in arrears; a loan without arrears is never reported as negative."
    says_zh = "贷款 {0} 没有逾期；未逾期的贷款不得报送不良信息。"


class NoConsent(Forbidden):
    code = "reporting.no_consent"
    says = "A negative report needs the person's own receipt for credit-bureau reporting; give its id."
    says_zh = "报送不良信息需要本人的征信报送同意回执；请提供回执编号。"


class NoNotice(Conflict):
    code = "reporting.no_notice"
    says = "The borrower has not been told of a report for the arrears since {0}; record the notice first and wait out its grace period."
    says_zh = "尚未就 {0} 起的逾期告知借款人；请先告知并等待宽限期结束。"


class PaidInGrace(NoNotice):
    code = "reporting.paid_in_grace"
    says = "The borrower paid the {0} that the notice named within its grace period; what is still owed needs a notice of its own."
    says_zh = "借款人已在宽限期内还清通知所列的 {0}；其余欠款须另行告知。"


class InGrace(Conflict):
    code = "reporting.in_grace"
    says = "The grace period runs until {0}; payment until then stops the report."
    says_zh = "宽限期至 {0}；在此之前还款则不报送。"


class CalendarUnknown(Refused):
    code = "servicing.calendar_unknown"
    says = "There is no calendar {0!r}; use an ISO 3166 country such as 'CN' or 'DE-BY', an ISO 10383 market such as 'XECB', or nothing."
    says_zh = "没有日历 {0!r}；请使用国家代码（如 CN、DE-BY）、市场代码（如 XECB）或留空。"


class _Findings(Refused):
    """`errors` names each finding, its field, and what would be right, in both languages."""

    def __init__(self, *args: object, field: str | None = None, errors: tuple[dict[str, str], ...] = ()) -> None:
        super().__init__(*args, field=field)
        self.errors = errors


class ProductContradictory(_Findings):
    """A product that cannot mean what it says."""

    code = "product.contradictory"
    says = "The product contradicts itself: {0}."
    says_zh = "产品参数自相矛盾：{1}。"


class ProductMalformed(Refused):
    code = "product.malformed"
    says = "The product cannot be read: {0}."
    says_zh = "无法读取产品：{0}。"


class ProductNotFound(NotFound):
    code = "product.not_found"
    says = "There is no product {0}; there are {1}."
    says_zh = "没有产品 {0}；现有 {1}。"


class RequestOutOfBounds(_Findings):
    code = "product.out_of_bounds"
    says = "The product does not allow this: {0}."
    says_zh = "产品不允许：{1}。"


class ScheduleImpossible(Refused):
    code = "schedule.impossible"
    says = "No schedule fits: {0}."
    says_zh = "无法生成还款计划：{0}。"


class FlowsRefused(Refused):
    code = "servicing.flows_refused"
    says = "No annual rate can be told of these flows: {0}."
    says_zh = "无法由这些现金流得出年化利率：{0}。"


class CaseNotOne(Refused):
    code = "servicing.case_not_one"
    says = "The file holds {0} cases; give one case alone, an object with advances and payments."
    says_zh = "文件中有 {0} 个案例；请只提供一个包含 advances 和 payments 的对象。"


class NotJson(Refused):
    code = "servicing.not_json"
    says = "The file is not JSON: {0}. It would hold one object with advances and payments."
    says_zh = "文件不是有效的 JSON：{0}。应为一个包含 advances 和 payments 的对象。"


class AccountMalformed(Refused):
    code = "ledger.account_malformed"
    says = "{0!r} names no account; write kind, kind/owner or kind/owner/currency, such as 'clearing' or 'funder/<id>/CNY'. Kinds: {1}."
    says_zh = "{0!r} 不是有效的账户；请写 科目、科目/所有者 或 科目/所有者/币种。科目：{1}。"


class CursorMalformed(Refused):
    code = "ledger.cursor_malformed"
    says = "{0!r} is no place in an account; give back the one that came with the page before."
    says_zh = "{0!r} 不是有效的翻页位置；请使用上一页返回的位置。"


class PeriodBackwards(Refused):
    code = "ledger.period_backwards"
    says = "A period from {0} to {1} runs backwards; give the earlier day first."
    says_zh = "期间 {0} 至 {1} 前后颠倒；请先给较早的日期。"


class DayClosed(Conflict):
    code = "ledger.day_closed"
    says = "Nothing can be booked on {0}: the books are closed through {1}. Book it on {2} or later."
    says_zh = "无法记入 {0}：账簿已结账至 {1}，请记入 {2} 或之后。"


class BookedAhead(Refused):
    code = "ledger.booked_ahead"
    says = "Nothing is booked ahead of time: {0} is after today, {1}. Book it on {1}, or post it when its day has come."
    says_zh = "不得提前记账：{0} 晚于今天 {1}；请记入 {1}，或到当日再记。"


class TransferUnknown(NotFound):
    code = "ledger.transfer_unknown"
    says = "There is no transfer {0}."
    says_zh = "没有转账 {0}。"


class AlreadyReversed(Conflict):
    code = "ledger.already_reversed"
    says = "Transfer {0} was already reversed by {1}; a transfer is reversed once."
    says_zh = "转账 {0} 已由 {1} 冲正；每笔转账只能冲正一次。"


class NotReversible(Conflict):
    code = "ledger.not_reversible"
    says = "Transfer {0} is itself the reversal of {1}; to undo it, post the transfer anew under a key of its own."
    says_zh = "转账 {0} 本身是对 {1} 的冲正；如需恢复，请以新的键重新记账。"


class HoldUnknown(NotFound):
    code = "ledger.hold_unknown"
    says = "There is no hold {0}."
    says_zh = "没有预留 {0}。"


class HoldEnded(Conflict):
    code = "ledger.hold_ended"
    says = "Hold {0} has ended ({1}); place a new one."
    says_zh = "预留 {0} 已结束（{1}）；请重新预留。"


class HoldExpired(Conflict):
    code = "ledger.hold_expired"
    says = "Hold {0} ran out at {1}; place a new one."
    says_zh = "预留 {0} 已于 {1} 到期；请重新预留。"


class HoldTooSmall(Conflict):
    code = "ledger.hold_too_small"
    says = "{0} cannot be settled: {1} is left of the hold; settle that or less."
    says_zh = "无法结算 {0}：预留只剩 {1}，请结算不超过该金额。"


class DayNotOver(Conflict):
    code = "ledger.day_not_over"
    says = "{0} is not over; close it from {1} on."
    says_zh = "{0} 尚未结束；请自 {1} 起结账。"


class EarlierDayOpen(Conflict):
    code = "ledger.earlier_day_open"
    says = "Days are closed in order: {0} is still open; close it first."
    says_zh = "须逐日结账：{0} 尚未结账，请先结该日。"


class NothingToClose(Conflict):
    code = "ledger.nothing_to_close"
    says = "There is nothing to close on {0}; the books begin with {1}."
    says_zh = "{0} 无账可结；账簿始于 {1}。"


class DoesNotBalance(Conflict):
    """A fault of the program or of the disk, never of the caller."""

    code = "ledger.does_not_balance"
    says = "{0} is not closed: debits and credits differ by {1}; verify the ledger."
    says_zh = "{0} 未结账：借贷差额 {1}，请核验账簿。"


class SnapshotMissing(NotFound):
    code = "delinquency.snapshot_missing"
    says = "The book was not kept on {0}; it was on: {1}."
    says_zh = "{0} 没有留存资产状况；有留存的日期：{1}。"


class RecordMalformed(Refused):
    code = "reporting.record_malformed"
    says = "This record does not have the shape of docs/bureau-records.md and does not leave: {0}."
    says_zh = "记录不符合报送格式，未予报送：{0}。"


class AcknowledgementMalformed(Refused):
    code = "reporting.acknowledgement_malformed"
    says = "This is no answer of shape xinqiao.bureau.ack/1: {0}."
    says_zh = "反馈文件格式不正确：{0}。"


class BatchUnknown(NotFound):
    code = "reporting.batch_unknown"
    says = "No file {0} was sent to the bureau."
    says_zh = "没有找到报送批次 {0}。"


class RecordUnknown(NotFound):
    code = "reporting.record_unknown"
    says = "There is no bureau record {0} of this person."
    says_zh = "没有找到该个人的征信记录 {0}。"


class RecordWithdrawn(Conflict):
    code = "reporting.record_withdrawn"
    says = "The arrears since {0} were found not to stand and deleted with the bureau; they are not reported again."
    says_zh = "{0} 起的逾期经核查不成立并已删除，不再报送。"


class DisputeUnknown(NotFound):
    code = "reporting.dispute_unknown"
    says = "There is no dispute {0}."
    says_zh = "没有找到异议 {0}。"


class DisputeAnswered(Conflict):
    code = "reporting.dispute_answered"
    says = "Dispute {0} was answered on {1} ({2}); open a new one for a new objection."
    says_zh = "异议 {0} 已于 {1} 答复（{2}）；如有新的异议请另行提出。"


class MonthNotOver(Conflict):
    code = "reporting.month_not_over"
    says = "Accounts are reported for a month that is over; {0} ends on {1}."
    says_zh = "账户信息按已结束的月份报送；{0} 将于 {1} 结束。"


class WalletUnknown(NotFound):
    code = "wallet.unknown"
    says = "There is no wallet in {0} of this person; open one first."
    says_zh = "此人没有 {0} 钱包；请先开立。"


class WalletCurrency(Refused):
    code = "wallet.currency_not_offered"
    says = "No wallet is offered in {0}; use one of {1}."
    says_zh = "不提供 {0} 钱包；可用币种：{1}。"


class WalletShort(Conflict):
    code = "wallet.short"
    says = "The wallet has {1} available and cannot give {0}; take that or less, or top it up first."
    says_zh = "钱包可用余额 {1}，不足 {0}；请减少金额或先充值。"


class WalletLimit(Refused):
    code = "wallet.limit"
    says = "{0} goes over the limit for {1}, {2}; at most {3} is possible now."
    says_zh = "{0} 超出限额（{1}：{2}）；目前最多 {3}。"


class WalletMinimum(Refused):
    code = "wallet.minimum"
    says = "{0} is less than the least amount for {1}, {2}."
    says_zh = "{0} 低于{1}的最低金额 {2}。"


class TokenRefused(Refused):
    code = "wallet.token_refused"
    says = "A payment names the rail's own token for the bank account, never the account's number; ask the rail for one."
    says_zh = "请提供支付通道签发的账户令牌，不得直接提供银行账号；请先向通道申请令牌。"


class MovementUnknown(NotFound):
    code = "wallet.movement_unknown"
    says = "There is no top-up or pay-out {0}."
    says_zh = "没有充值或提现 {0}。"


class RailSilent(Unavailable):
    """The rail did not answer, so that nobody knows whether the money moved: the same order is asked again."""

    code = "wallet.rail_silent"
    says = "The payment rail {0!r} does not answer; the order stands and is asked again."
    says_zh = "支付通道 {0!r} 未应答；指令保留并将重试。"


class RailRefused(Refused):
    code = "wallet.rail_refused"
    says = "The payment rail {0!r} refused the order: {1}."
    says_zh = "支付通道 {0!r} 拒绝了指令：{1}。"


class NotDone(Conflict):
    code = "wallet.not_done"
    says = "Movement {0} is {1}; only one that was done can be given back."
    says_zh = "该笔充值或提现 {0} 的状态为 {1}；只有已完成的才能退回。"
