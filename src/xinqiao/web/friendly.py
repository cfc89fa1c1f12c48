"""Errors outside the applicant's own routes, for people: a browser that meets a wrong address or a fault of ours reads a page, not JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from xinqiao.kit import NotFound, Refused

from . import pages

PROGRAMS = ("/v1/", "/static/", "/metrics", "/healthz", "/readyz")
"""Where only programs come; what these are told is never a page."""


class NoSuchPage(NotFound):
    code = "page.not_found"
    says = "There is no page at this address. It may have been typed wrongly, or moved."
    says_zh = "这个地址没有页面，可能是输入有误，或页面已经移走。"


class NotDoneSo(Refused):
    code = "page.wrong_method"
    status = 405
    says = "This page cannot be used in this way; go back and start from the page itself."
    says_zh = "不能用这种方式打开此页面，请返回后从页面本身开始。"


class OurFault(Refused):
    code = "internal"
    status = 500
    says = "Something went wrong on our side, and nothing was changed. Try again in a moment."
    says_zh = "我们这边出了问题，没有改动任何内容。请稍后再试。"


def install(app: FastAPI) -> None:
    """Put pages before the problems that are installed already; programs go on receiving those."""
    for kind, refusal in ((Refused, None), (HTTPException, _of_http), (Exception, lambda _: OurFault())):
        app.add_exception_handler(kind, _either(app.exception_handlers[kind], refusal))


def _either(problem: Callable[..., Any], refusal: Callable[[Any], Refused] | None) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        told = problem(request, error)  # always, because it also writes the log
        if not is_for_a_person(request):
            return told
        return pages.error(request, error if refusal is None else refusal(error))  # type: ignore[arg-type]

    return answer


def is_for_a_person(request: Request) -> bool:
    """Whether a browser asks for a page; a program that accepts anything is not taken for one."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(PROGRAMS)


def _of_http(error: HTTPException) -> Refused:
    if error.status_code == 404:
        return NoSuchPage()
    if error.status_code == 405:
        return NotDoneSo()
    refused = OurFault() if error.status_code >= 500 else NotDoneSo()
    refused.status = error.status_code
    return refused
