"""A session of DNS over HTTP/2, with h2 as the server at the other end of a line."""

from __future__ import annotations

import asyncio
import struct

import pytest
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from http2_pair import OK, Pair

from sinkhole.dns.upstream.links import http2
from sinkhole.dns.upstream.links.session import Asking
from sinkhole.dns.wire.question import peek
from sinkhole.model.upstream_url import UpstreamUrl


async def test_a_question_is_a_post_with_id_zero() -> None:
    pair = Pair()
    pair.session.send(pair.asking("example.org"))
    await pair.turn()
    (head,) = pair.heads()
    body = pair.bodies()
    assert head == {
        ":method": "POST",
        ":scheme": "https",
        ":authority": "dns.example.org",
        ":path": "/dns-query",
        "accept": "application/dns-message",
        "content-type": "application/dns-message",
        "content-length": str(len(body)),
    }
    assert body[:2] == b"\0\0"
    assert len(body) % 128 == 0
    end, _ = peek(body)
    assert body[12:end].startswith(b"\7example\3org\0")


async def test_answers_come_in_any_order_and_in_pieces() -> None:
    pair = Pair()
    first, second = pair.asking("a.example.org"), pair.asking("b.example.org")
    pair.session.send(first)
    pair.session.send(second)
    one, two = await pair.requests()
    pair.answer(two, b"second")
    pair.server.send_headers(one, OK)
    pair.server.send_data(one, b"fir")
    pair.server.send_data(one, b"st", pad_length=9)
    await pair.turn()
    assert pair.told == [("answered", second, b"second")]
    pair.server.send_headers(one, [("a", "trailer")], end_stream=True)
    await pair.turn()
    assert pair.told[1:] == [("answered", first, b"first")]
    assert pair.resets() == []


async def test_a_question_without_edns_has_no_padding() -> None:
    pair = Pair()
    asking = pair.asking("example.org")
    asking.edns = False
    pair.session.send(asking)
    await pair.turn()
    assert len(pair.bodies()) == 12 + 13 + 4


async def test_a_sign_of_life_is_told_while_something_is_underway() -> None:
    pair = Pair()
    await pair.turn()
    assert pair.heard_times == 0
    pair.session.send(pair.asking())
    await pair.requests()
    pair.server.ping(b"12345678")
    await pair.turn()
    assert pair.heard_times >= 1
    assert pair.told == []


async def test_a_turn_is_one_write() -> None:
    pair = Pair()
    await pair.turn()
    for _ in range(20):
        pair.session.send(pair.asking())
    assert not pair.line.written
    await asyncio.sleep(0)
    assert pair.line.written
    assert len(await pair.requests()) == 20


@pytest.mark.parametrize(
    ("status", "kind", "what"),
    [
        ("404", "text/html", "has no DNS there (HTTP status 404 for /dns-query)"),
        ("302", "text/html", "wants us to ask elsewhere (HTTP status 302 for /dns-query)"),
        ("999", "text/html", "gave no answer (HTTP status 999 for /dns-query)"),
        (
            "200",
            "text/html; charset=utf-8",
            "gave no DNS message for /dns-query, but text/html; charset=utf-8; "
            "is it a portal or a web page?",
        ),
    ],
)
async def test_what_is_no_answer_is_told_in_words(status: str, kind: str, what: str) -> None:
    pair = Pair()
    asking, other = pair.asking(), pair.asking()
    pair.session.send(asking)
    pair.session.send(other)
    one, two = await pair.requests()
    pair.answer(one, b"<html>", [(":status", status), ("content-type", kind)])
    pair.answer(two, b"fine", [(":status", "200"), ("content-type", "APPLICATION/dns-message;x=y")])
    await pair.turn()
    assert pair.told == [("refused", asking, what, False), ("answered", other, b"fine")]


async def test_informational_responses_are_passed_over() -> None:
    pair = Pair()
    asking = pair.asking()
    pair.session.send(asking)
    (stream,) = await pair.requests()
    pair.server.send_headers(stream, [(":status", "103")])
    pair.answer(stream, b"fine")
    await pair.turn()
    assert pair.told == [("answered", asking, b"fine")]


async def test_an_answer_without_end_is_given_up() -> None:
    pair = Pair()
    asking = pair.asking()
    pair.session.send(asking)
    (stream,) = await pair.requests()
    pair.server.send_headers(stream, OK)
    for _ in range(5):
        pair.server.send_data(stream, bytes(16384))
        await pair.turn()
        if pair.told:
            break
    assert pair.told == [("refused", asking, "gave an answer of more than 65535 bytes", False)]
    assert pair.resets() == [(stream, ErrorCodes.CANCEL)]


