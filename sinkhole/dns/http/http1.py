"""HTTP/1.1 as far as DNS needs it: requests with a length, strictly read, and responses (RFC 9112).

Whatever two readers could understand in two ways is refused: lines without CR, folded headers,
spaces before a colon, several lengths, chunks.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final, NamedTuple

from sinkhole.dns.http.request import Refusal
from sinkhole.dns.http.response import Response

MAX_HEAD: Final = 8192
"""Bytes of a request line with all headers."""

_TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_FIRST_LINE: Final = re.compile(rb"(%s) ([!-~]+) HTTP/(\d)\.(\d)" % _TOKEN)
_HEADER: Final = re.compile(rb"(%s):[ \t]*((?:[!-~\x80-\xff][ \t]*)*)" % _TOKEN)
_END: Final = b"\r\n\r\n"
_ONCE: Final = (b"content-length", b"host", b"transfer-encoding", b"expect")


class Head(NamedTuple):
    """The head of a request: `size` bytes, behind which the body stands.

    `headers` have lower-cased names, each in its own pair. `closes` is whether the client wants
    the connection closed behind the response.
    """

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    closes: bool
    size: int

    def value(self, name: bytes) -> bytes:
        """The first header of a name, b"" for none."""
        return next((value for each, value in self.headers if each == name), b"")


def read_head(data: bytes | bytearray) -> Head | Refusal | None:
    """The head that `data` begins with; None while it is not whole.

    After a Refusal nobody knows where the next request begins: the connection has to be closed.
    """
    end = data.find(_END, 0, MAX_HEAD)
    if end < 0:
        too_long = len(data) >= MAX_HEAD
        return (
            Refusal(431, f"A request has at most {MAX_HEAD} bytes of headers.")
            if too_long
            else None
        )
    first, *lines = bytes(data[:end]).split(b"\r\n")
    begun = _FIRST_LINE.fullmatch(first)
    if begun is None:
        return Refusal(400, "This is no request of HTTP/1.1.")
    if begun[3] != b"1":
        return Refusal(505, "Only HTTP/1.1 is spoken here, and HTTP/2.")
    headers = []
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            return Refusal(400, "There is a malformed header.")
        headers.append((header[1].lower(), header[2].rstrip(b" \t")))
    names = [name for name, _ in headers]
    if any(names.count(name) > 1 for name in _ONCE):
        return Refusal(400, "There is a header twice that may be there once.")
    if begun[4] != b"0" and b"host" not in names:
        return Refusal(400, "There is no Host header.")
    closes = begun[4] == b"0" or any(
        name == b"connection" and b"close" in value.lower() for name, value in headers
    )
    return Head(begun[1], begun[2], tuple(headers), closes, end + len(_END))


def body_size(head: Head, most: int) -> int | Refusal:
    """How long the body is, `most` at most; after a Refusal the connection has to be closed."""
    if head.value(b"expect"):
        return Refusal(417, "Nothing is expected here: just send it.")
    if head.value(b"transfer-encoding"):
        return Refusal(411, "The body must come with its length, not in chunks.")
    length = head.value(b"content-length")
    if not length:
        is_missing = head.method == b"POST"
        return Refusal(411, "The body must come with its length.") if is_missing else 0
    if not length.isdigit():
        return Refusal(400, "The length is no number.")
    if len(length) > len(str(most)) or int(length) > most:
        return Refusal(413, f"A body has at most {most} bytes.")
    return int(length)


def render(response: Response, *, closes: bool) -> bytes:
    """The bytes of a response; `closes` says that the connection is closed behind it."""
    status = response.status
    lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode())]
    lines += [b"%s: %s" % header for header in response.headers]
    if closes:
        lines.append(b"connection: close")
    return b"\r\n".join(lines) + _END + response.body
