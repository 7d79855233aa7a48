"""No bytes of a client make the HTTP of DNS raise: they are requests, refusals, or not whole yet;
each request gets one response, in its order over HTTP/1.1, and what is kept is bounded."""

from __future__ import annotations

import asyncio
import re
from base64 import urlsafe_b64encode
from ipaddress import ip_address

import dnslib
from http2_pair import Line
from hypothesis import given, settings
from hypothesis import strategies as st
from test_http2_survives import PREFACE, SENT
from world import World, question

from sinkhole.dns.http.freshness import max_age_of
from sinkhole.dns.http.http1 import MAX_HEAD, Head, body_size, read_head
from sinkhole.dns.http.request import QUERY_SIZE, Asked, Refusal, read_request
from sinkhole.dns.pipeline.channel import HTTPS
from sinkhole.dns.server.doh import Doh, Service
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.http1 import Http1Requests
from sinkhole.dns.server.http2 import MAX_UNSENT, Http2Requests
from sinkhole.model.errors import WireError
from sinkhole.model.forwarded import client_behind

ADS = question("ads.example.org")
HOME = bytes((127, 0, 0, 1))
WORDS = st.sampled_from(
    [
        b"GET", b"POST", b"HEAD", b" ", b"/dns-query", b"/", b"?dns=", b"&", b"=", b"AAAB", b"a",
        b"HTTP/1.1", b"HTTP/1.0", b"\r\n", b"\r\n\r\n", b"\n", b"Host: a", b":", b"\0", b"\xff",
        b"Content-Length: 33", b"Content-Length: 0", b"Content-Type: application/dns-message",
        b"Transfer-Encoding: chunked", b"Connection: close", b"\t", b"https://", b"9" * 30, ADS,
    ]
)  # fmt: skip
TEXTS = st.lists(st.one_of(WORDS, st.binary(max_size=8)), max_size=30).map(b"".join)
WHOLE = st.sampled_from(
    [
        b"POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Type: application/dns-message\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(ADS), ADS),
        b"GET /dns-query?dns=%s HTTP/1.1\r\nHost: a\r\n\r\n" % urlsafe_b64encode(ADS).rstrip(b"="),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ]
)


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_any_bytes_are_a_head_a_refusal_or_not_whole(data: bytes) -> None:
    head = read_head(data)
    if isinstance(head, Head):
        assert head.size <= MAX_HEAD + 4
        assert b"\r" not in head.target + b"".join(map(b"".join, head.headers))
        size = body_size(head, QUERY_SIZE)
        assert isinstance(size, Refusal) or 0 <= size <= QUERY_SIZE
    else:
        assert head is None or head.status in (400, 431, 505)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from([b"GET", b"POST", b"HEAD", b""]), TEXTS, TEXTS, st.booleans())
def test_any_target_is_a_question_or_a_refusal(
    method: bytes, target: bytes, kind: bytes, is_dns: bool
) -> None:
    asked = read_request(method, b"/dns-query" + target if is_dns else target, kind)
    if isinstance(asked, Asked):
        assert asked.query is None or len(asked.query) <= QUERY_SIZE + 2
        assert "/" not in asked.client_id
    else:
        assert asked.status in (400, 404, 405, 413, 415)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=QUERY_SIZE))
def test_every_query_survives_base64url(query: bytes) -> None:
    letters = urlsafe_b64encode(query).rstrip(b"=")
    asked = read_request(b"GET", b"/dns-query?dns=" + letters, b"")
    assert asked == Asked(query) if query else isinstance(asked, Refusal)


ADDRESSES = st.ip_addresses().map(str)
HOPS = st.lists(st.one_of(ADDRESSES, st.text(max_size=6)), max_size=5).map(", ".join)


@settings(max_examples=300, deadline=None)
@given(HOPS, st.text(max_size=40), st.booleans())
def test_any_header_names_a_client_or_nobody(plain: str, named: str, trusted: bool) -> None:
    headers = [(b"x-forwarded-for", plain.encode()), (b"forwarded", named.encode())]
    try:
        packed = client_behind(HOME, headers, lambda _: trusted)
    except WireError:
        return
    assert ip_address(packed)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_have_an_age(wire: bytes, with_header: bool) -> None:
    if with_header:
        wire = b"\0\0\x81\x80\0\1\0\2\0\1\0\0\1a\0\0\1\0\1" + wire
    assert 0 <= max_age_of(wire) < 2**31


TTLS = st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=5)


@settings(max_examples=100, deadline=None)
@given(TTLS, TTLS)
def test_the_age_is_the_smallest_ttl_of_the_answers(answers: list[int], others: list[int]) -> None:
    reply = dnslib.DNSRecord.question("www.example.org").reply()
    for ttl in answers:
        reply.add_answer(*dnslib.RR.fromZone(f"www.example.org {ttl} A 192.0.2.1"))
    for ttl in others:
        reply.add_auth(*dnslib.RR.fromZone(f"example.org {ttl} NS ns.example.org"))
    assert max_age_of(bytes(reply.pack())) == min(answers)


def make_doh(world: World) -> Doh:
    return Doh(Service(), Door(world.pipeline), HTTPS, HOME)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(TEXTS, WHOLE), max_size=6))
def test_http1_survives_any_bytes(sent: list[bytes]) -> None:
    async def run() -> None:
        line = Line()
        ours = Http1Requests(make_doh(World(block=["ads.example.org"])))
        ours.connection_made(line)
        whole = 0
        for data in sent:
            if line.is_closing():
                break
            ours.data_received(data)
            whole += data.count(b"HTTP/1.")
            assert len(ours._buffer) < MAX_HEAD + QUERY_SIZE + len(data)
        for _ in range(3):
            await asyncio.sleep(0)
        assert len(re.findall(rb"HTTP/1\.1 \d{3} ", line.written)) <= whole + 1
        ours.connection_lost(None)

    asyncio.run(run())


@settings(max_examples=500, deadline=None)
@given(SENT)
def test_http2_survives_any_bytes(sent: list[bytes]) -> None:
    async def run() -> None:
        line = Line()
        ours = Http2Requests(make_doh(World(block=["ads.example.org"])))
        ours.connection_made(line)
        for data in [PREFACE, *sent]:
            if line.is_closing():
                break
            ours.data_received(data)
            assert sum(map(len, ours._unsent.values())) <= MAX_UNSENT
        for _ in range(3):
            await asyncio.sleep(0)
        ours.connection_lost(None)

    asyncio.run(run())
