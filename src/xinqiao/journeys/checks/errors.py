from xinqiao.kit import NotFound


class CheckUnknown(NotFound):
    code = "checks.unknown"
    says = "There is no face check with the id {0!r}."
    says_zh = "没有编号为 {0!r} 的人脸核验。"
