"""HTTP/2 of clients without sockets: what is bounded, and what happens at the bound."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.settings import SettingCodes
from http2_pair import Line, until
from world import World, question

from sinkhole.dns.http.connection import MAX_FRAME
from sinkhole.dns.pipeline.channel import HTTPS
from sinkhole.dns.server import doh as terms
from sinkhole.dns.server import http2 as subject
from sinkhole.dns.server.doh import Doh, Service
from sinkhole.dns.server.door import Door
from sinkhole.dns.server.http2 import Http2Requests

HOME = bytes((127, 0, 0, 1))
ADS = question("ads.example.org")
HEAD = [
    (":method", "POST"),
    (":scheme", "https"),
    (":authority", "dns.example.org"),
    (":path", "/dns-query"),
    ("content-type", "application/dns-message"),
]


class Talk:
    """A client of h2, and our side; nothing in between."""

    def __init__(self, **settings: int) -> None:
        self.world = World(block=["ads.example.org"])
        self.world.upstreams.says("example.org", "A", "example.org. 60 A 192.0.2.1")
        self.door = Door(self.world.pipeline)
        self.line = Line()
        self.ours = Http2Requests(Doh(Service(), self.door, HTTPS, HOME))
        self.ours.connection_made(self.line)
        self.theirs = H2Connection(H2Configuration(client_side=True))
        for name, value in settings.items():
            self.theirs.local_settings[getattr(SettingCodes, name)] = value
        self.theirs.local_settings.acknowledge()
        self.theirs.initiate_connection()
        self.events: list[Event] = []
        self.exchange()

    def exchange(self) -> None:
        """Let both say what they have to say."""
        for _ in range(3):
            if data := self.theirs.data_to_send():
                self.ours.data_received(data)
            if data := self.line.take():
                self.events += self.theirs.receive_data(data)

    def ask(self, query: bytes = ADS, *, ends: bool = True) -> int:
        """Begin a request, not sent yet."""
        stream = self.theirs.get_next_available_stream_id()
        self.theirs.send_headers(stream, HEAD)
        self.theirs.send_data(stream, query, end_stream=ends)
        return stream

    def of(self, kind: type[Event]) -> list[Any]:
        """The events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def answered(self) -> int:
        """How many responses came whole."""
        return len(self.of(StreamEnded))

    @property
    def goodbye(self) -> int | None:
        """The code of the GOAWAY that came."""
        return next((int(event.error_code) for event in self.of(ConnectionTerminated)), None)


async def test_many_requests_of_one_wake_up_are_one_write() -> None:
    talk = Talk()
    for _ in range(50):
        talk.ask()
    talk.ours.data_received(talk.theirs.data_to_send())
    talk.events += talk.theirs.receive_data(talk.line.take())
    assert talk.answered == 50


async def test_late_answers_of_a_turn_leave_together() -> None:
    talk = Talk()
    talk.world.upstreams.gate = asyncio.Event()
    for _ in range(20):
        talk.ask(question("example.org"))
    talk.exchange()
    assert not talk.ours.is_idle
    talk.world.upstreams.gate.set()
    await until(lambda: talk.ours.is_idle)
    await asyncio.sleep(0)
    talk.exchange()
    assert talk.answered == 20


@pytest.mark.parametrize("what", ["ping", "settings", "window", "empty data"])
async def test_frames_that_ask_for_nothing_end_the_connection(what: str) -> None:
    talk = Talk()
    stream = talk.ask(b"", ends=False)
    talk.exchange()
    for _ in range(subject.FREE_FRAMES + 10):
        if what == "ping":
            talk.theirs.ping(b"12345678")
        elif what == "settings":
            talk.theirs.update_settings({SettingCodes.HEADER_TABLE_SIZE: 100})
        elif what == "window":
            talk.theirs.increment_flow_control_window(1)
        else:
            talk.theirs.send_data(stream, b"")
    talk.ours.data_received(talk.theirs.data_to_send())
    assert talk.line.is_closed
    assert len(talk.line.written) < 100 + 20 * subject.FREE_FRAMES
    talk.events += talk.theirs.receive_data(talk.line.take())
    assert talk.goodbye == ErrorCodes.ENHANCE_YOUR_CALM


