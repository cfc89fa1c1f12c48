"""What verifying found. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One question put to a pack. `ok` is None when it could not be answered here, which never counts as a yes."""

    name: str
    ok: bool | None
    says: str
    says_zh: str


@dataclass(frozen=True, slots=True)
class Report:
    checks: tuple[Check, ...]
    altered: tuple[str, ...]
    """The files of the pack that are not as they were exported, or contradict what was signed; sorted."""
    files: int = 0
    application: str | None = None
    signers: tuple[str, ...] = ()
    """SHA-256 fingerprints of the keys that signed manifest and log, to be compared with those that the operator publishes."""

    @property
    def ok(self) -> bool:
        """Nothing was found wrong. What could not be answered is in `open`."""
        return bool(self.checks) and all(check.ok is not False for check in self.checks)

    @property
    def open(self) -> tuple[Check, ...]:
        """The questions that were not answered."""
        return tuple(check for check in self.checks if check.ok is None)

    @property
    def complete(self) -> bool:
        """Every question was answered, and well."""
        return self.ok and not self.open


class Findings:
    """Collects checks and the files that they point at."""

    def __init__(self) -> None:
        self.checks: list[Check] = []
        self.altered: set[str] = set()

    def passed(self, name: str, says: str, says_zh: str) -> None:
        self.checks.append(Check(name, True, says, says_zh))

    def unsure(self, name: str, says: str, says_zh: str) -> None:
        self.checks.append(Check(name, None, says, says_zh))

    def failed(self, name: str, says: str, says_zh: str, files: Iterable[str]) -> None:
        self.checks.append(Check(name, False, says, says_zh))
        self.altered.update(files)

    def settle(self, name: str, problems: list[tuple[str, str, str]], says: str, says_zh: str) -> None:
        """One check out of its problems (file, English, Chinese): passed when there are none. The first few are told."""
        if not problems:
            self.passed(name, says, says_zh)
            return
        more = len(problems) - _MOST_TOLD
        tail, tail_zh = (f" … and {more} more", f"……另有 {more} 处") if more > 0 else ("", "")
        told = problems[:_MOST_TOLD]
        self.failed(
            name,
            "; ".join(english for _, english, _ in told) + tail,
            "；".join(chinese for _, _, chinese in told) + tail_zh,
            {file for file, _, _ in problems},
        )


_MOST_TOLD = 5
_MARKS = {True: "✓", False: "✗", None: "?"}


def render_report(report: Report, language: str = "zh-CN") -> str:
    """The report as lines of text, in one language."""
    chinese = language.startswith("zh")
    lines = [f"{_MARKS[check.ok]} {check.name}: {check.says_zh if chinese else check.says}" for check in report.checks]
    return "\n".join([_headline(report, chinese), *lines])


def _headline(report: Report, chinese: bool) -> str:
    if not report.ok:
        named = ", ".join(report.altered)
        return (
            f"未通过：以下内容已被改动或自相矛盾：{named or '整个文件'}"
            if chinese
            else f"NOT intact: altered or contradictory: {named or 'the whole file'}"
        )
    left = len(report.open)
    if not left:
        return "证据包完整无改动。" if chinese else "The evidence pack is intact."
    return (
        f"未发现改动；但有 {left} 项无法在此核验。"
        if chinese
        else f"Nothing was found altered; left open here, for want of a key or a model: {left}."
    )
