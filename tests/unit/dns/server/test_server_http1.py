"""HTTP/1.1 of clients without sockets: order, bounds, and what ends a connection."""

from __future__ import annotations

import asyncio
import re

import pytest
from http2_pair import Line, until
from world import World, question

from sinkhole.dns.pipeline.channel import HTTPS
from sinkhole.dns.server import doh as terms
from sinkhole.dns.server import http1 as subject
from sinkhole.dns.server.doh import Doh, Service
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.http1 import Http1Requests

HOME = bytes((127, 0, 0, 1))
ADS = question("ads.example.org")


def post(query: bytes = ADS, *headers: str, version: str = "1.1") -> bytes:
    lines = [
        f"POST /dns-query HTTP/{version}",
        "Host: dns.example.org",
        "Content-Type: application/dns-message",
        f"Content-Length: {len(query)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + query


class Talk:
    """Our side, and the line to it."""

    def __init__(self) -> None:
        self.world = World(block=["ads.example.org"])
        self.world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
        self.service = Service()
        self.door = Door(self.world.pipeline)
        self.line = Line()
        self.ours = Http1Requests(Doh(self.service, self.door, HTTPS, HOME))
        self.ours.connection_made(self.line)

    def statuses(self) -> list[int]:
        """Of the responses since this was asked last."""
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", self.line.take())]


async def test_a_request_may_come_byte_by_byte() -> None:
    talk = Talk()
    for byte in post() + post():
        talk.ours.data_received(bytes((byte,)))
    assert talk.statuses() == [200, 200]
    assert not talk.line.is_closing()


async def test_reading_pauses_while_many_wait_and_goes_on_afterwards() -> None:
    talk = Talk()
    talk.world.upstreams.gate = asyncio.Event()
    talk.ours.data_received(post(question("example.org")) + 3 * subject.MOST_PIPELINED * post())
    assert talk.statuses() == []
    assert talk.line.is_paused
    assert not talk.ours.is_idle
    talk.world.upstreams.gate.set()
    await until(lambda: talk.ours.is_idle)
    assert talk.statuses() == [200] * (3 * subject.MOST_PIPELINED + 1)
    assert not talk.line.is_paused


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /dns-query HTTP/1.1\r\n\r\n", 400),
        (b"x" * 9000, 431),
        (post(ADS, "Transfer-Encoding: chunked"), 411),
        (post(ADS, "Expect: 100-continue"), 417),
        (post(ADS, "Content-Length: 5"), 400),
        (post(ADS + bytes(2000)), 413),
        (post().replace(b"Content-Length", b"Length"), 411),
    ],
)
async def test_after_what_has_no_clear_end_the_connection_is_closed(
    data: bytes, status: int
) -> None:
    talk = Talk()
    talk.ours.data_received(data + post())
    assert talk.statuses() == [status]
    assert talk.line.is_closed


@pytest.mark.parametrize("request_", [post(ADS, "Connection: close"), post(version="1.0")])
async def test_who_wants_the_connection_closed_gets_his_answer_first(request_: bytes) -> None:
    talk = Talk()
    talk.world.upstreams.gate = asyncio.Event()
    talk.ours.data_received(post(question("example.org")) + request_ + post())
    assert not talk.line.is_closed
    talk.world.upstreams.gate.set()
    await until(lambda: talk.line.is_closed)
    assert b"connection: close\r\n" in talk.line.written
    assert talk.statuses() == [200, 200]


async def test_who_sends_no_more_still_gets_his_answers() -> None:
    talk = Talk()
    talk.world.upstreams.gate = asyncio.Event()
    talk.ours.data_received(post(question("example.org")))
    assert talk.ours.eof_received()
    talk.world.upstreams.gate.set()
    await until(lambda: talk.line.is_closed)
    assert talk.statuses() == [200]
    assert not Talk().ours.eof_received()


async def test_after_many_requests_the_connection_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subject, "MAX_REQUESTS", 3)
    talk = Talk()
    talk.ours.data_received(4 * post())
    assert b"connection: close\r\n" in talk.line.written
    assert talk.statuses() == [200] * 3
    assert talk.line.is_closed


async def test_slow_requests_and_idle_connections_are_overdue() -> None:
    talk = Talk()
    now = asyncio.get_running_loop().time()
    slow, idle, busy = terms.REQUEST_S + 1, terms.IDLE_S + 1, terms.BUSY_IDLE_S + 1
    assert not talk.ours.is_overdue(now + slow, busy=False)
    assert talk.ours.is_overdue(now + busy, busy=True)
    assert talk.ours.is_overdue(now + idle, busy=False)
    talk.ours.data_received(post()[:-1])
    assert talk.ours.is_overdue(now + slow, busy=False)
    talk.ours.data_received(post()[-1:])
    assert not talk.ours.is_overdue(now + slow, busy=False)


async def test_who_reads_nothing_is_cut_off() -> None:
    talk = Talk()
    assert 0 < talk.line.most <= 1 << 17
    talk.ours.pause_writing()
    assert talk.line.is_aborted
    stuck = Talk()
    stuck.line.stuck = 1
    stuck.ours.close()
    assert stuck.line.is_aborted


class PretendPage(asyncio.Protocol):
    """Keeps what it was given."""

    def __init__(self) -> None:
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data


async def test_the_page_gets_what_is_not_dns_with_all_that_came() -> None:
    talk = Talk()
    page = PretendPage()
    talk.service.page = lambda: page
    talk.world.upstreams.gate = asyncio.Event()
    talk.ours.data_received(
        post(question("example.org")) + b"PUT /a HTTP/1.1\r\nHost: a\r\n\r\nxyz"
    )
    assert page.received == b"", "the answer before it comes first"
    talk.world.upstreams.gate.set()
    await until(lambda: page.received)
    assert talk.statuses() == [200]
    assert page.received == b"PUT /a HTTP/1.1\r\nHost: a\r\n\r\nxyz"
    assert talk.line.protocol is page
    assert not talk.door.encrypted.holders
    assert not talk.line.is_closing()
