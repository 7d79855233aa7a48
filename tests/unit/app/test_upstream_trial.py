"""Trying out one upstream."""

from __future__ import annotations

import dnslib
import pytest
from fake_upstream import Asked, FakeUpstream, Replies, rcode

from sinkhole.app.upstream_trial import try_upstream
from sinkhole.control.settings import Settings

NOBODY = "127.0.0.1:9"
SIGNATURE = "NS 8 0 518400 20270101000000 20260101000000 1 . AAAA"


def signed(asked: Asked) -> Replies:
    """The root's name servers as a validating resolver gives them."""
    reply = asked.reply()
    reply.header.ad = 1
    reply.add_answer(*dnslib.RR.fromZone(f". 60 IN NS ns.example.\n. 60 IN RRSIG {SIGNATURE}"))
    return [reply]


async def test_a_plain_server_is_asked_and_timed(upstream: FakeUpstream) -> None:
    upstream.always = signed
    tried = await try_upstream(Settings(), upstream.name)
    assert (tried["url"], tried["address"], tried["error"]) == (upstream.name, upstream.host, "")
    assert (tried["signs"], tried["validates"]) == (True, True)
    assert tried["rtt_ms"] is not None and tried["rtt_ms"] > 0
    assert (tried["certificate"], tried["handshake_ms"], tried["tls"]) == (None, None, "")


async def test_one_that_strips_signatures_is_no_failure(upstream: FakeUpstream) -> None:
    upstream.answer("", "NS", ["ns.example."])
    tried = await try_upstream(Settings(), upstream.name)
    assert (tried["error"], tried["signs"], tried["validates"]) == ("", False, False)


@pytest.mark.parametrize(
    ("code", "error"), [("REFUSED", "answered REFUSED"), ("SERVFAIL", "answered SERVFAIL")]
)
async def test_what_it_says_instead_of_answering_is_told(
    upstream: FakeUpstream, code: str, error: str
) -> None:
    upstream.always = rcode(code)
    assert (await try_upstream(Settings(), upstream.name))["error"] == error


async def test_nobody_there_is_told() -> None:
    tried = await try_upstream(Settings(), f"tls://{NOBODY}")
    assert "refused the connection" in tried["error"]
    assert tried["rtt_ms"] is None


async def test_what_is_no_upstream_is_an_error_that_says_what_to_write() -> None:
    with pytest.raises(ValueError, match="write https"):
        await try_upstream(Settings(), "http://dns.example.org")
