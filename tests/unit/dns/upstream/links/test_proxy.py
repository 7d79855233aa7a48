"""What is said to proxies, byte by byte, and what becomes of their replies."""

from base64 import b64decode

import pytest

from sinkhole.dns.upstream.links.proxy import MOST_HEADER, ProxyHandshake, proxy_handshake
from sinkhole.model.errors import UpstreamError
from sinkhole.model.proxy_url import ProxyUrl

HTTP = ProxyUrl("http", "192.0.2.8", 8080)
SOCKS = ProxyUrl("socks5", "proxy.example.org", 1080)
NAME = "dns.example.org"
GRANTED = b"\x05\x00\x00\x01\xc0\x00\x02\x01\x12\x34"


def with_user(proxy: ProxyUrl) -> ProxyUrl:
    return proxy._replace(user="me", password="se:cret")


def cause(handshake: ProxyHandshake, data: bytes) -> str:
    with pytest.raises(UpstreamError) as caught:
        handshake.feed(data)
    return caught.value.cause


def test_http_connect() -> None:
    handshake = proxy_handshake(HTTP, NAME, 853)
    assert handshake.begin() == (
        b"CONNECT dns.example.org:853 HTTP/1.1\r\nHost: dns.example.org:853\r\n\r\n"
    )
    assert handshake.feed(b"HTTP/1.1 200 Connection est") == b""
    assert not handshake.done
    assert handshake.feed(b"ablished\r\nVia: 1.1 example\r\n\r\n") == b""
    assert handshake.done


def test_http_connect_to_an_ipv6_address() -> None:
    begun = proxy_handshake(HTTP, "2001:db8::1", 443).begin()
    assert begun.startswith(b"CONNECT [2001:db8::1]:443 HTTP/1.1\r\n")


def test_http_connect_with_a_user() -> None:
    begun = proxy_handshake(with_user(HTTP), NAME, 443).begin().decode()
    line = next(line for line in begun.split("\r\n") if line.startswith("Proxy-Authorization: "))
    assert b64decode(line.removeprefix("Proxy-Authorization: Basic ")) == b"me:se:cret"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "403 Forbidden"),
        (b"HTTP/1.1 407 Proxy\r\n\r\n", "wants another user or password"),
        (b"SSH-2.0-example\r\n\r\n", "is no HTTP proxy: it answered something else"),
        (b"HTTP/1.1 200 OK\r\n\r\nmore", "sent something behind its reply to CONNECT"),
        (b"HTTP/1.1 200 " + b"x" * MOST_HEADER, "sent more than a reply to CONNECT"),
    ],
)
def test_http_connect_refused(reply: bytes, why: str) -> None:
    said = cause(proxy_handshake(HTTP, NAME, 443), reply)
    assert said == f"could not be reached, as the proxy http://192.0.2.8:8080 {why}"


def test_socks5_by_name() -> None:
    handshake = proxy_handshake(SOCKS, NAME, 853)
    assert handshake.begin() == b"\x05\x01\x00"
    assert handshake.feed(b"\x05") == b""
    assert handshake.feed(b"\x00") == b"\x05\x01\x00\x03\x0fdns.example.org\x03\x55"
    for position in range(len(GRANTED)):
        assert not handshake.done
        assert handshake.feed(GRANTED[position : position + 1]) == b""
    assert handshake.done


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("192.0.2.1", b"\x01\xc0\x00\x02\x01"),
        ("2001:db8::1", b"\x04\x20\x01\x0d\xb8" + bytes(11) + b"\x01"),
    ],
)
def test_socks5_by_address(host: str, target: bytes) -> None:
    handshake = proxy_handshake(SOCKS, host, 443)
    handshake.begin()
    assert handshake.feed(b"\x05\x00") == b"\x05\x01\x00" + target + b"\x01\xbb"


def test_socks5_with_a_user() -> None:
    handshake = proxy_handshake(with_user(SOCKS), NAME, 853)
    assert handshake.begin() == b"\x05\x02\x00\x02"
    assert handshake.feed(b"\x05\x02") == b"\x01\x02me\x07se:cret"
    assert handshake.feed(b"\x01\x00").startswith(b"\x05\x01\x00\x03")
    assert handshake.feed(b"\x05\x00\x00\x03\x01a\x00\x01") == b""
    assert handshake.done


def test_socks5_wrong_password() -> None:
    handshake = proxy_handshake(with_user(SOCKS), NAME, 853)
    handshake.feed(b"\x05\x02")
    assert cause(handshake, b"\x01\x01").endswith(" wants another user or password")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"HT", "is no SOCKS5 proxy: it answered something else"),
        (b"\x05\xff", "lets nobody in"),
        (b"\x05\x02", "wants a user and a password"),
    ],
)
def test_socks5_lets_us_not_in(reply: bytes, why: str) -> None:
    said = cause(proxy_handshake(SOCKS, NAME, 853), reply)
    assert said == f"could not be reached, as the proxy socks5://proxy.example.org:1080 {why}"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"\x05\x05\x00\x01\x00", "says that the server refused the connection"),
        (b"\x05\x63\x00\x01\x00", "gave error 99"),
        (b"\x04\x00\x00\x01\x00", "is no SOCKS5 proxy: it answered something else"),
        (b"\x05\x00\x00\x09\x00", "sent something else than a reply to CONNECT"),
        (GRANTED + b"more", "sent something else than a reply to CONNECT"),
    ],
)
def test_socks5_refused(reply: bytes, why: str) -> None:
    handshake = proxy_handshake(SOCKS, NAME, 853)
    handshake.feed(b"\x05\x00")
    assert cause(handshake, reply).endswith(f" {why}")