async def test_much_more_than_the_windows_can_be_received() -> None:
    pair = Pair()
    for _ in range(60):
        pair.session.send(pair.asking())
        (stream,) = await pair.requests()
        pair.server.send_headers(stream, OK)
        for part in range(4):
            assert pair.server.local_flow_control_window(stream) >= 16000
            pair.server.send_data(stream, bytes(16000), end_stream=part == 3)
            await pair.turn()
    assert [kind for kind, *_ in pair.told] == ["answered"] * 60


async def test_a_small_window_is_kept_to() -> None:
    pair = Pair()
    await pair.turn()
    pair.server.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 10})
    await pair.turn()
    asking = pair.asking()
    pair.session.send(asking)
    assert await pair.requests() == []
    assert pair.session.room == http2.MOST_STREAMS - 1
    pair.session.send(pair.asking())
    await pair.turn()
    pair.server.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 20})
    await pair.turn()
    pair.server.increment_flow_control_window(1000, 1)
    pair.server.increment_flow_control_window(1000, 3)
    assert await pair.requests() == [1, 3]


async def test_a_response_before_the_whole_query_ends_the_stream() -> None:
    pair = Pair()
    await pair.turn()
    pair.server.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})
    await pair.turn()
    asking = pair.asking()
    pair.session.send(asking)
    await pair.turn()
    pair.answer(1, b"quick")
    await pair.turn()
    assert pair.told == [("answered", asking, b"quick")]
    assert pair.resets() == [(1, ErrorCodes.CANCEL)]
    assert pair.session.room == http2.MOST_STREAMS


async def test_there_is_as_much_room_as_the_server_says() -> None:
    pair = Pair()
    await pair.turn()
    pair.server.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 2})
    await pair.turn()
    pair.session.send(pair.asking())
    pair.session.send(pair.asking())
    assert pair.session.room == 0
    one, _ = await pair.requests()
    assert pair.told == []
    pair.answer(one, b"x")
    await pair.turn()
    assert pair.session.room == 1
    assert [kind for kind, *_ in pair.told] == ["answered", "has_room"]


class Noting(Pair):
    """Takes note of how much room there is when an answer is told."""

    def __init__(self) -> None:
        super().__init__()
        self.rooms: list[int] = []

    def answered(self, asking: Asking, wire: bytes) -> None:
        self.rooms.append(self.session.room)
        super().answered(asking, wire)


async def test_room_is_what_is_left_when_all_that_came_is_read() -> None:
    pair = Noting()
    for _ in range(2):
        pair.session.send(pair.asking())
    one, _ = await pair.requests()
    pair.answer(one, b"x")
    pair.server.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 1})
    await pair.turn()
    assert pair.rooms == [0]


async def test_there_is_never_more_room_than_ours() -> None:
    pair = Pair()
    await pair.turn()
    pair.server.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 100_000})
    await pair.turn()
    while pair.session.room:
        pair.session.send(pair.asking())
    assert len(await pair.requests()) == http2.MOST_STREAMS


async def test_a_cancelled_question_is_reset_and_makes_room() -> None:
    pair = Pair()
    await pair.turn()
    pair.server.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 1})
    await pair.turn()
    asking = pair.asking()
    pair.session.send(asking)
    (stream,) = await pair.requests()
    pair.session.cancel(asking)
    pair.session.cancel(asking)
    assert pair.session.room == 1
    await pair.turn()
    assert pair.resets() == [(stream, ErrorCodes.CANCEL)]
    assert pair.told == [("has_room",)]
    other = pair.asking()
    pair.session.send(other)
    pair.session.cancel(asking)
    (second,) = await pair.requests()
    pair.answer(second, b"fine")
    await pair.turn()
    assert pair.told[1] == ("answered", other, b"fine")


@pytest.mark.parametrize(
    ("code", "retry", "word"),
    [
        (ErrorCodes.REFUSED_STREAM, True, "REFUSED_STREAM"),
        (ErrorCodes.INTERNAL_ERROR, False, "INTERNAL_ERROR"),
        (77, False, "code 77"),
    ],
)
async def test_a_stream_that_is_reset_is_asked_again_where_it_was_not_worked_on(
    code: int, retry: bool, word: str
) -> None:
    pair = Pair()
    asking = pair.asking()
    pair.session.send(asking)
    (stream,) = await pair.requests()
    pair.server.reset_stream(stream, code)
    await pair.turn()
    assert pair.told == [("refused", asking, f"gave up the question ({word})", retry)]
    assert pair.session.room == http2.MOST_STREAMS


