"""Responses of a DNS server in HTTP: an answer of DNS, or in words why there is none."""

from __future__ import annotations

from email.utils import formatdate
from functools import lru_cache
from typing import Final, NamedTuple

from sinkhole.dns.http.freshness import max_age_of
from sinkhole.dns.http.media import DNS_MESSAGE
from sinkhole.dns.http.request import Refusal

Headers = tuple[tuple[bytes, bytes], ...]

_METHODS: Final = (b"allow", b"GET, POST")


class Response(NamedTuple):
    """Status, headers with lower-cased names (all but the status, for HTTP/2 and 3), body."""

    status: int
    headers: Headers
    body: bytes


def answer(reply: bytes, alt_svc: bytes = b"") -> Response:
    """A DNS message; `alt_svc` says where else we are to be found (RFC 7838), if anywhere."""
    headers: Headers = (
        (b"content-type", DNS_MESSAGE),
        (b"content-length", b"%d" % len(reply)),
        (b"cache-control", b"max-age=%d" % max_age_of(reply)),
    )
    return Response(200, (*headers, (b"alt-svc", alt_svc)) if alt_svc else headers, reply)


@lru_cache(maxsize=2)
def date(second: int) -> tuple[bytes, bytes]:
    """The header that says when, given Unix time: caches count from there (RFC 9110 §6.6.1)."""
    return b"date", formatdate(second, usegmt=True).encode()


def refusal(refused: Refusal) -> Response:
    """Why there is no answer, as text."""
    body = refused.why.encode() + b"\n"
    headers: Headers = (
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    )
    return Response(
        refused.status, (*headers, _METHODS) if refused.status == 405 else headers, body
    )
