"""No bytes of a peer make HTTP/2 raise anything but HttpError, or a session of it at all, and what
is kept of them is bounded."""

from __future__ import annotations

import asyncio

from h2.config import H2Configuration
from h2.connection import H2Connection
from hpack import Encoder
from http2_pair import Pair
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.dns.http.connection import MAX_FRAME, Http2Connection, HttpError
from sinkhole.dns.upstream.links.session import Asking

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STREAMS = st.sampled_from([0, 1, 2, 3, 5, 7, 2**31 - 1])


def frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    head = len(body).to_bytes(3, "big") + bytes((kind, flags))
    return head + stream.to_bytes(4, "big") + body


def block(*headers: tuple[str, str]) -> bytes:
    """A header block that can be read, by HPACK's own encoder."""
    return Encoder().encode(headers)


BLOCKS = st.sampled_from(
    [
        block((":status", "200"), ("content-type", "application/dns-message")),
        block((":status", "103")),
        block((":status", "404"), ("content-length", "x")),
        block(("content-type", "application/dns-message")),
        block((":status", "200"), (":status", "500"), ("Upper", "case"), ("content-length", "5")),
        block(
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", "a"),
            (":path", "/dns-query"),
            ("content-length", "9"),
        ),
        b"\x3f\xe1\xff\xff\xff\x0f",
        b"",
    ]
)
BODIES = st.one_of(
    st.binary(max_size=40), BLOCKS, st.sampled_from([bytes(4), b"\0\0\0\1", bytes(8)])
)
FRAMES = st.builds(
    frame, st.integers(0, 12), st.sampled_from([0, 1, 4, 5, 8, 13, 32, 37, 255]), STREAMS, BODIES
)
SETTINGS = st.builds(
    lambda key, value: frame(4, 0, 0, key.to_bytes(2, "big") + value.to_bytes(4, "big")),
    st.integers(0, 9),
    st.sampled_from([0, 1, 2, 100, 4096, 16384, 65535, 2**24, 2**31 - 1, 2**31, 2**32 - 1]),
)
SENT = st.lists(st.one_of(FRAMES, SETTINGS, st.binary(max_size=30)), max_size=12)


@settings(max_examples=1500, deadline=None)
@given(st.booleans(), st.booleans(), SENT)
def test_any_bytes_are_events_or_an_http_error(
    client_side: bool, with_preface: bool, sent: list[bytes]
) -> None:
    http = Http2Connection(client_side=client_side, most_streams=10)
    http.initiate_connection()
    for data in [PREFACE, *sent] if with_preface and not client_side else sent:
        try:
            http.receive(data)
        except HttpError as error:
            assert str(error).isprintable()
            break
        assert len(http._partial) <= MAX_FRAME + len(PREFACE) + 9
    assert len(http.data_to_send()) <= 100 + 40 * len(sent)


class Eager(Pair):
    """A link that has a question for every place that becomes free."""

    def answered(self, asking: Asking, wire: bytes) -> None:
        super().answered(asking, wire)
        if self.session.room:
            self.session.send(self.asking())

    def refused(self, asking: Asking, what: str, *, retry: bool) -> None:
        super().refused(asking, what, retry=retry)
        if self.session.room:
            self.session.send(self.asking())


@settings(max_examples=1500, deadline=None)
@given(SENT, st.integers(0, 4), st.booleans())
def test_a_session_survives_any_bytes(sent: list[bytes], asked: int, at_once: bool) -> None:
    sent = [b"".join(sent)] if at_once else sent

    async def run() -> None:
        pair = Eager()
        askings = [pair.asking() for _ in range(asked)]
        for asking in askings:
            pair.session.send(asking)
        await asyncio.sleep(0)
        for data in sent:
            pair.session.data_received(data)
            await asyncio.sleep(0)
            if pair.session.room:
                askings.append(pair.asking())
                pair.session.send(askings[-1])
        told = [each[1] for each in pair.told if each[0] in ("answered", "refused")]
        assert len(told) == len(set(map(id, told)))
        assert [each[0] for each in pair.told].count("ended") <= 1
        for asking in askings:
            pair.session.cancel(asking)
        await asyncio.sleep(0)

    asyncio.run(run())


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=3000), st.integers(1, 4)), max_size=6), st.data())
def test_frames_mean_the_same_however_they_are_cut(
    bodies: list[tuple[bytes, int]], data: st.DataObject
) -> None:
    """The plain h2, fed at once, says what Http2Connection says of the same bytes in pieces."""
    client = H2Connection(H2Configuration(client_side=True))
    client.initiate_connection()
    head = [(":method", "POST"), (":scheme", "https"), (":authority", "a"), (":path", "/")]
    for at, (body, pieces) in enumerate(bodies):
        client.send_headers(2 * at + 1, head)
        for _ in range(pieces):
            client.send_data(2 * at + 1, body)
        client.end_stream(2 * at + 1)
    sent = client.data_to_send()
    plain = H2Connection(H2Configuration(client_side=False))
    expected = [repr(each) for each in plain.receive_data(sent)]
    http = Http2Connection(client_side=False, most_streams=100)
    got = []
    while sent:
        size = data.draw(st.integers(1, len(sent)))
        got += [repr(each) for each in http.receive(sent[:size])]
        sent = sent[size:]
    assert got == expected
