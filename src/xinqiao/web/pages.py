"""Pages for people: the templates, the headers that keep foreign script out, and errors that a person can read.

Nothing is inline: every script and style is a file of this server (`static/`), so the content security policy needs no exception and a
text that slips into a page stays a text.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from xinqiao.kit import Refused

from . import problems
from .i18n import COOKIE, LANGUAGES, Words, catalogue, known, negotiate

HERE = Path(__file__).parent
STATIC = HERE / "static"
HTMX = "vendor/htmx-2.0.11.min.js"
ALPINE = "vendor/alpine-csp-3.17.4.min.js"
ECHARTS = "vendor/echarts-common-6.1.0.min.js"

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)
_NO_DEVICES = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"


def harden(response: Response, *, camera: bool = False) -> Response:
    """Headers of every page. `camera` opens it to this page alone; a page with personal data is never kept by a cache."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = _NO_DEVICES.replace("camera=()", "camera=(self)") if camera else _NO_DEVICES
    response.headers["Cache-Control"] = "no-store"
    return response


@cache
def asset(name: str) -> str:
    """The address of a static file, with a mark of its content so that browsers may keep it for good."""
    return f"/static/{name}?v={sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


class Static(StaticFiles):
    """The files under `static/`; an address that carries a mark of its content never changes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        marked = b"v=" in scope.get("query_string", b"")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if marked else "public, max-age=300"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


def mount(app: Starlette) -> None:
    """Serve `static/` on the application."""
    app.mount("/static", Static(directory=STATIC), name="static")


@cache
def environment(language: str) -> Environment:
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    templates.globals.update(asset=asset, HTMX=HTMX, ALPINE=ALPINE, ECHARTS=ECHARTS, LANGUAGES=LANGUAGES)
    return templates


def words_of(request: Request, zone: str = "Asia/Shanghai") -> Words:
    return Words(negotiate(request), ZoneInfo(zone))


def render(
    request: Request, template: str, *, status: int = 200, camera: bool = False, zone: str = "Asia/Shanghai", **context: Any
) -> Response:
    """A page in the reader's language; `?lang=` is remembered in a cookie."""
    words = words_of(request, zone)
    known_to_all = {
        "request": request,
        "words": words,
        "language": words.language,
        "other_language": _other(request, words.language),
        "demo": is_demo(request),
        "problem": None,
        "given": {},
        "wrong": None,
    }
    body = environment(words.language).get_template(template).render(known_to_all | context)
    response = harden(HTMLResponse(body, status), camera=camera)
    response.headers["Content-Language"] = words.language
    response.headers["Vary"] = "Accept-Language, Cookie"
    if known(request.query_params.get("lang")):
        response.set_cookie(
            COOKIE, words.language, max_age=365 * 86400, httponly=True, samesite="lax", secure=request.url.scheme == "https"
        )
    return response


def is_demo(request: Request) -> bool:
    """Whether the house that serves this request is a demonstration; every page of one says so, errors too."""
    house = getattr(request.app.state, "house", None) if "app" in request.scope else None
    return house is not None and house.settings.demo


def _other(request: Request, language: str) -> tuple[str, str, str]:
    """Tag, name and address of the page in the other language."""
    tag = next(other for other in LANGUAGES if other != language)
    path = request.url.path if request.method == "GET" else "/my"
    return tag, LANGUAGES[tag], f"{path}?lang={tag}"


def wants_page(request: Request) -> bool:
    """Whether the caller reads HTML: a browser does, a program that names JSON does not."""
    accept = request.headers.get("accept", "*/*")
    return "text/html" in accept or ("json" not in accept and "application/" not in accept)


def error(request: Request, problem: Refused, *, template: str = "applicant/error.html", **context: Any) -> Response:
    """A refusal as a friendly page, or as an RFC 9457 problem for a program. It says what was wrong and what would be right."""
    if not wants_page(request):
        return harden(problems.of_refusal(problem, negotiate(request).partition("-")[0]))
    return render(request, template, status=problem.status, code=problem.code, says=problem.message(negotiate(request)), **context)
