"""Is the readable page what the other members say?"""

from __future__ import annotations

from .. import page
from .opened import Opened, Problem

PAGE = "index.html"


def readable(pack: Opened) -> None:
    """Drawn again from the other members by the same template, the page must be the same to the byte."""
    shipped = pack.files[PAGE]
    if page.mark() not in shipped:
        says = "the page was drawn by another release's template: trust the other members, not what it says"
        pack.found.unsure("page", says, "页面由其他版本的模板生成：请以其他文件为准")
        return
    absent = {name: (why["en"], why["zh"]) for name, why in pack.manifest["absent"].items()}
    head = {name: pack.manifest[name] for name in ("format", "tenant", "application", "made_at", "receiver")}
    members = {name: data for name, data in pack.files.items() if name in pack.manifest["files"] and name != PAGE}
    problems: list[Problem] = []
    if page.render(members, absent, head) != shipped:
        problems.append((PAGE, "the page does not say what the other members say", "页面内容与其他文件不符"))
    pack.found.settle("page", problems, "the readable page says what the other members say", "可读页面与其他文件一致")
