"""One HTTP/2 connection without I/O; any bytes are tried by test_http2_survives.py."""

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import RequestReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes

from sinkhole.dns.http.connection import (
    MAX_FRAME,
    MAX_HEADERS,
    Goaway,
    Http2Connection,
    HttpError,
    code_text,
)

HEAD = [(":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "/dns-query")]


def client() -> H2Connection:
    http = H2Connection(H2Configuration(client_side=True))
    http.initiate_connection()
    return http


def server() -> Http2Connection:
    http = Http2Connection(client_side=False, most_streams=10)
    http.initiate_connection()
    return http


def test_what_is_offered_is_bounded() -> None:
    other = client()
    other.receive_data(server().data_to_send())
    assert other.remote_settings.max_concurrent_streams == 10
    assert other.remote_settings.max_frame_size == MAX_FRAME
    assert other.remote_settings[SettingCodes.MAX_HEADER_LIST_SIZE] == MAX_HEADERS


def test_streams_go_on_behind_goaway() -> None:
    ours, theirs = server(), client()
    theirs.send_headers(1, HEAD)
    before = theirs.data_to_send()
    theirs.end_stream(1)
    end = theirs.data_to_send()
    theirs.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
    events = ours.receive(before + theirs.data_to_send() + end)
    assert Goaway(0, ErrorCodes.ENHANCE_YOUR_CALM) in events
    assert any(isinstance(event, RequestReceived) for event in events)
    assert any(isinstance(event, StreamEnded) for event in events)
    ours.send_headers(1, [(b":status", b"200")], end_stream=True)


def test_the_preface_may_come_in_pieces_and_must_be_right() -> None:
    ours, sent = server(), client().data_to_send()
    for at in range(len(sent)):
        ours.receive(sent[at : at + 1])
    assert ours.remote_settings.enable_push
    with pytest.raises(HttpError, match="preface"):
        server().receive(b"GET / HTTP/1.1\r\n")
    with pytest.raises(HttpError, match="preface"):
        server().receive(b"P\0")


def test_a_frame_beyond_the_bound_is_refused_before_it_came() -> None:
    with pytest.raises(HttpError, match="frame of 16385 bytes"):
        server().receive(client().data_to_send() + b"\x00\x40\x01\x00\x00\x00\x00\x00\x01")


def test_headers_beyond_the_bound_are_refused() -> None:
    theirs = client()
    theirs.send_headers(1, [*HEAD, ("x", "y" * MAX_HEADERS)])
    with pytest.raises(HttpError, match="broke the rules of HTTP/2"):
        server().receive(theirs.data_to_send())


def test_headers_without_end_are_refused() -> None:
    theirs = client()
    theirs.send_headers(1, HEAD)
    frames = bytearray(theirs.data_to_send())
    frames[frames.index(b"\1\4\0\0\0\1") + 1] = 0  # not the end of the headers any more
    ours = server()
    ours.receive(bytes(frames))
    with pytest.raises(HttpError, match="broke the rules of HTTP/2"):
        for _ in range(100):
            ours.receive(b"\0\0\0\x09\0\0\0\0\1")


def test_a_stream_is_given_up_unless_it_has_ended() -> None:
    ours, theirs = server(), client()
    theirs.send_headers(1, HEAD)
    ours.receive(theirs.data_to_send())
    assert not ours.has_ended(1)
    ours.give_up(1)
    ours.give_up(1)
    ours.give_up(5)
    events = theirs.receive_data(ours.data_to_send())
    assert [each.stream_id for each in events if isinstance(each, StreamReset)] == [1]
    assert ours.has_ended(1)


def test_codes_have_names() -> None:
    assert code_text(11) == "ENHANCE_YOUR_CALM"
    assert code_text(99) == "code 99"
