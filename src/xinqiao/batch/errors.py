from xinqiao.kit import Conflict


class LaterDayClosed(Conflict):
    code = "batch.later_day_closed"
    says = "{1} is closed already, and {0} before it was not; its accruals are part of what {1} posted. Close days in their order."
    says_zh = "{1} 已经日终，此前的 {0} 未曾日终；其应计已并入 {1}。请按日期顺序日终。"