def goaway(last_stream: int, code: int = 0) -> bytes:
    """A frame as h2 would not send it: h2 says nothing afterwards."""
    return struct.pack(">I", 8 << 8 | 7)[:3] + b"\7\0" + struct.pack(">III", 0, last_stream, code)


async def test_what_a_server_has_begun_it_finishes_after_goaway() -> None:
    pair = Pair()
    first, second = pair.asking(), pair.asking()
    pair.session.send(first)
    pair.session.send(second)
    one, two = await pair.requests()
    what = "takes no more questions on this connection"
    pair.session.data_received(goaway(2**31 - 1))
    assert pair.told == []
    assert pair.session.room == 0
    pair.session.data_received(goaway(one))
    assert pair.told == [("refused", second, what, True)]
    pair.answer(one, b"fine")
    pair.server.reset_stream(two)
    await pair.turn()
    assert pair.told[1:] == [("answered", first, b"fine"), ("ended", what)]
    assert pair.line.is_aborted


async def test_why_a_server_says_goaway_is_told() -> None:
    pair = Pair()
    pair.session.send(pair.asking())
    await pair.requests()
    pair.session.data_received(goaway(1, ErrorCodes.ENHANCE_YOUR_CALM))
    pair.session.connection_lost(None)
    what = "takes no more questions on this connection (ENHANCE_YOUR_CALM)"
    assert pair.told == [("ended", what)]


async def test_when_stream_ids_run_out_there_is_no_room_ever_again() -> None:
    pair = Pair()
    await pair.turn()
    pair.session._next_stream = 2**31 - 1  # sixty years later, at one question a second
    asking = pair.asking()
    pair.session.send(asking)
    assert pair.session.room == 0
    (stream,) = await pair.requests()
    assert stream == 2**31 - 1
    pair.answer(stream, b"last")
    await pair.turn()
    what = "takes no more questions on this connection"
    assert pair.told == [("answered", asking, b"last"), ("ended", what)]


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (None, "closed the connection"),
        (ConnectionResetError(), "reset the connection"),
        (OSError(113, "No route to host"), "broke the connection (No route to host)"),
        (ValueError(), "broke the connection (ValueError)"),
    ],
)
async def test_the_end_is_told_once(error: Exception | None, what: str) -> None:
    pair = Pair()
    pair.session.send(pair.asking())
    await pair.requests()
    pair.session.connection_lost(error)
    pair.session.connection_lost(None)
    assert pair.told == [("ended", what)]
    assert pair.session.room == 0


async def test_who_closes_is_told_nothing() -> None:
    pair = Pair()
    asking = pair.asking()
    pair.session.send(asking)
    pair.session.close()
    pair.session.cancel(asking)
    pair.session.data_received(b"\0" * 99)
    pair.session.connection_lost(None)
    await pair.turn()
    assert pair.told == []
    assert pair.line.is_aborted


async def test_a_server_that_reads_nothing_is_given_up() -> None:
    pair = Pair()
    assert 0 < pair.line.most <= 1 << 17
    pair.session.pause_writing()
    assert pair.told == [("ended", "does not read what it is sent")]
    assert pair.line.is_aborted


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "sent an HTTP/2 frame of 4740180 bytes"),
        (b"\0\0\1\0\0\0\0\0\0x", "broke the rules of HTTP/2"),
        (b"\0\0\1\7\0\0\0\0\0x", "sent a GOAWAY frame that is too short"),
    ],
)
async def test_who_speaks_no_http2_is_given_up(data: bytes, what: str) -> None:
    pair = Pair()
    pair.session.send(pair.asking())
    await pair.requests()
    pair.session.data_received(data)
    ((kind, said),) = pair.told
    assert kind == "ended"
    assert said.startswith(what)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        (UpstreamUrl("https", "dns.example.org", 443), "dns.example.org"),
        (UpstreamUrl("https", "dns.example.org", 8443), "dns.example.org:8443"),
        (UpstreamUrl("https", "192.0.2.1", 443, server_name="dns.example.org"), "dns.example.org"),
        (UpstreamUrl("https", "2001:db8::1", 443), "[2001:db8::1]"),
        (UpstreamUrl("https", "fe80::1%eth0", 8443), "[fe80::1]:8443"),
    ],
)
def test_requests_name_the_server(url: UpstreamUrl, authority: str) -> None:
    assert http2.authority_of(url) == authority
