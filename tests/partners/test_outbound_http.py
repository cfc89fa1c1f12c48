"""The outbound client, against a real server on this machine."""

from __future__ import annotations

import socket

import pytest

from xinqiao.kit.http import AddressRefused, AnswerTooLarge, Http, NoAnswer, check_url, is_public


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:1.1.1.1", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_only_addresses_of_the_public_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.cn/x",
        "file:///etc/passwd",
        "http://",
        "not an address",
        "https://user:pw@example.cn/",
        "http://127.0.0.1/",
        "http://[::1]:80/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://exa\x00mple.cn/",
        "",
    ],
)
def test_addresses_that_are_no_public_http_address_are_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url)


@pytest.mark.parametrize("url", ["http://localhost:1/", "http://0x7f000001/", "http://2130706433/", "http://127.1/"])
def test_a_name_or_spelling_that_leads_to_this_machine_is_refused_before_connecting(url: str) -> None:
    with Http() as client, pytest.raises((AddressRefused, NoAnswer)):
        client.get(url)


def test_a_name_is_judged_by_the_address_that_is_then_connected_to(receiver, monkeypatch) -> None:
    """DNS rebinding: the name is looked up once, and what was looked up is what is judged and called."""
    port = int(receiver.url.rsplit(":", 1)[1].split("/")[0])
    looked_up = []

    def resolve(host, *args, **kwargs):
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with Http() as client, pytest.raises(AddressRefused):
        client.get(f"http://rebound.example:{port}/")
    assert looked_up == ["rebound.example"]
    assert receiver.received == []


def test_the_name_stays_in_the_host_header(receiver, http) -> None:
    url = receiver.url.replace("127.0.0.1", "localhost")
    assert http.post(url, body=b"{}").status == 204
    assert receiver.received[0].headers["host"].startswith("localhost:")


def test_a_redirect_is_an_answer_and_not_followed(receiver, http) -> None:
    receiver.script = [(302, {"location": receiver.url})]
    assert http.post(receiver.url, body=b"").status == 302
    assert len(receiver.received) == 1


def test_a_redirect_is_followed_only_as_far_as_asked(receiver) -> None:
    receiver.script = [(302, {"location": receiver.url}), (302, {"location": receiver.url}), 200]
    with Http(allow_private=True, max_redirects=1) as client, pytest.raises(NoAnswer):
        client.get(receiver.url)
    with Http(allow_private=True, max_redirects=1) as client:
        assert client.get(receiver.url).status == 200


def test_a_redirect_to_a_scheme_that_is_none_of_ours_is_refused(receiver) -> None:
    receiver.script = [(302, {"location": "http://u:p@127.0.0.1/"})]
    with Http(allow_private=True, max_redirects=3) as client, pytest.raises(AddressRefused):
        client.get(receiver.url)


def test_an_answer_over_the_limit_is_cut_off(receiver, http) -> None:
    receiver.script = [(200, {"body": b"x" * 1000}), (200, {"body": b"x" * 1001})]
    assert len(http.get(receiver.url).body) == 1000
    with pytest.raises(AnswerTooLarge, match="1000 bytes"):
        http.get(receiver.url)


@pytest.mark.parametrize("what", ["hang", "drip"])
def test_a_server_that_dawdles_is_given_up(receiver, http, what: str) -> None:
    receiver.script = [what]
    with pytest.raises(NoAnswer, match="too long"):
        http.get(receiver.url)


def test_a_port_where_nobody_listens_is_no_answer(http) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(NoAnswer):
            http.get(f"http://127.0.0.1:{taken.getsockname()[1]}/")