async def test_who_is_answered_may_send_as_many_frames_as_he_likes() -> None:
    talk = Talk()
    for _ in range(3 * subject.FREE_FRAMES // 10):
        for _ in range(10):
            talk.theirs.ping(b"12345678")
        talk.ask()
        talk.exchange()
    assert talk.answered == 3 * subject.FREE_FRAMES // 10
    assert talk.goodbye is None


async def test_requests_that_are_reset_at_once_are_not_even_asked() -> None:
    talk = Talk()
    for _ in range(100):
        talk.theirs.reset_stream(talk.ask(question("example.org")), ErrorCodes.CANCEL)
    talk.exchange()
    assert talk.answered == 0
    assert talk.door.room.waiting == 0
    assert talk.world.upstreams.asked == []
    for _ in range(subject.FREE_FRAMES):
        if talk.goodbye is not None:
            break
        talk.theirs.reset_stream(talk.ask(question("example.org")), ErrorCodes.CANCEL)
        talk.exchange()
    assert talk.goodbye == ErrorCodes.ENHANCE_YOUR_CALM


async def test_requests_that_are_reset_while_they_wait_keep_their_place() -> None:
    talk = Talk()
    talk.world.upstreams.gate = asyncio.Event()
    for _ in range(subject.MOST_STREAMS):
        stream = talk.ask(question("example.org"))
        talk.exchange()
        talk.theirs.reset_stream(stream, ErrorCodes.CANCEL)
    talk.ask(question("example.org"))
    talk.exchange()
    assert [int(each.error_code) for each in talk.of(StreamReset)] == [ErrorCodes.REFUSED_STREAM]
    assert talk.door.room.waiting == subject.MOST_STREAMS
    talk.world.upstreams.gate.set()
    await until(lambda: talk.ours.is_idle)
    talk.ask()
    talk.exchange()
    assert talk.answered == 1


async def test_a_small_window_is_kept_to() -> None:
    talk = Talk(INITIAL_WINDOW_SIZE=10)
    stream = talk.ask()
    talk.exchange()
    assert [len(event.data) for event in talk.of(DataReceived)] == [10]
    talk.theirs.increment_flow_control_window(1000, stream)
    talk.exchange()
    assert talk.answered == 1
    assert sum(len(event.data) for event in talk.of(DataReceived)) > 40


async def test_who_takes_no_answers_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MAX_UNSENT", 1000)
    talk = Talk(INITIAL_WINDOW_SIZE=0)
    for _ in range(100):
        talk.ask()
        talk.ours.data_received(talk.theirs.data_to_send())
        if talk.line.is_aborted:
            break
        talk.events += talk.theirs.receive_data(talk.line.take())
    assert talk.line.is_aborted
    assert len(talk.of(ResponseReceived)) < 40


async def test_who_reads_nothing_is_cut_off() -> None:
    talk = Talk()
    assert 0 < talk.line.most <= 1 << 17
    talk.ours.pause_writing()
    assert talk.line.is_aborted


async def test_after_many_requests_the_client_is_sent_to_a_new_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subject, "MAX_REQUESTS", 3)
    talk = Talk()
    for _ in range(3):
        talk.ask()
    talk.exchange()
    assert talk.goodbye == ErrorCodes.NO_ERROR
    assert talk.of(ConnectionTerminated)[0].last_stream_id == 5
    assert talk.answered == 3
    assert talk.line.is_closed


async def test_what_comes_behind_our_goodbye_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MAX_REQUESTS", 2)
    talk = Talk()
    talk.world.upstreams.gate = asyncio.Event()
    talk.ask(question("example.org"))
    for _ in range(2):
        talk.ask()
    talk.ours.data_received(talk.theirs.data_to_send())
    refused = ErrorCodes.REFUSED_STREAM.to_bytes(4, "big")
    assert bytes(talk.line.written).endswith(b"\0\0\x04\x03\0\0\0\0\5" + refused)
    assert not talk.line.is_closed
    talk.world.upstreams.gate.set()
    await until(lambda: talk.line.is_closed)


async def test_a_client_that_says_goodbye_still_gets_its_answers() -> None:
    talk = Talk()
    talk.world.upstreams.gate = asyncio.Event()
    talk.ask(question("example.org"))
    talk.theirs.close_connection()
    talk.ours.data_received(talk.theirs.data_to_send())
    assert not talk.line.is_closed
    before = len(talk.line.written)
    talk.world.upstreams.gate.set()
    await until(lambda: talk.line.is_closed)
    assert len(talk.line.written) > before + 40


async def test_slow_requests_and_idle_connections_are_overdue() -> None:
    talk = Talk()
    now = asyncio.get_running_loop().time()
    slow, idle, busy = terms.REQUEST_S + 1, terms.IDLE_S + 1, terms.BUSY_IDLE_S + 1
    assert not talk.ours.is_overdue(now + slow, busy=False)
    assert talk.ours.is_overdue(now + busy, busy=True)
    assert talk.ours.is_overdue(now + idle, busy=False)
    talk.ask(ends=False)
    talk.exchange()
    assert talk.ours.is_overdue(now + slow, busy=False)
    other = Talk()
    other.ours.data_received(b"\0\0\x08\x06")
    assert other.ours.is_overdue(now + slow, busy=False)
    other.ours.data_received(bytes(5) + b"12345678")
    assert not other.ours.is_overdue(now + slow, busy=False)
    waiting = Talk()
    waiting.world.upstreams.gate = asyncio.Event()
    waiting.ask(question("example.org"))
    waiting.exchange()
    assert not waiting.ours.is_overdue(now + idle, busy=True)


async def test_a_body_beyond_any_query_is_refused_before_its_end() -> None:
    talk = Talk()
    stream = talk.ask(bytes(1025), ends=False)
    talk.exchange()
    assert dict(talk.of(ResponseReceived)[0].headers)[b":status"] == b"413"
    assert talk.answered == 1
    assert [each.stream_id for each in talk.of(StreamReset)] == [stream]
    assert talk.ours.is_idle


async def test_what_is_no_http2_ends_the_connection() -> None:
    talk = Talk()
    talk.ours.data_received((MAX_FRAME + 1).to_bytes(3, "big") + bytes(6))
    assert talk.line.is_closed
    talk.events += talk.theirs.receive_data(talk.line.take())
    assert talk.goodbye == ErrorCodes.FRAME_SIZE_ERROR


async def test_closing_says_goodbye_unless_nobody_reads() -> None:
    talk = Talk()
    talk.ours.close()
    assert talk.line.is_closed
    talk.events += talk.theirs.receive_data(talk.line.take())
    assert talk.goodbye == ErrorCodes.NO_ERROR
    stuck = Talk()
    stuck.line.stuck = 1
    stuck.ours.close()
    assert stuck.line.is_aborted


async def test_without_a_place_nobody_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(World().pipeline, 2)
    lines = [Line() for _ in range(4)]
    for line in lines:
        Http2Requests(Doh(Service(), door, HTTPS, HOME)).connection_made(line)
    assert sum(line.is_closing() for line in lines) == 2
    monkeypatch.setattr(door, "admit", lambda _: False)
    late = Line()
    Http2Requests(Doh(Service(), door, HTTPS, HOME)).connection_made(late)
    assert late.is_aborted
    assert not late.written
