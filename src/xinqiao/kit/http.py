"""The one way out: HTTP to partners' servers, with a deadline, a size limit and no way into our own network.

A partner chooses the address that its webhooks go to, so the address is hostile input (server-side request forgery, CWE-918). Every
connection, that of a redirect too, goes to an address that was resolved and judged here, so a name that changes its answer between the
check and the call (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from .errors import Refused, Unavailable

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(Refused):
    code = "http.address_refused"
    says = "{0!r} cannot be called: use an http or https address, without a user name, of a host on the public internet."
    says_zh = "无法访问 {0!r}：请使用公网主机的 http 或 https 地址，且不得包含用户名。"


class NoAnswer(Unavailable):
    code = "http.no_answer"
    says = "{0} did not answer: {1}."
    says_zh = "{0} 没有应答：{1}。"


class AnswerTooLarge(Unavailable):
    code = "http.answer_too_large"
    says = "{0} answered with more than the {1} bytes that are read."
    says_zh = "{0} 的应答超过 {1} 字节的读取上限。"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def is_public(address: str) -> bool:
    """Whether an IP address lies on the public internet, seen through the ways IPv6 wraps IPv4 (mapped, 6to4, Teredo, NAT64)."""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        inner = inner or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def check_url(url: str, *, allow_private: bool = False) -> httpx.URL:
    """The parsed address; raises AddressRefused when it is none that may be called. Names are not resolved here."""
    try:
        parsed = httpx.URL(url)
        usable = parsed.scheme in ("http", "https") and bool(parsed.host) and not parsed.userinfo
        literal = _literal(parsed.host)
    except (httpx.InvalidURL, TypeError, ValueError):
        raise AddressRefused(url) from None
    if not usable or (literal and not allow_private and not is_public(literal)):
        raise AddressRefused(url)
    return parsed


def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


class _Pinned(httpx.BaseTransport):
    """Connects to the very address that was judged; the name still goes into Host, SNI and the certificate check.

    No connection is kept: a kept one is chosen by address, and would carry one name's request over another name's certificate.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._inner = httpx.HTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        check_url(str(request.url), allow_private=self._allow_private)
        host = request.url.raw_host.decode("ascii")
        failure: Exception = httpx.ConnectError("the name has no address", request=request)
        for address in self._addresses(request, host):
            try:
                return self._inner.handle_request(_aimed(request, host, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure

    def _addresses(self, request: httpx.Request, host: str) -> list[str]:
        try:
            found = socket.getaddrinfo(host.strip("[]"), request.url.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(str(error), request=request) from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise AddressRefused(str(request.url))
        return addresses

    def close(self) -> None:
        self._inner.close()


def _aimed(request: httpx.Request, host: str, address: str) -> httpx.Request:
    extensions = {**request.extensions, "sni_hostname": host}
    return httpx.Request(
        request.method, request.url.copy_with(host=address), headers=request.headers, stream=request.stream, extensions=extensions
    )


class Http:
    """An HTTP client to the outside. Safe to share between threads; close it, or use it in a `with`.

    `timeout` bounds one connect, read or write and `deadline` the whole answer, both in seconds; `max_bytes` bounds the body.
    `allow_private` opens loopback and private networks: for tests, demonstrations and partners inside one's own network.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        timeout: float = 10.0,
        deadline: float = 20.0,
        max_bytes: int = 256 * 1024,
        max_redirects: int = 0,
    ) -> None:
        self.allow_private = allow_private
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._client = httpx.Client(
            transport=_Pinned(allow_private=allow_private),
            timeout=timeout,
            follow_redirects=max_redirects > 0,
            max_redirects=max_redirects,
            trust_env=False,
            headers={"user-agent": "xinqiao", "accept-encoding": "identity"},
        )

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        return self._send("GET", url, b"", headers)

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Raises AddressRefused, NoAnswer or AnswerTooLarge; any status is an answer."""
        return self._send("POST", url, body, headers)

    def _send(self, method: str, url: str, body: bytes, headers: Mapping[str, str] | None) -> Answer:
        until = time.monotonic() + self._deadline
        name = check_url(url, allow_private=self.allow_private).host
        try:
            with self._client.stream(method, url, content=body, headers=dict(headers or {})) as answer:
                kept = b"".join(self._bounded(answer.iter_raw(), name, until))
                return Answer(answer.status_code, {key.lower(): value for key, value in answer.headers.items()}, kept)
        except httpx.TimeoutException as error:
            raise NoAnswer(name, "it took too long") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoAnswer(name, str(error) or type(error).__name__) from error

    def _bounded(self, chunks: Iterator[bytes], name: str, until: float) -> Iterator[bytes]:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > self._max_bytes:
                raise AnswerTooLarge(name, self._max_bytes)
            if time.monotonic() > until:
                raise NoAnswer(name, "it took too long")
            yield chunk

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
