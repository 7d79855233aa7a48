"""Requests of HTTP/1.1, strictly read; the connection around them is test_server_http1.py."""

import pytest

from sinkhole.dns.http.http1 import MAX_HEAD, Head, body_size, read_head, render
from sinkhole.dns.http.request import Refusal
from sinkhole.dns.http.response import answer, refusal


def head_of(*lines: str) -> Head | Refusal | None:
    return read_head("\r\n".join([*lines, "", ""]).encode() + b"rest")


def test_a_head_is_taken_apart() -> None:
    head = head_of(
        "POST /a?b HTTP/1.1", "HOST: a", "Content-Length:  5 ", "X-Y:\t a \xe9", "Empty:"
    )
    assert isinstance(head, Head)
    assert (head.method, head.target, head.closes) == (b"POST", b"/a?b", False)
    assert head.value(b"content-length") == b"5"
    assert head.value(b"x-y") == "a \xe9".encode()
    assert head.value(b"empty") == b""
    assert head.value(b"other") == b""
    assert body_size(head, 10) == 5


def test_an_end_is_waited_for_up_to_a_bound() -> None:
    assert read_head(b"") is None
    assert read_head(b"GET / HTTP/1.1\r\nHost: a\r\n\r") is None
    assert read_head(b"x" * (MAX_HEAD - 1)) is None
    refused = read_head(b"x" * MAX_HEAD)
    assert isinstance(refused, Refusal)
    assert refused.status == 431


@pytest.mark.parametrize(
    "lines",
    [
        [""],
        ["GET /"],
        ["GET  / HTTP/1.1", "Host: a"],
        ["GET / HTTP/1.1 ", "Host: a"],
        ["G(T / HTTP/1.1", "Host: a"],
        ["GET /\t HTTP/1.1", "Host: a"],
        ["GET / HTTP/1.1", "Host : a"],
        ["GET / HTTP/1.1", "Host: a", " folded"],
        ["GET / HTTP/1.1", "Host: a", "no colon"],
        ["GET / HTTP/1.1", "Host: a", ": no name"],
        ["GET / HTTP/1.1", "Host: a", "X: bell\x07"],
        ["GET / HTTP/1.1", "Host: a", "X: zero\0"],
        ["GET / HTTP/1.1", "Host: a\nX: y"],
        ["GET / HTTP/1.1", "Host: a", "Host: b"],
        ["GET / HTTP/1.1", "Host: a", "Content-Length: 1", "Content-Length: 1"],
        ["GET / HTTP/1.1"],
    ],
)
def test_what_could_mean_two_things_is_refused(lines: list[str]) -> None:
    refused = head_of(*lines)
    assert isinstance(refused, Refusal)
    assert refused.status == 400


@pytest.mark.parametrize(
    ("lines", "closes"),
    [
        (["GET / HTTP/1.1", "Host: a"], False),
        (["GET / HTTP/1.1", "Host: a", "Connection: keep-alive"], False),
        (["GET / HTTP/1.1", "Host: a", "Connection: x, Close"], True),
        (["GET / HTTP/1.0"], True),
    ],
)
def test_who_wants_the_connection_closed(lines: list[str], closes: bool) -> None:
    head = head_of(*lines)
    assert isinstance(head, Head)
    assert head.closes is closes


@pytest.mark.parametrize(
    ("method", "header", "size"),
    [
        ("GET", "X: y", 0),
        ("GET", "Content-Length: 0", 0),
        ("POST", "Content-Length: 10", 10),
        ("POST", "Content-Length: 0010", 10),
        ("POST", "Content-Length: 11", 413),
        ("POST", "Content-Length: 99999999999999999999999999", 413),
        ("POST", "Content-Length: +5", 400),
        ("POST", "Content-Length: 5, 5", 400),
        ("POST", "X: y", 411),
        ("POST", "Transfer-Encoding: chunked", 411),
        ("POST", "Expect: 100-continue", 417),
    ],
)
def test_lengths(method: str, header: str, size: int) -> None:
    head = head_of(f"{method} / HTTP/1.1", "Host: a", header)
    assert isinstance(head, Head)
    found = body_size(head, 10_000 if size == 10 else 10)
    assert (found.status if isinstance(found, Refusal) else found) == size


def test_responses_are_written_as_they_are() -> None:
    wire = render(answer(b"", b'h3=":443"'), closes=False)
    assert wire == (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/dns-message\r\ncontent-length: 0\r\n"
        b'cache-control: max-age=0\r\nalt-svc: h3=":443"\r\n\r\n'
    )
    wire = render(refusal(Refusal(405, "No.")), closes=True)
    assert wire.startswith(b"HTTP/1.1 405 Method Not Allowed\r\n")
    assert b"\r\nallow: GET, POST\r\nconnection: close\r\n\r\nNo.\n" in wire
