"""Whether a posted form is our own: asked of the browser, before any token is looked at."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request


def is_from_own_page(request: Request, address: str) -> bool:
    """By the browser's own word: Sec-Fetch-Site where it is sent, and Origin, which must be the host asked or our public `address`."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc in (request.url.netloc, urlsplit(address).netloc)
